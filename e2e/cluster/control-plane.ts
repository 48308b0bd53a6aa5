import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Kubectl } from './kubectl.ts'
import { freePorts, start, until } from './processes.ts'

const HOST = '127.0.0.1'
const NODES = ['node-a', 'node-b', 'node-c']
/** Where Argo CD lives, as the bootstrap objects of every environment assume. */
const ARGO_CD_NAMESPACE = 'argocd'

export interface Programs {
  /** Absolute path of a program; throws when this machine has none. */
  path(name: string): string
  has(name: string): boolean
  /** Folder of files that the programs are run with. */
  share: string
}

/**
 * A control plane of plain processes on loopback, and its simulated nodes. Everything that it writes is below `folder`. An API server
 * is the least; what else there is no program for is left out.
 */
export async function startControlPlane(folder: string, programs: Programs): Promise<Kubectl> {
  const [etcd = 0, peers = 0, api = 0, controllers = 0, scheduler = 0, nodes = 0, metrics = 0] = await freePorts(7)
  const kubeconfig = join(folder, 'kubeconfig')
  const token = randomBytes(24).toString('base64url')
  const key = serviceAccountKey(folder)
  const certificates = join(folder, 'certificates')
  const certificate = join(certificates, 'apiserver.crt')
  writeFileSync(join(folder, 'tokens.csv'), `${token},modelyard,modelyard,system:masters\n`, { mode: 0o600 })

  start(folder, 'etcd', programs.path('etcd'), [
    ...[`--data-dir=${join(folder, 'etcd')}`, '--unsafe-no-fsync', '--log-level=error'],
    ...[`--listen-client-urls=http://${HOST}:${etcd}`, `--advertise-client-urls=http://${HOST}:${etcd}`],
    ...[`--listen-peer-urls=http://${HOST}:${peers}`, `--initial-advertise-peer-urls=http://${HOST}:${peers}`],
    `--initial-cluster=default=http://${HOST}:${peers}`,
  ])
  const server = start(folder, 'kube-apiserver', programs.path('kube-apiserver'), [
    ...[`--etcd-servers=http://${HOST}:${etcd}`, `--bind-address=${HOST}`, `--secure-port=${api}`],
    ...[`--cert-dir=${certificates}`, `--token-auth-file=${join(folder, 'tokens.csv')}`, '--authorization-mode=RBAC'],
    ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${key}`],
    ...[`--service-account-signing-key-file=${key}`, '--service-cluster-ip-range=10.96.0.0/16', '--allow-privileged'],
    // A Service that names a host: how the metrics API is reached outside of the cluster's network.
    '--enable-aggregator-routing=false',
  ])
  await until('the API server has a certificate', () => existsSync(certificate), { seconds: 60, process: server })
  writeFileSync(kubeconfig, kubeconfigFor({ server: `https://${HOST}:${api}`, certificate, token }), { mode: 0o600 })
  const kubectl = new Kubectl(programs.path('kubectl'), kubeconfig)
  await until('the API server is ready', () => kubectl.succeeds('get', '--raw', '/readyz'), {
    seconds: 120,
    process: server,
  })

  const flagsFor = (port: number) => [
    ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((flag) => `--${flag}=${kubeconfig}`),
    ...[
      `--bind-address=${HOST}`,
      `--secure-port=${port}`,
      `--cert-dir=${certificates}`,
      '--authentication-skip-lookup',
    ],
  ]
  const startIfThere = (name: string, args: string[]) => {
    if (programs.has(name)) start(folder, name, programs.path(name), args)
    return programs.has(name)
  }
  startIfThere('kube-controller-manager', [
    ...[...flagsFor(controllers), '--leader-elect=false', `--service-account-private-key-file=${key}`],
    // A machine that is busy with other things does not make nodes unreachable.
    ...[`--root-ca-file=${certificate}`, '--node-monitor-grace-period=10m'],
    // An autoscaler that a test need not wait minutes for.
    '--horizontal-pod-autoscaler-sync-period=2s',
    ...[
      '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
      '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
    ],
  ])
  startIfThere('kube-scheduler', [...flagsFor(scheduler), '--leader-elect=false'])
  const behaviour = join(programs.share, 'kwok')
  const simulated = existsSync(behaviour)
    ? readdirSync(behaviour).map((file) => `--config=${join(behaviour, file)}`)
    : []
  const hasNodes = startIfThere('kwok', [
    ...[`--kubeconfig=${kubeconfig}`, '--manage-all-nodes', `--node-ip=${HOST}`, `--node-port=${nodes}`],
    ...[`--server-address=${HOST}:${nodes}`, '--node-lease-duration-seconds=40'],
    ...simulated,
  ])
  const hasMetrics = startIfThere('metrics-server', [
    ...flagsFor(metrics),
    ...[
      '--metric-resolution=10s',
      '--kubelet-request-timeout=5s',
      '--kubelet-use-node-status-port',
      '--deprecated-kubelet-completely-insecure',
    ],
    '--authorization-always-allow-paths=/livez,/readyz,/apis/*,/openapi/*',
  ])
  if (hasMetrics) kubectl.apply(metricsApi(metrics))
  kubectl.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGO_CD_NAMESPACE } })
  if (hasNodes) {
    for (const name of NODES) kubectl.apply(node(name))
    kubectl.run('wait', 'nodes', '--all', '--for=condition=Ready', '--timeout=60s')
  }
  return kubectl
}

