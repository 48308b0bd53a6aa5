import type { FeatureColumns, FeatureMatrix, TensorDefinition } from './features.ts'
import type { PromotionGate, ThresholdGate } from './gates.ts'
import type { CpuQuantity, Duration, MemoryQuantity } from './units.ts'

export interface ResourceSettings {
  /** Requested of the scheduler. */
  cpu: CpuQuantity
  /** Requested and limit: what the pod uses at most. */
  memory: MemoryQuantity
  /** Most that the pod may use for a moment, at start-up for example. Default: one core, or the request when that is more. */
  cpuLimit?: CpuQuantity
  /** GPUs of a pod; the environment says by `gpu()` where they are. */
  gpu?: number
}

export interface ReplicaSettings {
  /** Pods that always run. */
  min: number
  /** Pods that the autoscaler may run; equal to `min` there is no autoscaler. */
  max: number
}

export interface BatchingSettings {
  /** Rows in one call of the model at most; 1 switches batching off. */
  maxSize: number
  /** How long the first row of a batch waits for others. Default `0ms`: only what arrives in the same turn of the event loop. */
  maxDelay?: Duration
}

export interface ServingSettings {
  resources?: ResourceSettings
  replicas?: ReplicaSettings
  batching?: BatchingSettings
  /** Refuse with 422, rather than count, unknown fields, numbers out of range and unseen categories. Default false. */
  strict?: boolean
}

export interface ServiceLevelObjective {
  /** 99 % of the answers come within this time. */
  latencyP99: Duration
  /** Share of requests answered without a server error, for example 0.999. */
  availability: number
}

export interface EvaluationRows {
  /** The column of the truth. */
  truth: string
  /** The class that is meant by `auc`, `log_loss` and `brier`. Default: the last label of the output. */
  positive?: string
  /** The output that is compared with the truth. Default: that of the version that runs, the first of a first version. */
  output?: string
}

/** A model as its owners write it in `models/<name>/model.ts`: what should be true, never which version. */
export interface ModelDefinition {
  /** The folder's name: lower-case letters, digits and `-`, at most 52 characters. */
  name: string
  /** The team that answers for the model: a label value of the manifests. */
  owner: string
  /** One sentence for the catalog and the API's documentation. */
  description?: string
  /** `columns({...})`, or input tensors by name: `features(...)` for named features, `tensor(...)` for anything else. */
  inputs: FeatureColumns | Record<string, FeatureMatrix | TensorDefinition>
  /** Output tensors by name, as in the ONNX graph. */
  outputs: Record<string, TensorDefinition>
  serving?: ServingSettings
  slo?: ServiceLevelObjective
  /** How the evaluation rows in `models/<name>/evaluation/<sha256>.csv` are read; needed where promotions shall be judged on them. */
  evaluation?: EvaluationRows
  gates?: {
    /** A version that fails one is never registered. */
    validation?: ThresholdGate[]
    /** A version that fails one is not promoted. */
    promotion?: PromotionGate[]
  }
}

export interface DefinedModel extends ModelDefinition {
  readonly kind: 'model'
}

/** Declares a model; the default export of `models/<name>/model.ts`. Checked when the repository is loaded. */
export function defineModel(definition: ModelDefinition): DefinedModel {
  return { kind: 'model', ...definition }
}
