import { subscribe } from 'node:diagnostics_channel'
import { SpanStatusCode } from '@opentelemetry/api'
import { beginRequest, endRequest } from './spans.mjs'

/** UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS: the server's errors, not the caller's. */
const SERVER_ERRORS = new Set([2, 4, 12, 13, 14, 15])

const spans = new WeakMap()

/** A span for each gRPC call, by the semantic conventions (gRPC, server). */
export function recordGrpcCalls() {
  subscribe('modelyard-serving:grpc.start', ({ headers, path }) => {
    const [, service, method] = path.split('/')
    const name = `${service}/${method}`
    spans.set(
      headers,
      beginRequest(headers, name, { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method }),
    )
  })
  subscribe('modelyard-serving:grpc.end', ({ headers, code }) => {
    const span = spans.get(headers)
    span?.setAttribute('rpc.grpc.status_code', code)
    if (SERVER_ERRORS.has(code)) span?.setStatus({ code: SpanStatusCode.ERROR })
    endRequest(headers)
  })
}