/** What the kitchen sink takes for granted in its cluster: a volume that every pod may mount. */
export function provideVolume(kubectl: Kubectl, storageClassName: string): void {
  const storage = 'storage.k8s.io/v1'
  const provisioner = 'kubernetes.io/no-provisioner'
  kubectl.apply({ apiVersion: storage, kind: 'StorageClass', metadata: { name: storageClassName }, provisioner })
  kubectl.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: storageClassName },
    spec: {
      ...{ storageClassName, capacity: { storage: '1Ti' }, accessModes: ['ReadWriteMany', 'ReadOnlyMany'] },
      nfs: { server: '127.0.0.1', path: '/' },
    },
  })
}

/** CustomResourceDefinitions of every project whose kinds we generate. */
export function installCustomResources(kubectl: Kubectl, programs: Programs): void {
  const definitions = join(programs.share, 'custom-resources')
  if (!existsSync(definitions))
    throw new Error('the CustomResourceDefinitions need go, get it by: apt-get install golang')
  kubectl.run('apply', '--server-side', '-f', definitions)
  kubectl.run('wait', 'crd', '--all', '--for=condition=Established', '--timeout=60s')
}

function serviceAccountKey(folder: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = join(folder, 'service-account.key')
  writeFileSync(file, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  return file
}

function kubeconfigFor({ server, certificate, token }: { server: string; certificate: string; token: string }): string {
  const name = 'modelyard'
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority': certificate } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  })
}

function node(name: string): object {
  const resources = { cpu: '64', memory: '512Gi', pods: '500', 'nvidia.com/gpu': '8', 'ephemeral-storage': '1Ti' }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'metrics.k8s.io/resource-metrics-path': `/metrics/nodes/${name}/metrics/resource` },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': `zone-${name.at(-1)}`,
      },
    },
    status: {
      allocatable: resources,
      capacity: resources,
      // Without both of them kwok removes and adds them by turns.
      addresses: [
        { type: 'InternalIP', address: HOST },
        { type: 'Hostname', address: 'localhost' },
      ],
    },
  }
}

function metricsApi(port: number): object {
  const [group, version] = ['metrics.k8s.io', 'v1beta1']
  const where = { name: 'metrics-server', namespace: 'kube-system' }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: where,
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  }
  const api = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}` },
    spec: {
      ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100 },
      ...{ insecureSkipTLSVerify: true, service: { ...where, port } },
    },
  }
  // The aggregator has no certificate here that would tell who asks.
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'metrics-reader' } }
  const role = {
    ...rbac,
    kind: 'ClusterRole',
    rules: [{ apiGroups: [group], resources: ['*'], verbs: ['get', 'list'] }],
  }
  const binding = {
    ...rbac,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'metrics-reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
  }
  return { apiVersion: 'v1', kind: 'List', items: [role, binding, service, api] }
}
