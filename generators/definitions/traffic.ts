import type { Duration } from './units.ts'

/** How requests are split between the stable version and a candidate, and how they come in. */
export type TrafficEngine = ServerSplit | GatewayApi | Replicas | Rollouts

export interface ServerSplit {
  engine: 'server-split'
}

/** A route of the Gateway API from a host of a Gateway to the models. */
export interface GatewayRoute {
  /** The Gateway as `namespace/name`; it must permit routes of the environment's namespace. */
  gateway: `${string}/${string}`
  /**
   * Host of the models, which are then told apart by path: `/models/<model>`, `/v2/models/<model>`, `/v1/models/<model>`. With
   * `{model}` in it each model has a host of its own, and all its paths.
   */
  host: string
  /** Listener of the Gateway. Default: every listener that the host fits. */
  listener?: string
}

export interface GatewayApi extends GatewayRoute {
  engine: 'gateway-api'
}

export interface Replicas {
  engine: 'replicas'
  /** Pods of a model altogether. */
  total: number
}

export interface RolloutStep {
  /** Percent of the requests, or of the pods where there is no Gateway. */
  weight: number
  /** How long the step holds. Default: until a person promotes the Rollout. */
  pause?: Duration
}

export interface RolloutAnalysis {
  /** Prometheus as the Argo Rollouts controller reaches it. */
  prometheus: `${'https' | 'http'}://${string}`
}

export interface Rollouts {
  engine: 'rollouts'
  steps: RolloutStep[]
  /** Measures errors and latency of the new version at each step against the model's objectives, and aborts when they are missed. Default: none. */
  analysis?: RolloutAnalysis
  /** Shifts requests rather than pods, by the plug-in `argoproj-labs/gatewayAPI` of Argo Rollouts. Default: pods. */
  route?: GatewayRoute
}

/** Stable version and candidate share the pods, and the server splits: nothing is needed in the cluster; requests and limits add up. */
export function serverSplit(): ServerSplit {
  return { engine: 'server-split' }
}

/** A candidate has pods of its own, and an HTTPRoute weighs, matches or mirrors: a crash of the one leaves the other alone. */
export function gatewayApi(route: GatewayRoute): GatewayApi {
  return { engine: 'gateway-api', ...route }
}

/** Stable version and candidate have pods in proportion behind one Service, such as nine to one. No autoscaler: it would change the proportion. */
export function replicas(options: { total: number }): Replicas {
  return { engine: 'replicas', ...options }
}

/** Argo Rollouts brings a new stable version in step by step, and goes back by itself when the analysis fails. */
export function rollouts(options: Omit<Rollouts, 'engine'>): Rollouts {
  return { engine: 'rollouts', ...options }
}

/** An Ingress for clusters without a Gateway. */
export interface Ingress {
  /** IngressClass of the cluster. */
  className: string
  /** Host of the models, or with `{model}` in it of each model; see `gatewayApi()`. */
  host: string
  /** Secret with the host's certificate, in the environment's namespace. */
  secret: string
  /** ClusterIssuer of cert-manager that makes the Secret. Default: it is made elsewhere. */
  issuer?: string
}

/** Reaches the models from outside by an Ingress with TLS. */
export function ingress(options: Ingress): Ingress {
  return options
}
