import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Programs } from './control-plane.ts'
import type { Kubectl, KubernetesObject } from './kubectl.ts'
import { freePorts, start, until } from './processes.ts'

const HOST = '127.0.0.1'
const NAMESPACE = 'argocd'

/** An Argo CD without its user interface: redis, repo server and application controller, with the settings it is released with. */
export interface ArgoCd {
  /** Starts its API server; gives the address, and the token of a person who logged in. */
  startApi(): Promise<{ address: string; token: string }>
  applications(): KubernetesObject[]
  /** What a webhook of a Git host does: look at the branch now. `hard` forgets what it rendered before, too. */
  refresh(how?: 'normal' | 'hard'): void
  /** Until every Application that a condition is about is Synced and Healthy at a commit; tells of those that are not. */
  settled(commit: string, seconds: number): Promise<void>
}

export async function startArgoCd(folder: string, programs: Programs, kubectl: Kubectl): Promise<ArgoCd> {
  const [redis = 0, repositories = 0, repositoryMetrics = 0, metrics = 0] = await freePorts(4)
  const scratch = join(folder, 'argo-cd')
  for (const name of ['', 'tls', 'ssh', 'gpg']) mkdirSync(join(scratch, name), { recursive: true })
  kubectl.run('apply', '--server-side', '-n', NAMESPACE, '-f', join(programs.share, 'argo-cd'))
  const secret = kubectl.get('secret', 'argocd-secret', NAMESPACE)
  if (!secret) throw new Error('Argo CD has no argocd-secret')
  const data = { 'server.secretkey': randomBytes(32).toString('base64') }
  kubectl.run('patch', 'secret', 'argocd-secret', '-n', NAMESPACE, '--type=merge', '-p', JSON.stringify({ data }))

  const environment = {
    KUBECONFIG: kubectl.kubeconfig,
    ARGOCD_FAKE_IN_CLUSTER: 'true',
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_TLS_DATA_PATH: join(scratch, 'tls'),
    ARGOCD_SSH_DATA_PATH: join(scratch, 'ssh'),
    ARGOCD_GNUPGHOME: join(scratch, 'gpg'),
    TMPDIR: scratch,
    // The repo server calls scripts of its own image.
    PATH: `${join(programs.share, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
  }
  const configuration = join(scratch, 'redis.conf')
  writeFileSync(configuration, `bind ${HOST}\nport ${redis}\nsave ""\ndir ${scratch}\n`)
  start(folder, 'redis', programs.path('redis-server'), [configuration])
  const repoServer = start(
    folder,
    'argocd-repo-server',
    programs.path('argocd'),
    [
      ...[
        '--address',
        HOST,
        '--port',
        `${repositories}`,
        '--metrics-address',
        HOST,
        '--metrics-port',
        `${repositoryMetrics}`,
      ],
      ...['--redis', `${HOST}:${redis}`, '--logformat', 'text', '--loglevel', 'warn'],
    ],
    { ...environment, ARGOCD_BINARY_NAME: 'argocd-repo-server' },
  )
  const controller = start(
    folder,
    'argocd-application-controller',
    programs.path('argocd'),
    [
      ...['--kubeconfig', kubectl.kubeconfig, '--namespace', NAMESPACE],
      ...['--repo-server', `${HOST}:${repositories}`, '--redis', `${HOST}:${redis}`],
      ...[
        '--metrics-port',
        `${metrics}`,
        '--logformat',
        'text',
        '--loglevel',
        'info',
        '--self-heal-timeout-seconds',
        '1',
      ],
    ],
    { ...environment, ARGOCD_BINARY_NAME: 'argocd-application-controller' },
  )
  for (const [process, port] of [
    [repoServer, repositoryMetrics],
    [controller, metrics],
  ] as const) {
    const answers = async () => (await fetch(`http://${HOST}:${port}/metrics`)).ok
    await until(`${process.name} answers`, answers, { seconds: 60, process })
  }

  const applications = () => kubectl.list('applications.argoproj.io', '-n', NAMESPACE)
  const refresh = (how = 'normal') => {
    const annotation = `argocd.argoproj.io/refresh=${how}`
    kubectl.run('annotate', 'applications.argoproj.io', '--all', '-n', NAMESPACE, '--overwrite', annotation)
  }
  return {
    async startApi() {
      const [port = 0, apiMetrics = 0] = await freePorts(2)
      const server = start(
        folder,
        'argocd-server',
        programs.path('argocd'),
        [
          ...['--address', HOST, '--port', `${port}`, '--metrics-address', HOST, '--metrics-port', `${apiMetrics}`],
          ...['--kubeconfig', kubectl.kubeconfig, '--namespace', NAMESPACE, '--insecure'],
          ...['--repo-server', `${HOST}:${repositories}`, '--redis', `${HOST}:${redis}`, '--loglevel', 'warn'],
        ],
        { ...environment, ARGOCD_BINARY_NAME: 'argocd-server' },
      )
      const address = `http://${HOST}:${port}`
      let token = ''
      const logIn = async () => {
        const { data } = kubectl.get('secret', 'argocd-initial-admin-secret', NAMESPACE) as {
          data?: { password: string }
        }
        const password = Buffer.from(data?.password ?? '', 'base64').toString()
        const body = JSON.stringify({ username: 'admin', password })
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${address}/api/v1/session`, { method: 'POST', headers, body })
        token = ((await answer.json()) as { token?: string }).token ?? ''
        return token !== ''
      }
      await until("Argo CD's API lets its administrator in", logIn, { seconds: 60, process: server })
      return { address, token }
    },
    applications,
    refresh,
    async settled(commit, seconds) {
      let unsettled = ['there is no Application']
      await until(
        `every Application is Synced and Healthy at ${commit.slice(0, 10)}`,
        () => {
          const found = applications()
          unsettled = found.filter((application) => !isSettled(application, commit)).map(describe)
          return found.length > 0 && unsettled.length === 0
        },
        { seconds, process: controller, explain: () => unsettled.join('\n') },
      )
    },
  }
}

interface ApplicationStatus {
  sync?: { status: string; revision?: string }
  health?: { status: string }
  conditions?: { type: string; message: string }[]
  operationState?: { phase: string; message?: string; syncResult?: { revision: string } }
  resources?: { kind: string; name: string; status?: string; health?: { status: string; message?: string } }[]
}

export function statusOf(application: KubernetesObject): ApplicationStatus {
  return (application.status ?? {}) as ApplicationStatus
}

function isSettled(application: KubernetesObject, commit: string): boolean {
  const { sync, health, operationState } = statusOf(application)
  return (
    sync?.status === 'Synced' &&
    sync.revision === commit &&
    health?.status === 'Healthy' &&
    operationState?.phase === 'Succeeded'
  )
}

function describe(application: KubernetesObject): string {
  const { sync, health, conditions = [], operationState, resources = [] } = statusOf(application)
  const bad = resources.filter((part) => part.status !== 'Synced' || (part.health && part.health.status !== 'Healthy'))
  return [
    `${application.metadata.name}: ${sync?.status} at ${sync?.revision?.slice(0, 10)}, ${health?.status}; last operation ${operationState?.phase}: ${operationState?.message}`,
    ...conditions.map(({ type, message }) => `  ${type}: ${message}`),
    ...bad.map(
      (part) =>
        `  ${part.kind} ${part.name}: ${part.status} ${part.health?.status ?? ''} ${part.health?.message ?? ''}`,
    ),
  ].join('\n')
}
