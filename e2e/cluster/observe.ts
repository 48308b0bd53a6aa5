import * as assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { requireEnvironment, requirePinned } from '../../generators/pins/index.ts'
import { loadRepository, resolvePlan } from '../../generators/repository/index.ts'
import type { CommandResult, ExampleClone } from '../../generators/testing/example-repository.ts'
import { objectsOf, watchedProduction } from '../prometheus/plans.ts'
import { startPod, stopAll } from '../prometheus/pods.ts'
import { startPrometheus } from '../prometheus/prometheus.ts'
import type { ArgoCd } from './argo-cd.ts'
import { check, skip } from './checks.ts'
import type { Programs } from './control-plane.ts'
import type { Fleet } from './fleet.ts'
import type { Kubectl } from './kubectl.ts'

const MODEL = 'house-price'
const PROMOTED = 'breast-biopsy'

type Step = { step: string; result: string; detail: string }

/** What `status`, `verify` and `doctor` say of an Argo CD that has synced the example repository, by kubectl and by its API. */
export async function checkObserved(
  kubectl: Kubectl,
  argoCd: ArgoCd,
  example: ExampleClone,
  fleet: Fleet,
  { programs, folder }: { programs: Programs; folder: string },
): Promise<void> {
  // Under its own name on the PATH, as a person has it.
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  if (!existsSync(join(bin, 'kubectl'))) symlinkSync(programs.path('kubectl'), join(bin, 'kubectl'))
  const person = { KUBECONFIG: kubectl.kubeconfig, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }
  const modelyard = (args: string[], env: Record<string, string> = person) => example.modelyard(args, env)
  const verify = async (model: string, more: string[] = [], env?: Record<string, string>) => {
    const args = ['verify', model, '--env', 'production', '--json', ...more]
    const { code, stdout, stderr } = await modelyard(args, env)
    if (stdout === '') throw new Error(stderr)
    const { steps } = JSON.parse(stdout) as { steps: Step[] }
    const of = (step: string) => steps.find((one) => one.step === step) ?? { step, result: 'absent', detail: '' }
    return { code, of }
  }

  await check('status by kubectl says of every model what its Application says', async () => {
    await example.git.git(['pull', '--quiet', '--ff-only', 'origin', 'main'])
    assertStates(await modelyard(['status', '--json']), argoCd)
    const { stdout } = await modelyard(['status', '--env', 'staging'])
    assert.match(stdout, /staging +house-price +1\.1\.0 +Synced +unknown/)
  })

  if (!programs.has('prometheus')) skip('what pods have loaded needs prometheus, get it by: apt-get install prometheus')
  await check(
    'verify --wait follows a promotion: not merged, merged, synced, loaded, golden samples answered',
    async () => {
      const before = await git(example, 'rev-parse', 'HEAD')
      await fleet.modelyard('promote', PROMOTED, '--from', 'staging', '--to', 'production', '--no-memory')
      await git(example, 'fetch', '--quiet', 'origin')
      await git(example, 'merge', '--quiet', '--ff-only', `origin/promote/${PROMOTED}/production`)
      const early = await verify(PROMOTED)
      assert.deepEqual([early.of('merged').result, early.of('synced').result], ['waiting', 'waiting'])
      assert.match(early.of('synced').detail, new RegExp(`Healthy at ${before.slice(0, 7)}, which names 1\\.0\\.0-`))
      try {
        // The pods of the cluster are simulated: one of this machine stands for them.
        const [service, prometheus] = await podOf(example, programs, folder)
        const waiting = verify(PROMOTED, ['--wait', '3m', '--address', service, '--prometheus', prometheus])
        const commit = await fleet.push('Nothing else')
        argoCd.refresh()
        const { code, of } = await waiting
        const steps = ['merged', 'synced', 'loaded', 'golden samples'].map(of)
        const [loaded, exit] = programs.has('prometheus') ? ['pass', 0] : ['unknown', 2]
        assert.deepEqual(
          [code, ...steps.map(({ result }) => result)],
          [exit, 'pass', 'pass', loaded, 'pass'],
          JSON.stringify(steps),
        )
        assert.match(of('synced').detail, new RegExp(`^Synced, Healthy at ${commit.slice(0, 7)}`))
      } finally {
        await stopAll()
      }
    },
  )

  await check('without a cluster or kubectl Argo CD is unknown, and nothing passes', async () => {
    const without = join(folder, 'bin-without')
    mkdirSync(without, { recursive: true })
    const gitProgram =
      (process.env['PATH'] ?? '')
        .split(delimiter)
        .map((path) => join(path, 'git'))
        .find(existsSync) ?? ''
    if (!existsSync(join(without, 'git'))) symlinkSync(gitProgram, join(without, 'git'))
    for (const [env, reason] of [
      [{ ...person, KUBECONFIG: '/dev/null' }, /^kubectl: /],
      [{ ...person, PATH: without }, /no kubectl here/],
    ] as const) {
      const { code, of } = await verify(MODEL, [], env)
      assert.equal(of('synced').result, 'unknown')
      assert.match(of('synced').detail, reason)
      assert.notEqual(code, 0)
    }
  })

  await check(
    "status by Argo CD's API says the same, with a token; without one or with a wrong one it is unknown",
    async () => {
      const { address, token } = await argoCd.startApi()
      example.edit('environments/shared.ts', 'export const argocd = {', `export const argocd = { server: '${address}',`)
      const away = { KUBECONFIG: '/dev/null' }
      const unnamed = await verify(MODEL, [], { ...away, ARGOCD_AUTH_TOKEN: token })
      assert.match(unnamed.of('synced').detail, /^ARGOCD_AUTH_TOKEN was not sent: /)
      // The token goes to servers that the base branch names.
      await git(example, 'commit', '--quiet', '--all', '--message', 'Name the Argo CD server')
      await git(example, 'push', '--quiet', 'origin', 'HEAD:main')
      assertStates(await modelyard(['status', '--json'], { ...away, ARGOCD_AUTH_TOKEN: token }), argoCd)
      const unknown = async (env: Record<string, string>) => (await verify(MODEL, [], { ...away, ...env })).of('synced')
      assert.deepEqual(await unknown({}), { step: 'synced', result: 'unknown', detail: 'ARGOCD_AUTH_TOKEN is not set' })
      assert.match((await unknown({ ARGOCD_AUTH_TOKEN: `${token}x` })).detail, /^Argo CD answered 401/)
      const { stdout } = await modelyard(['doctor'], { ...away, ARGOCD_AUTH_TOKEN: token })
      assert.match(stdout, /^ok +Argo CD of production +\d+ Applications seen/m)
      await git(example, 'revert', '--no-edit', 'HEAD')
      await git(example, 'push', '--quiet', 'origin', 'HEAD:main')
    },
  )
}

