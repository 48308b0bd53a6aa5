import type { Tensors } from '../session/index.ts'
import { sliceRows } from './join-rows.ts'
import { ClientGoneError, ExpiredError, type RejectedError } from './rejected-error.ts'

/** How long a request is worth running. */
export interface Work {
  /** When it came, on the clock of `performance.now()`, milliseconds; now by default. */
  admitted?: number
  /** On the clock of `performance.now()`, milliseconds; none by default. Work whose time is over is dropped before it runs. */
  deadline?: number
  /** True once nobody waits for the answer. Asked before the work runs. */
  gone?: (() => boolean) | undefined
  /** Told of each model call that this work was in; for tracing. */
  ran?: ((call: RanCall) => void) | undefined
}

/** One model call as one request saw it. Times are of `performance.now()`, milliseconds. */
export interface RanCall {
  /** When the request was admitted; undefined for the later calls of a request that takes several. */
  queued: number | undefined
  started: number
  ended: number
  /** Rows of all requests that shared it. */
  rows: number
}

/** One request in the queue. */
export interface Job {
  feeds: Tensors
  outputNames: readonly string[] | undefined
  /** Jobs with equal keys may share a call. */
  key: string
  rows: number
  admitted: number
  deadline: number
  gone: (() => boolean) | undefined
  ran: ((call: RanCall) => void) | undefined
  /** Rows already taken into calls; only a job larger than a batch is taken in parts. */
  taken: number
  answers: Tensors[]
  /** Rows of `answers`. */
  answered: number
  settled: boolean
  resolve(outputs: Tensors): void
  reject(error: unknown): void
}

/** Rows `[start, end)` of a job, in one call. */
export interface Piece {
  job: Job
  start: number
  end: number
}

export function isWhole({ job, start, end }: Piece): boolean {
  return start === 0 && end === job.rows
}

export function settle(job: Job, outputs: Tensors): void {
  job.settled = true
  job.resolve(outputs)
}

export function feedsOf(piece: Piece): Tensors {
  return isWhole(piece) ? piece.job.feeds : sliceRows(piece.job.feeds, piece.start, piece.end)
}

/** Why a job is not worth running any more; undefined while it is. */
export function dropReason({ deadline, gone }: Job, now: number): RejectedError | undefined {
  if (deadline <= now) return new ExpiredError()
  return gone?.() ? new ClientGoneError() : undefined
}
