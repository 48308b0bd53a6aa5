/** Where lines go, each a JSON document. */
export interface Sink {
  /** Lines that one `write` takes at most. */
  readonly mostLines: number
  /** Resolves once the lines are kept. Rejects with a `RefusedBatchError` or, for what may pass, any other error. */
  write(lines: readonly string[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The receiver will never take this batch as it is. */
export class RefusedBatchError extends Error {}