/** Addresses of the server that serves the promoted version, and of a Prometheus that scrapes it. */
async function podOf(example: ExampleClone, programs: Programs, folder: string): Promise<[string, string]> {
  const repository = await loadRepository(example.root)
  const model = requirePinned(requireEnvironment(resolvePlan(repository), 'production'), PROMOTED)
  appendFileSync(join(example.root, '.git/info/exclude'), 'pods\n')
  const pod = await startPod(repository, model, 1)
  const service = `http://127.0.0.1:${pod.port}`
  if (!programs.has('prometheus')) return [service, 'http://127.0.0.1:9']
  const scratch = join(folder, 'scraped')
  mkdirSync(scratch, { recursive: true })
  const objects = objectsOf(watchedProduction(repository, 'http://127.0.0.1:9'))
  return [service, (await startPrometheus(scratch, objects, [pod])).address]
}

const git = async ({ git }: ExampleClone, ...args: string[]) => (await git.git(args)).trim()

/** Each row beside the Application of its folder, which the cluster itself tells of. */
function assertStates({ stdout, stderr }: CommandResult, argoCd: ArgoCd): void {
  const rows = JSON.parse(stdout || `"${stderr}"`) as { model: string; environment: string; argo: { value?: object } }[]
  const states = new Map(
    argoCd.applications().map(({ spec, status }) => {
      const { path } = spec?.['source'] as { path: string }
      const { sync, health } = status as { sync: { status: string; revision: string }; health: { status: string } }
      return [path, { sync: sync.status, health: health.status, revision: sync.revision }]
    }),
  )
  assert.ok(rows.length >= 11, `${rows.length} rows`)
  for (const { model, environment, argo } of rows) {
    assert.deepEqual(argo.value, states.get(`dist/${environment}/models/${model}`), `${environment} ${model}`)
  }
}
