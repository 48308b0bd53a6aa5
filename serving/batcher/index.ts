export { unbatchableReason } from './batchable.ts'
export { Batcher, type BatcherObserver, type BatcherOptions, type ModelCall, QueueFullError } from './batcher.ts'
