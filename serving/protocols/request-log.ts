import type { FastifyBaseLogger } from 'fastify'
import { type CallHeaders, traceContextOf } from '../tracing/index.ts'

/** A line as pino takes it: details and a message. */
type Line = [object, string?]

/**
 * The log of one request. Each line carries the request's id, the client whose key it came with, and its trace under the names
 * that OpenTelemetry gives them in logs (`trace_id`, `span_id`, `trace_flags`). The child of pino is made with the first line:
 * most requests write none, and making it costs more than to count a request.
 */
export class RequestLog implements FastifyBaseLogger {
  private readonly parent: FastifyBaseLogger
  private readonly bindings: object
  private readonly request: { readonly headers: CallHeaders }
  private client: string | undefined
  private made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: object, request: { readonly headers: CallHeaders }) {
    this.parent = parent
    this.bindings = bindings
    this.request = request
  }

  /** Says in each line from now on who called. */
  nameClient(client: string): void {
    this.client = client
    this.made = undefined
  }

  get level(): string {
    return this.parent.level
  }

  fatal(...line: unknown[]): void {
    this.child().fatal(...(line as Line))
  }

  error(...line: unknown[]): void {
    this.child().error(...(line as Line))
  }

  warn(...line: unknown[]): void {
    this.child().warn(...(line as Line))
  }

  info(...line: unknown[]): void {
    this.child().info(...(line as Line))
  }

  debug(...line: unknown[]): void {
    this.child().debug(...(line as Line))
  }

  trace(...line: unknown[]): void {
    this.child().trace(...(line as Line))
  }

  silent(): void {}

  child(bindings?: object): FastifyBaseLogger {
    if (this.made === undefined) {
      const { traceId, spanId, flags } = traceContextOf(this.request.headers)
      const trace = { trace_id: traceId, span_id: spanId, trace_flags: flags }
      this.made = this.parent.child({ ...this.bindings, ...(this.client && { client: this.client }), ...trace })
    }
    return bindings === undefined ? this.made : this.made.child(bindings)
  }
}
