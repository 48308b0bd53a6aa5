import { k8s } from 'cdk8s-plus-28'
import { POD } from 'modelyard-serving/contract'
import type { ServerSwitches } from '../../definitions/index.ts'
import type { PlannedModel, PlannedVersion } from '../../repository/index.ts'
import { selectorLabels } from '../names.ts'
import { storeAccess } from './artifact-store.ts'
import { TERMINATION_GRACE_SECONDS } from './configuration.ts'
import { storeOf } from './credentials.ts'
import { imageVolumes } from './image-volumes.ts'
import { placement, spread } from './placement.ts'
import { predictionLogSecret } from './prediction-log.ts'
import { containerResources } from './resources.ts'
import { probePort, serverPorts, serverSecrets } from './server-settings.ts'
import type { Workload } from './workload.ts'

/** The image's user; above 10000, so that it is no user of the node. */
const USER = 65532
/** Bytes a second that a slow store may take: the start-up budget grows with the artifact. */
const SLOW_DOWNLOAD = 2 * 2 ** 20
const STARTUP_PERIOD_SECONDS = 2

/** What Pod Security's profile "restricted" asks of a pod ... */
export const RESTRICTED: k8s.PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
}

/** ... and of each of its containers. */
export const UNPRIVILEGED: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
}

export interface Mounts {
  serviceAccountName: string
  bootConfigMap: string
  routingConfigMap: string
}

/** A pod template of a workload as JSON, with what the typed form does not know. */
export function podTemplate(workload: Workload, mounts: Mounts, metadata: k8s.ObjectMeta): object {
  const spec = k8s.toJson_PodSpec(podSpec(workload, mounts)) as { containers: object[]; volumes: object[] }
  const seconds = workload.model.environment.server?.preStopSleepSeconds
  const lifecycle = seconds === undefined ? {} : { lifecycle: { preStop: { sleep: { seconds } } } }
  const containers = spec.containers.map((one) => ({ ...one, ...lifecycle }))
  return {
    metadata,
    spec: { ...spec, containers, volumes: [...spec.volumes, ...imageVolumes(workload.model).volumes] },
  }
}

function podSpec({ model, component }: Workload, mounts: Mounts): k8s.PodSpec {
  const { traffic, predictionLog } = model.environment
  return {
    ...placement(model),
    serviceAccountName: mounts.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS + (model.environment.server?.preStopSleepSeconds ?? 0),
    securityContext: RESTRICTED,
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      topologyKey,
      maxSkew: 1,
      whenUnsatisfiable: spread(model),
      labelSelector: { matchLabels: selectorLabels(model.name, component) },
      matchLabelKeys: [traffic?.engine === 'rollouts' ? 'rollouts-pod-template-hash' : 'pod-template-hash'],
    })),
    containers: [container(model)],
    volumes: [
      { name: 'boot', configMap: { name: mounts.bootConfigMap } },
      { name: 'routing', configMap: { name: mounts.routingConfigMap } },
      { name: 'cache', emptyDir: { sizeLimit: k8s.Quantity.fromString(cacheSize(model)) } },
      { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('64Mi') } },
      ...storeAccess(storeOf(model)).volumes,
      ...predictionLogSecret(predictionLog).volumes,
      ...serverSecrets(model.environment.server).volumes,
    ],
  }
}

function container(model: PlannedModel): k8s.Container {
  const { server, predictionLog } = model.environment
  const store = storeAccess(storeOf(model))
  return {
    name: 'server',
    image: model.stable.servingImage,
    imagePullPolicy: 'IfNotPresent',
    ports: serverPorts(server).map(({ name, port }) => ({ name, containerPort: port, protocol: 'TCP' })),
    ...store.container,
    resources: containerResources(model),
    securityContext: UNPRIVILEGED,
    startupProbe: {
      ...probe(POD.startupPath, server),
      periodSeconds: STARTUP_PERIOD_SECONDS,
      failureThreshold: Math.ceil(startupBudgetSeconds(model) / STARTUP_PERIOD_SECONDS),
    },
    readinessProbe: { ...probe(POD.readinessPath, server), periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...probe(POD.livenessPath, server), periodSeconds: 10, failureThreshold: 6 },
    volumeMounts: [
      { name: 'boot', mountPath: POD.bootDirectory, readOnly: true },
      { name: 'routing', mountPath: POD.routingDirectory, readOnly: true },
      { name: 'cache', mountPath: POD.cacheDirectory },
      { name: 'tmp', mountPath: POD.temporaryDirectory },
      ...store.mounts,
      ...imageVolumes(model).mounts,
      ...predictionLogSecret(predictionLog).mounts,
      ...serverSecrets(server).mounts,
    ],
  }
}

function probe(path: string, server: ServerSwitches | undefined): k8s.Probe {
  const port = probePort(server)
  return { httpGet: { path, port: k8s.IntOrString.fromString(port) }, timeoutSeconds: 2 }
}

/** Of the stable version alone: the server does not wait for a candidate. */
export function startupBudgetSeconds({ stable }: PlannedModel): number {
  return 60 + Math.ceil(artifactBytes(stable) / SLOW_DOWNLOAD)
}

/** Room for the stable version and the candidates that come and go beside it. */
function cacheSize({ stable, candidate }: PlannedModel): string {
  const largest = Math.max(artifactBytes(stable), candidate ? artifactBytes(candidate.version) : 0)
  return `${Math.max(1, Math.ceil((4 * largest) / 2 ** 30))}Gi`
}

function artifactBytes({ facts }: PlannedVersion): number {
  const { model, externalData = [] } = facts.bundle
  return [model, ...externalData].reduce((sum, file) => sum + file.size, 0)
}
