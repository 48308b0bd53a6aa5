export { type ArtifactStore, files, https, mlflow, oci, type S3Options, s3 } from './artifact-store.ts'
export {
  type ArgoCd,
  type Autoscaling,
  type DefinedEnvironment,
  defineEnvironment,
  type EnvironmentDefinition,
  hpa,
  type Override,
  override,
  type PredictionLog,
  serverSplit,
  type TrafficEngine,
} from './environment.ts'
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
export { type DriftObjective, type Monitoring, prometheusOperator } from './monitoring.ts'
export { modelSchema, pinSchema, releaseSchema, versionSchema } from './schemas.ts'
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
