import * as vocabulary from './vocabulary.ts'

export {
  type ArtifactStore,
  artifactAddress,
  files,
  https,
  mlflow,
  oci,
  type S3Options,
  s3,
  storeVariables,
} from './artifact-store.ts'
export {
  type Autoscaling,
  type HorizontalPodAutoscaling,
  hpa,
  type Keda,
  keda,
  measuredResources,
  type ScaleToZero,
  type VerticalScaling,
  vpa,
} from './autoscaling.ts'
export type {
  Credentials,
  ExternalSecret,
} from './credentials.ts'
export {
  type ArgoCd,
  type DefinedEnvironment,
  defineEnvironment,
  type EnvironmentDefinition,
  type Override,
  override,
  type PredictionLog,
} from './environment.ts'
export type { EnvironmentGates, FreezeWindow, LiveGates } from './environment-gates.ts'
export { environmentSchema } from './environment-schema.ts'
export {
  type CategoryOptions,
  category,
  columns,
  type Feature,
  type FeatureColumns,
  type FeatureMatrix,
  type FeatureOptions,
  features,
  integer,
  type NumberOptions,
  number,
  type TensorDefinition,
  type TensorOptions,
  tensor,
} from './features.ts'
export {
  type ChampionGate,
  type Direction,
  evaluation,
  type LatencyGate,
  latency,
  type MemoryGate,
  type MetricGates,
  memory,
  metric,
  type PromotionGate,
  type ThresholdGate,
} from './gates.ts'
export { isInnerPath, PACKAGE_PATH } from './inner-path.ts'
export {
  type BatchingSettings,
  type DefinedModel,
  defineModel,
  type EvaluationRows,
  type ModelDefinition,
  type ReplicaSettings,
  type ResourceSettings,
  type ServiceLevelObjective,
  type ServingSettings,
} from './model.ts'
export { type DriftObjective, type Monitoring, prometheusOperator } from './monitoring.ts'
export { namespaceOf, namespacesOf, type OwnerNamespaces, type PlacedNamespace } from './namespaces.ts'
export { formatReference, isSameReference, parseReference, type Reference } from './reference.ts'
export type { Gpu, Network, NetworkPeer, Scheduling, Toleration } from './safety.ts'
export {
  modelName as modelNameSchema,
  object as objectSchema,
  reference as referenceSchema,
  text as textSchema,
} from './schema-parts.ts'
export { modelSchema, pinSchema, releaseSchema, versionSchema } from './schemas.ts'
export type { ServerSwitches } from './server-settings.ts'
export {
  type GatewayRoute,
  gatewayApi,
  type Ingress,
  ingress,
  type RolloutAnalysis,
  type RolloutStep,
  type Rollouts,
  replicas,
  rollouts,
  serverSplit,
  type TrafficEngine,
} from './traffic.ts'
export {
  type CpuQuantity,
  type Duration,
  type MemoryQuantity,
  type Percentage,
  parseCpu,
  parseDuration,
  parseMemory,
  parsePercentage,
} from './units.ts'
export type { BundleFile, PinFile, ReleaseFile, SealedSettings, VersionFile } from './version.ts'
export { readPin } from './version.ts'
/** What definitions import, as one object. */
export { vocabulary }
