import { subscribe } from 'node:diagnostics_channel'
import { SpanStatusCode } from '@opentelemetry/api'
import { beginRequest, endRequest } from './spans.mjs'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

const spans = new WeakMap()

/**
 * A span for each HTTP request, named and described by the semantic conventions (HTTP spans, server). The query is left out,
 * since callers put secrets there, and so are probes and scrapes.
 */
export function recordHttpRequests() {
  subscribe('http.server.request.start', ({ request, response }) => {
    const { method, headers, socket, httpVersion } = request
    const known = METHODS.has(method)
    const scheme = socket.encrypted ? 'https' : 'http'
    const [host, port] = (headers.host ?? '').split(/:(?=\d+$)/)
    const span = beginRequest(headers, known ? method : 'HTTP', {
      'http.request.method': known ? method : '_OTHER',
      'http.request.method_original': known ? undefined : method,
      'url.path': request.url.split('?', 1)[0],
      'url.scheme': scheme,
      'server.address': host || undefined,
      'server.port': port === undefined ? undefined : Number(port),
      'network.protocol.version': httpVersion,
      'client.address': socket.remoteAddress,
      'user_agent.original': headers['user-agent'],
    })
    spans.set(request, span)
    response.once('close', () => {
      // A probe's span never ends: what has no end is not sent.
      if (!spans.has(request)) return
      const status = response.statusCode
      span.setAttribute('http.response.status_code', status)
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', String(status))
      else if (!response.writableFinished) span.setAttribute('error.type', 'client_gone')
      endRequest(headers)
    })
  })

  // Fastify's own channel: here the route is known.
  subscribe('tracing:fastify.request.handler:start', ({ request, route }) => {
    const span = spans.get(request.raw)
    const { open } = request.routeOptions.config
    if (open === 'probes' || open === 'metrics') spans.delete(request.raw)
    else if (route.url !== undefined)
      span?.setAttribute('http.route', route.url).updateName(`${request.method} ${route.url}`)
  })
}
