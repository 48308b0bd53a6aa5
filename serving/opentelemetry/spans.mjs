import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'

const tracer = trace.getTracer('modelyard-serving')

/** The context of each running request, by its headers object, and its clock. */
const requests = new WeakMap()

/**
 * The SDK adjusts each span's times by itself, so that what begins when another ends would not. One clock for all spans of a
 * request: from `performance.now()`, in milliseconds, to the SDK's seconds and nanoseconds. Taken anew for each request, since
 * the system's clock may be set.
 */
function clock() {
  const offset = Date.now() - performance.now()
  return (milliseconds) => {
    const epoch = offset + milliseconds
    return [Math.floor(epoch / 1000), Math.round((epoch % 1000) * 1e6)]
  }
}

/**
 * Begins the span of a request as child of what its headers say, and writes it into `traceparent` and `tracestate`: what the
 * server logs and passes on from here is this span.
 * @param {Record<string, string | string[] | undefined>} headers
 * @param {string} name
 * @param {import('@opentelemetry/api').Attributes} attributes
 */
export function beginRequest(headers, name, attributes) {
  const parent = propagation.extract(ROOT_CONTEXT, headers)
  const at = clock()
  const options = { kind: SpanKind.SERVER, attributes, startTime: at(performance.now()) }
  const span = tracer.startSpan(name, options, parent)
  requests.set(headers, { span, context: trace.setSpan(parent, span), at })
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  headers.traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  headers.tracestate = traceState?.serialize() || undefined
  return span
}

/**
 * Ends the span that `beginRequest` began.
 * @param {object} headers
 */
export function endRequest(headers) {
  const request = requests.get(headers)
  request?.span.end(request.at(performance.now()))
}

/**
 * A span with both its ends inside the request that has these headers; none where there is no such request.
 * @param {object} headers
 * @param {string} name
 * @param {{ started: number, ended: number }} times of `performance.now()`
 * @param {import('@opentelemetry/api').Attributes} attributes
 */
export function addSpan(headers, name, { started, ended }, attributes) {
  const request = requests.get(headers)
  if (request === undefined) return
  const { context, at } = request
  tracer.startSpan(name, { attributes, startTime: at(started) }, context).end(at(ended))
}
