export { type Anomaly, type AnomalyKind, UNKNOWN_FEATURE } from './anomalies.ts'
export { checkFeeds } from './check-feeds.ts'
export { compareInterface } from './compare-interface.ts'
export {
  answeredElement,
  createPredictionWriter,
  decodeElement,
  decodeOutputs,
  mayHoldRows,
  type Prediction,
  type PredictionValue,
  type PredictionWriter,
} from './decode-outputs.ts'
export {
  createRecordEncoder,
  type EncodedRecords,
  type EncodeOptions,
  encodeRecords,
  type RecordEncoder,
} from './encode-records.ts'
export { fromFloat16, toFloat16 } from './float16.ts'
export { checkGoldenSamples, encodeSample, type GoldenFailure, type GoldenResult } from './golden-samples.ts'
export type { Graph, GraphAttribute, GraphFunction, GraphNode, GraphTensor } from './graph.ts'
export type { GraphDimension, GraphFacts, GraphValue } from './graph-facts.ts'
export { isObject } from './is-object.ts'
export { madeUpFeeds } from './made-up-feeds.ts'
export { limitMemory } from './memory-limit.ts'
export { ModelError, type ModelErrorCode, type Problem } from './model-error.ts'
export { ModelRunError, reasonOf } from './model-run-error.ts'
export { createProcessSession, isBroken, limitsOf, type ModelLimits, type ProcessSession } from './process-session.ts'
export { propertyPath } from './property-path.ts'
export { type ModelGraph, readModel, readModelGraph } from './read-model.ts'
export { createSession, type InlineSession, runtimeVersion, type Session, type SessionOptions } from './runtime.ts'
export { isWellFormed, type Scalar, scalarOf, textProblem, typeName, UNPAIRED_SURROGATE } from './scalar.ts'
export { copyData, createData, elementCount, sliceData, type Tensor, type TensorData, type Tensors } from './tensor.ts'
export { bytesOfElement, tensorFromBytes, tensorToBytes } from './tensor-bytes.ts'
export { type ParsedTensor, tensorFromJson, tensorFromNested } from './tensor-from-json.ts'
export { unsupportedBy } from './unsupported.ts'
export { createWorkerSession, type WorkerSession, WorkerStoppedError } from './worker-session.ts'
