import type { Log } from '../models/index.ts'
import { type CallHeaders, traceContextOf } from '../tracing/index.ts'

/** A log that lines of one request can be told apart in; pino's fits. */
export interface ServerLog extends Log {
  child(bindings: object): Log
}

/** Who asked, as the lines about a request say it. */
export interface LoggedRequest {
  readonly id: string
  /** The name that belongs to the key that it came with; null without one. */
  readonly client: string | null
  readonly headers: CallHeaders
}

/**
 * The log of one request. Each line carries the request's id, the client whose key it came with, and its trace under the names
 * that OpenTelemetry gives them in logs (`trace_id`, `span_id`, `trace_flags`). Most requests write no line, so it is to be made
 * with the first.
 */
export function requestLog(log: ServerLog, { id, client, headers }: LoggedRequest): Log {
  const { traceId, spanId, flags } = traceContextOf(headers)
  return log.child({ reqId: id, ...(client && { client }), trace_id: traceId, span_id: spanId, trace_flags: flags })
}
