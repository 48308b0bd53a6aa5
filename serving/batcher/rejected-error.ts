/**
 * Why a request never ran.
 * - `queue_full`: as many requests or rows wait as may
 * - `wait_too_long`: those that wait already would keep it longer than it may wait
 * - `deadline`: its time was over before its turn
 * - `client_gone`: nobody would have read the answer
 */
export type RejectionReason = 'queue_full' | 'wait_too_long' | 'deadline' | 'client_gone'

/** Longest `Retry-After`, seconds: an estimate from the past, and a caller told to come back later than this has been turned away. */
const MAX_RETRY_AFTER_SECONDS = 30

/** A request that the batcher did not run. */
export class RejectedError extends Error {
  readonly reason: RejectionReason

  constructor(reason: RejectionReason, message: string) {
    super(message)
    this.name = 'RejectedError'
    this.reason = reason
  }
}

/** There is no room for one more; the caller should come back later. */
export class QueueFullError extends RejectedError {
  readonly code = 'queue-full'
  /** When there should be room again: whole seconds from 1 to 30, for `Retry-After`. */
  readonly retryAfterSeconds: number

  constructor(reason: 'queue_full' | 'wait_too_long', message: string, waitMs: number) {
    super(reason, message)
    this.name = 'QueueFullError'
    this.retryAfterSeconds = Math.min(Math.max(1, Math.ceil(waitMs / 1000)), MAX_RETRY_AFTER_SECONDS)
  }
}

/** The request's deadline passed while it waited. */
export class ExpiredError extends RejectedError {
  readonly code = 'deadline-exceeded'

  constructor() {
    super('deadline', 'its time was over before the model could run it')
    this.name = 'ExpiredError'
  }
}

/** The client went away while its request waited. */
export class ClientGoneError extends RejectedError {
  readonly code = 'client-gone'

  constructor() {
    super('client_gone', 'its client has gone')
    this.name = 'ClientGoneError'
  }
}
