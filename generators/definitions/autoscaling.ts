import type { CpuQuantity, Duration, MemoryQuantity } from './units.ts'

/** Who sets the number of pods between a model's `replicas.min` and `replicas.max`. */
export type Autoscaling = HorizontalPodAutoscaling | Keda

interface HpaTargets {
  /** Percent of the requested CPU. */
  cpu?: number
  /** Percent of the requested memory. */
  memory?: number
  /** Requests a second a pod; the Prometheus Adapter gives the metric by the rule that is generated with it. */
  requestsPerSecond?: number
}

/** A HorizontalPodAutoscaler, which takes the highest of what its targets ask for. */
export interface HorizontalPodAutoscaling extends HpaTargets {
  engine: 'hpa'
}

/** Kubernetes' own autoscaler (autoscaling/v2). */
export function hpa(targets: HpaTargets): HorizontalPodAutoscaling {
  return { engine: 'hpa', ...targets }
}

interface KedaTargets {
  /** Prometheus as KEDA reaches it. */
  prometheus: `${'https' | 'http'}://${string}`
  /** Time within which 95 % of the requests are to be answered. */
  latencyP95?: Duration
  /** Requests a second a pod. */
  requestsPerSecond?: number
  /** Percent of the requested CPU. */
  cpu?: number
  /** Time without need before the last pods go, where a model may go to zero. Default `5m`. */
  cooldown?: Duration
}

/** A ScaledObject of KEDA on the server's own metrics. */
export interface Keda extends KedaTargets {
  engine: 'keda'
}

/** KEDA on latency, requests and CPU. While Prometheus does not answer, pods are kept, and there are at least `replicas.min`. */
export function keda(targets: KedaTargets): Keda {
  return { engine: 'keda', ...targets }
}

/** When a model that may go to zero must be there: no pod counts the request that it is not there for. */
export type ScaleToZero =
  | {
      /** Cron expression from which there are pods ... */
      start: string
      /** ... and until which. */
      end: string
      /** IANA name, such as `Europe/Berlin`. */
      timezone: string
    }
  | {
      /** PromQL that is above 0 when the model is needed, of what stands before its pods, such as the Gateway or a queue. */
      wakeOn: string
    }

/** A VerticalPodAutoscaler. */
export interface VerticalScaling {
  /** `Off` recommends only; `InPlaceOrRecreate` resizes running pods where the cluster can; `Recreate` evicts them. Default `Off`. */
  mode?: 'Off' | 'InPlaceOrRecreate' | 'Recreate'
  /** Most that a pod may get. */
  max?: { cpu: CpuQuantity; memory: MemoryQuantity }
}

/** Recommends, or sets, what a pod requests: only of resources that no horizontal autoscaler measures. */
export function vpa(options: VerticalScaling = {}): VerticalScaling {
  return options
}

/** Resources of which an autoscaler wants a share of the request to be used; without one, what the default measures. */
export function measuredResources(autoscaling: Autoscaling = hpa({ cpu: 70 })): string[] {
  return (['cpu', 'memory'] as const).filter((resource) => (autoscaling as HpaTargets)[resource] !== undefined)
}
