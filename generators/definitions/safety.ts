import type { CpuQuantity, MemoryQuantity } from './units.ts'

/** Pods of a namespace; all of them without labels. */
export interface NetworkPeer {
  namespace: string
  /** Labels of the pods. */
  labels?: Record<string, string>
}

/** Who talks to the models, and whom they may talk to. */
export interface Network {
  /**
   * Pods that may call the models, or `cluster` for all of them. Default: `cluster`; from `revision: 3` on nobody but the Gateway of
   * `traffic`.
   */
  from?: NetworkPeer[] | 'cluster'
  /** `revision: 3`: Prometheus, which alone may reach the management port. Default: its operator's pods, wherever they are. */
  metricsFrom?: NetworkPeer[]
  /** Where the store of artifacts and the sink of the prediction log are: CIDRs or pods. Default: any address, at their ports. */
  to?: (`${string}/${number}` | NetworkPeer)[]
}

/** What all models of a namespace may request together (ResourceQuota). */
export interface Quota {
  cpu: CpuQuantity
  memory: MemoryQuantity
  pods: number
}

/** What one container may use at most (LimitRange). */
export interface Limits {
  cpu: CpuQuantity
  memory: MemoryQuantity
}

export interface Toleration {
  key: string
  /** Default: any value. */
  value?: string
  /** Default: every effect. */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

/** Which nodes the pods run on, and whom they displace. */
export interface Scheduling {
  /** PriorityClass of the cluster; with a `value` it is made here. */
  priorityClass?: string | { name: string; value: number }
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
  /** `required`: a pod waits rather than share a node with another of its model while there are others. Default `preferred`. */
  spread?: 'required' | 'preferred'
}

/** Nodes with accelerators, for models whose resources say `gpu`. */
export interface Gpu {
  /** Name of the extended resource. Default `nvidia.com/gpu`. */
  resource?: string
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
}

/** Nodes with GPUs: how pods find them. One pod goes before another comes, since none may be to spare. */
export function gpu(options: Gpu = {}): Gpu {
  return options
}
