export {
  type ArgoCd,
  type ArtifactStore,
  type Autoscaling,
  type DefinedEnvironment,
  defineEnvironment,
  type EnvironmentDefinition,
  files,
  hpa,
  https,
  mlflow,
  type Override,
  oci,
  override,
  type PredictionLog,
  type S3Options,
  s3,
  serverSplit,
  type TrafficEngine,
} from './environment.ts'
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
export { type ChampionGate, type Direction, type Gate, type MetricGates, metric, type ThresholdGate } from './gates.ts'
export {
  type BatchingSettings,
  type DefinedModel,
  defineModel,
  type ModelDefinition,
  type ReplicaSettings,
  type ResourceSettings,
  type ServiceLevelObjective,
  type ServingSettings,
} from './model.ts'
export { environmentSchema, modelSchema, pinSchema, releaseSchema, versionSchema } from './schemas.ts'
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
