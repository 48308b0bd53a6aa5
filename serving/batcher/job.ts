import type { Tensor, Tensors } from '../session/index.ts'
import { sliceRows } from './rows.ts'

/** One request on its way through the batcher. */
export interface Job {
  feeds: Tensors
  outputNames: readonly string[] | undefined
  /** Jobs with equal keys may share a call. */
  key: string
  rows: number
  admitted: number
  /** Rows already taken into calls; only a job larger than a batch is taken in parts. */
  taken: number
  answers: Tensors[]
  settled: boolean
  resolve(outputs: Tensors): void
  reject(error: unknown): void
}

/** Rows of a job that go into one call. */
export interface Piece {
  job: Job
  start: number
  end: number
}

export function settle(job: Job, outputs: Tensors): void {
  job.settled = true
  job.resolve(outputs)
}

/** True when the piece is the whole request. */
export function isWhole({ job, start, end }: Piece): boolean {
  return start === 0 && end === job.rows
}

export function feedsOf(piece: Piece): Tensors {
  return isWhole(piece) ? piece.job.feeds : sliceRows(piece.job.feeds, piece.start, piece.end)
}

/** Size of the first dimension, which all tensors of a batchable model share. */
export function rowsOf(tensors: Tensors): number {
  for (const name in tensors) return (tensors[name] as Tensor).shape[0] ?? 1
  return 0
}
