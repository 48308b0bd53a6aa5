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
  /** Those that run before a newcomer: of a large request what one call takes, since its rest goes behind. */
  rowsAhead: number
  /** Rows that a call takes; 1 when each request is a call of its own. */
  rowsPerCall: number
}

/** The pace is that of so many calls. */
const RECENT_CALLS = 16

/** Decides who may join a queue, by its bounds and by how long the model has recently taken. */
export class Admission {
  private readonly limits: QueueLimits
  private readonly recentMs: number[] = []
  private next = 0
  private callMs = 0

  constructor(limits: QueueLimits) {
    this.limits = limits
  }

  /** Notes how long one call took. */
  called(milliseconds: number): void {
    this.recentMs[this.next] = milliseconds
    this.next = (this.next + 1) % RECENT_CALLS
    const longest = Math.max(...this.recentMs)
    const sum = this.recentMs.reduce((total, ms) => total + ms, 0)
    const { length } = this.recentMs
    // Without the longest: one call that was interrupted, or the first of all, says nothing of the next thousand.
    this.callMs = length === 1 ? longest : (sum - longest) / (length - 1)
  }

  /** Why a request of so many rows must stay out; undefined when it may join. `deadlineMs` is what it has left. */
  refuse(rows: number, deadlineMs: number, backlog: Backlog): QueueFullError | undefined {
    const { maxQueue, maxQueueRows = Number.POSITIVE_INFINITY, maxWaitMs = Number.POSITIVE_INFINITY } = this.limits
    if (backlog.requests === 0 && maxQueue > 0) return undefined
    const waitMs = this.waitMs(backlog)
    if (backlog.requests >= maxQueue) {
      return new QueueFullError('queue_full', `${maxQueue} requests are waiting already`, waitMs)
    }
    // What fits one call is never kept out by the rows of large requests.
    if (rows > backlog.rowsPerCall && backlog.rows + rows > maxQueueRows) {
      return new QueueFullError('queue_full', `${backlog.rows} rows are waiting already`, waitMs)
    }
    if (waitMs > Math.min(maxWaitMs, Math.max(deadlineMs, 0))) {
      const message = `those that wait already take about ${Math.ceil(waitMs)} ms`
      return new QueueFullError('wait_too_long', message, waitMs)
    }
    return undefined
  }

  /** Calls that end before a newcomer's can start, at the recent pace. */
  private waitMs({ requests, rowsAhead, rowsPerCall }: Backlog): number {
    return (rowsPerCall > 1 ? Math.floor(rowsAhead / rowsPerCall) : requests) * this.callMs
  }
}
