export type { EventValue, FeedbackEvent, PredictionEvent, PredictionMode, RowTruth, TruthKind } from './event.ts'
export { createPredictionLog, type PredictionLog, type RecordPrediction } from './prediction-log.ts'
export { requestHash } from './sampled.ts'
