import type { PredictionLogChoice } from 'modelyard-serving/contract'
import type { ArtifactStore } from './artifact-store.ts'
import type { Autoscaling, ScaleToZero, VerticalScaling } from './autoscaling.ts'
import type { Credentials } from './credentials.ts'
import type { EnvironmentGates } from './environment-gates.ts'
import type { DefinedModel, ReplicaSettings, ResourceSettings } from './model.ts'
import type { Monitoring } from './monitoring.ts'
import type { OwnerNamespaces } from './namespaces.ts'
import type { Gpu, Limits, Network, Quota, Scheduling } from './safety.ts'
import type { ServerSwitches } from './server-settings.ts'
import type { Ingress, TrafficEngine } from './traffic.ts'

/** The Argo CD that syncs an environment, and the repository that it reads. */
export interface ArgoCd {
  /** This repository, as Argo CD reaches it. */
  repoURL: string
  /** Default `refs/heads/main`. */
  targetRevision?: string
  /** Namespace of Argo CD. Default `argocd`. */
  namespace?: string
  /** A Job after each sync looks whether the pods have loaded what Git says; the sync fails otherwise. Default false. */
  verification?: boolean
  /** Who is told what by Argo CD's notifications: trigger, service and recipient, `{ 'on-sync-failed': { slack: 'ml-alerts' } }`. */
  notifications?: Record<string, Record<string, string>>
  /** One ApplicationSet for all models instead of an Application each, for thousands of them. Default false. */
  applicationSet?: boolean
  /** Its API, for `status` and `verify`: an address without a password. Token: `ARGOCD_AUTH_TOKEN`. Default: asked with `kubectl`. */
  server?: `${'https' | 'http'}://${string}`
}

/** Where the sampled predictions of an environment go, with the truths that callers say later. */
export interface PredictionLog extends Pick<PredictionLogChoice, 'format' | 'sampleRate' | 'redact'> {
  /** Address that batches are sent to. */
  sink: `${'https' | 'http'}://${string}`
  /** Secret in the environment's namespace: `salt` keys the hashes of features, `token` is a bearer token for the sink. */
  secret?: { name: string; keys: ('salt' | 'token')[] }
}

export interface Override {
  model: string
  replicas?: ReplicaSettings
  resources?: ResourceSettings
  /** There may be no pods: where callers can wait for a cold start. Needs `keda()`. */
  scaleToZero?: ScaleToZero
}

/** Settings of one model that differ in this environment because of the place, such as its traffic. */
export function override(model: DefinedModel, settings: Omit<Override, 'model'>): Override {
  return { model: model.name, ...settings }
}

/** A place where models run, as `environments/<name>/environment.ts` says it. Which versions run there is in its pins. */
export interface EnvironmentDefinition {
  /** The folder's name: lower-case letters, digits and `-`, at most 20 characters. */
  name: string
  description?: string
  /** The team that is asked about changes here, beside each model's owner: in CODEOWNERS, where that asks for it. */
  owner?: string
  /** The environment whose releases may come here. Without it this is a first environment: its pins hold bare versions. */
  promotesFrom?: DefinedEnvironment
  /**
   * Output format of the generator; raised deliberately, one environment at a time. 2: Applications leave an autoscaler's number of
   * pods alone. 3: pods have a management port and are closed to the cluster except for `network.from`, the Gateway and Prometheus;
   * projects are part of the bootstrap and name their namespaces.
   */
  revision: 1 | 2 | 3
  cluster: {
    /** A name for people. */
    name: string
    /** API server, as Argo CD's destination names it. */
    server: string
    /** Version of its control plane, `1.36`: what needs a newer one is refused. Default: not known, and such things are refused. */
    kubernetes?: `1.${number}`
  }
  /** Namespace of the environment's models, or one for each team: `byOwner({ risk: 'models-risk' })`. */
  namespace: string | OwnerNamespaces
  artifacts: ArtifactStore
  argocd: ArgoCd
  /** First environments only: the server's image by digest, `registry/name@sha256:...`. Promotion seals it. */
  servingImage?: string
  /** Registries, or parts of one, that images may come from: `['ghcr.io/example']`. Default: any. */
  imageRegistries?: string[]
  /** Default `serverSplit()`. */
  traffic?: TrafficEngine
  /** Default: models are reached inside the cluster, or by the Gateway of `traffic`. */
  ingress?: Ingress
  /** Default `hpa({ cpu: 70 })`. */
  autoscaling?: Autoscaling
  /** Default: nothing recommends or changes what a pod requests. */
  verticalScaling?: VerticalScaling
  /** Default: every pod of the cluster (from `revision: 3` on, the Gateway alone) may call, and any address may be called at the ports of the store and the log. */
  network?: Network
  /** Default: no bound. */
  quota?: Quota
  /** Default: no bound. */
  limits?: Limits
  /** Default: every node, spread where that is possible. */
  scheduling?: Scheduling
  /** Default: there are no GPUs. */
  gpu?: Gpu
  /** Default: the Secret that `artifacts` names, if any. */
  credentials?: Credentials
  /** What is asked of the servers. */
  server?: ServerSwitches
  /** Default: no prediction is logged. */
  predictionLog?: PredictionLog
  /** Default: nothing is made for Prometheus or Grafana. */
  monitoring?: Monitoring
  /** Prometheus of this environment, for soak, live figures and `status`: an address without a password. Token: `PROMETHEUS_TOKEN`. */
  prometheus?: `${'https' | 'http'}://${string}`
  /** Ids in Kubeflow's Model Registry, by model and version, `{ wine: '4', 'wine@1.0.0': '11' }`: its labels on their Deployments. */
  kubeflowRegistry?: Record<string, string>
  gates?: EnvironmentGates
  overrides?: Override[]
}

export interface DefinedEnvironment extends EnvironmentDefinition {
  readonly kind: 'environment'
}

/** Declares an environment; the default export of `environments/<name>/environment.ts`. Checked when the repository is loaded. */
export function defineEnvironment(definition: EnvironmentDefinition): DefinedEnvironment {
  if (definition.revision !== 3) return { kind: 'environment', ...definition }
  return { kind: 'environment', ...definition, server: { managementPort: true, ...definition.server } }
}
