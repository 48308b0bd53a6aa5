import { ApiObject } from 'cdk8s'
import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import type { PlannedModel, PlannedVersion } from '../../plan/index.ts'
import { ANNOTATIONS, modelLabels, selectorLabels } from '../names.ts'
import { rolloutStrategy } from '../traffic/rollout.ts'
import { storeAccess } from './artifact-store.ts'
import { TERMINATION_GRACE_SECONDS } from './configuration.ts'
import { predictionLogSecret } from './prediction-log.ts'
import { podResources } from './resources.ts'
import type { Workload } from './workload.ts'

/** The image's user; above 10000, so that it is no user of the node. */
const USER = 65532
/** Bytes a second that a slow store may take: the start-up budget grows with the artifact. */
const SLOW_DOWNLOAD = 2 * 2 ** 20
const STARTUP_PERIOD_SECONDS = 2

export interface Mounts {
  serviceAccountName: string
  bootConfigMap: string
  routingConfigMap: string
}

/** The pods of one workload, as a Deployment or, where Argo Rollouts moves the traffic, a Rollout. Without `replicas` where an autoscaler owns them. */
export function deployment(scope: Construct, workload: Workload, mounts: Mounts): void {
  const { model, name, component, id, replicas } = workload
  const { settings, stable } = model
  const labels = {
    ...modelLabels(model.name, settings.owner, component),
    'app.kubernetes.io/version': stable.facts.version,
  }
  const annotations = {
    [ANNOTATIONS.artifact]: stable.facts.bundle.model.sha256,
    ...(stable.release !== undefined && { [ANNOTATIONS.release]: stable.release }),
  }
  const metadata = { name, labels, annotations }
  const common = {
    ...(replicas.min === replicas.max && { replicas: replicas.min }),
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorLabels(model.name, component) },
  }
  const template = { metadata: { labels, annotations }, spec: podSpec(workload, mounts) }
  const traffic = model.environment.traffic
  if (traffic?.engine === 'rollouts') {
    const spec = k8s.toJson_PodTemplateSpec(template)
    new ApiObject(scope, 'rollout', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata,
      spec: { ...common, strategy: rolloutStrategy(model, traffic), template: spec },
    })
    return
  }
  new k8s.KubeDeployment(scope, id('deployment'), {
    metadata,
    spec: {
      ...common,
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: {
          maxSurge: k8s.IntOrString.fromString('25%'),
          maxUnavailable: k8s.IntOrString.fromNumber(0),
        },
      },
      template,
    },
  })
}

function podSpec({ model, component }: Workload, mounts: Mounts): k8s.PodSpec {
  return {
    serviceAccountName: mounts.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      topologyKey,
      maxSkew: 1,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: selectorLabels(model.name, component) },
      matchLabelKeys: ['pod-template-hash'],
    })),
    containers: [container(model)],
    volumes: [
      { name: 'boot', configMap: { name: mounts.bootConfigMap } },
      { name: 'routing', configMap: { name: mounts.routingConfigMap } },
      { name: 'cache', emptyDir: { sizeLimit: k8s.Quantity.fromString(cacheSize(model)) } },
      { name: 'tmp', emptyDir: { sizeLimit: k8s.Quantity.fromString('64Mi') } },
      ...storeAccess(model.environment.artifacts).volumes,
      ...predictionLogSecret(model.environment.predictionLog).volumes,
    ],
  }
}

function container(model: PlannedModel): k8s.Container {
  const store = storeAccess(model.environment.artifacts)
  return {
    name: 'server',
    image: model.stable.servingImage,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: POD.portName, containerPort: POD.port, protocol: 'TCP' }],
    ...store.container,
    resources: podResources(model),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    startupProbe: {
      ...probe(POD.startupPath),
      periodSeconds: STARTUP_PERIOD_SECONDS,
      failureThreshold: Math.ceil(startupBudgetSeconds(model) / STARTUP_PERIOD_SECONDS),
    },
    readinessProbe: { ...probe(POD.readinessPath), periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...probe(POD.livenessPath), periodSeconds: 10, failureThreshold: 6 },
    volumeMounts: [
      { name: 'boot', mountPath: POD.bootDirectory, readOnly: true },
      { name: 'routing', mountPath: POD.routingDirectory, readOnly: true },
      { name: 'cache', mountPath: POD.cacheDirectory },
      { name: 'tmp', mountPath: POD.temporaryDirectory },
      ...store.mounts,
      ...predictionLogSecret(model.environment.predictionLog).mounts,
    ],
  }
}

function probe(path: string): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString(POD.portName) }, timeoutSeconds: 2 }
}

/** Of the stable version alone: the server does not wait for a candidate. */
function startupBudgetSeconds({ stable }: PlannedModel): number {
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
