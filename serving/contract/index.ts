export type { Baseline, CategoryBaseline, GoldenSample, GoldenSamples, NumberBaseline, SampleTensor } from './bundle.ts'
export {
  type AuthenticationSettings,
  type Batching,
  type BootConfiguration,
  type BootModel,
  type Candidate,
  CONFIGURATION_API_VERSION,
  type ContentReference,
  type ExternalDataReference,
  type PredictionLogChoice,
  type PredictionLogSettings,
  type QueueBounds,
  type RoutedModel,
  type RoutingConfiguration,
  type ServedVersion,
  type ServerSettings,
  type TlsSettings,
  type VersionCard,
} from './configuration.ts'
export {
  type Column,
  DATATYPES,
  type Datatype,
  type Dimension,
  hasNamedFeatures,
  type InputTensor,
  type ModelInterface,
  missingTextOf,
  namedFeatures,
  type OutputTensor,
  type Redaction,
} from './interface.ts'
export { METRICS } from './metric-names.ts'
export { JSON_LENGTH_HEADER, PROTOCOL_DATATYPES } from './open-inference.ts'
export { POD } from './pod.ts'
export {
  baselineSchema,
  bootConfigurationSchema,
  goldenSamplesSchema,
  modelInterfaceSchema,
  routingConfigurationSchema,
} from './schemas.ts'
