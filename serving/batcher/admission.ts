import { Pace } from './pace.ts'
import { QueueFullError } from './rejected-error.ts'

export interface QueueLimits {
  /** Requests that wait at most; one more is refused. */
  maxQueue: number
  /** Rows of all waiting requests together; no bound by default. A request with more is taken while nobody waits. */
  maxQueueRows?: number
  /** Milliseconds that a request may have to wait, by the recent pace; no bound by default. */
  maxWaitMs?: number
}

/** What waits already. */
export interface Backlog {
  requests: number
  rows: number
  /** Rows of each call that ends before a newcomer's can start: of a large request what one call takes, since its rest goes behind. */
  callsAhead: readonly number[]
  /** Rows that a call takes; 1 when each request is a call of its own. */
  rowsPerCall: number
  /** Milliseconds until the last of those that wait has timed out. */
  emptyInMs: number
}

/** Decides who may join a queue, by its bounds and by how long the model has recently taken. */
export class Admission {
  private readonly limits: QueueLimits
  private readonly pace = new Pace()

  constructor(limits: QueueLimits) {
    this.limits = limits
  }

  /** Notes how long one call of so many rows took. */
  called(rows: number, milliseconds: number): void {
    this.pace.note(rows, milliseconds)
  }

  /** Why a request of so many rows must stay out; undefined when it may join. `deadlineMs` is what it has left. */
  refuse(rows: number, deadlineMs: number, backlog: Backlog): QueueFullError | undefined {
    const { maxQueue, maxQueueRows = Number.POSITIVE_INFINITY, maxWaitMs = Number.POSITIVE_INFINITY } = this.limits
    if (backlog.requests === 0 && maxQueue > 0) return undefined
    const waitMs = backlog.callsAhead.reduce((sum, rowsOfCall) => sum + this.pace.expectedMs(rowsOfCall), 0)
    // However slow the model is, the queue is empty once all that wait have been answered or have timed out.
    const retryMs = Math.min(waitMs, backlog.emptyInMs)
    if (backlog.requests >= maxQueue) {
      return new QueueFullError('queue_full', `${maxQueue} requests are waiting already`, retryMs)
    }
    // What fits one call is never kept out by the rows of large requests.
    if (rows > backlog.rowsPerCall && backlog.rows + rows > maxQueueRows) {
      return new QueueFullError('queue_full', `${backlog.rows} rows are waiting already`, retryMs)
    }
    if (waitMs > Math.min(maxWaitMs, Math.max(deadlineMs, 0))) {
      const message = `those that wait already take about ${Math.ceil(waitMs)} ms`
      return new QueueFullError('wait_too_long', message, retryMs)
    }
    return undefined
  }
}
