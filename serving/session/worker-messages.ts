import type { ModelInterface } from '../contract/index.ts'
import type { ModelErrorCode, Problem } from './model-error.ts'
import type { SessionOptions } from './runtime.ts'
import type { Tensors } from './tensor.ts'

/** What a session's thread is started with. */
export interface WorkerInput {
  modelPath: string
  modelInterface: ModelInterface
  options: SessionOptions
}

export type ToWorker =
  | { kind: 'run'; id: number; feeds: Tensors; outputNames: readonly string[] | undefined }
  | { kind: 'release' }

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'refused'; code: ModelErrorCode; problems: Problem[] }
  | { kind: 'outputs'; id: number; outputs: Tensors; milliseconds: number }
  | { kind: 'failed'; id: number; reason: string }

/**
 * The buffers of tensors, to be transferred. Only buffers that a typed array fills: a view of a larger one (a row of a batch,
 * Node's pool) would take what others still read.
 */
export function memoryOf(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { data } of Object.values(tensors)) {
    if (Array.isArray(data)) continue
    const { buffer, byteLength } = data
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffers.add(buffer)
  }
  return [...buffers]
}
