import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import type { ConnectionLimit } from '../limits/index.ts'
import { readJsonBodies, requestId, requestLog, type ServerLog } from '../protocols/index.ts'
import type { TlsMaterial } from '../security/index.ts'
import { answerMalformed, errorAnswer, MALFORMED } from './malformed-request.ts'

export interface HttpServerOptions {
  log: ServerLog
  /** What the memory of the process allows, bytes; `settings.bodyLimit` may be less. */
  mostBodyBytes?: number
  /** Counts the connections of this server with those of others. Absent: for the management port, which has 256 of its own. */
  connections?: ConnectionLimit
  /** Absent: plain HTTP. */
  tls?: TlsMaterial
}

/** A request that has not arrived whole after this, seconds, is given up: slow senders must not hold connections. */
const REQUEST_SECONDS = 60

/** The same for its headers alone, for a connection that sends nothing, and for a TLS handshake. */
const HEADERS_SECONDS = 10

/** How often Node looks for requests whose time is over, milliseconds; its default of 30 s would be added to every time-out. */
const CHECKING_INTERVAL_MS = 1000

/** Kubelets, Prometheus and whoever looks. */
const MAX_MANAGEMENT_CONNECTIONS = 256

/** Bytes of all headers of a request. */
const MOST_HEADER_BYTES = 16_384

/** A Fastify instance before it has routes. */
export function createHttpServer(
  settings: ServerSettings,
  { log, tls, mostBodyBytes = Number.POSITIVE_INFINITY, connections }: HttpServerOptions,
): FastifyInstance {
  const { headersSeconds = HEADERS_SECONDS, requestSeconds = REQUEST_SECONDS } = settings.receive ?? {}
  const headersTimeout = Math.min(headersSeconds, requestSeconds) * 1000
  const connectionsCheckingInterval = Math.min(CHECKING_INTERVAL_MS, headersTimeout / 2)
  const http = { maxHeaderSize: MOST_HEADER_BYTES, headersTimeout, connectionsCheckingInterval }
  const required = tls?.ca !== undefined
  const client = { requestCert: required, rejectUnauthorized: required }
  const https = tls && { ...http, ...tls, ...client, handshakeTimeout: headersTimeout }
  const options: FastifyServerOptions = {
    bodyLimit: Math.min(settings.bodyLimit, mostBodyBytes),
    requestTimeout: requestSeconds * 1000,
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    // Connections that are still open when the server closes get their answers, not a 503.
    return503OnClosing: false,
    // A path that is not a URL never reaches the error handler.
    frameworkErrors: (_error, _request, { raw }) => {
      const { headers, body } = errorAnswer(MALFORMED)
      raw.writeHead(400, headers).end(body)
    },
    clientErrorHandler: answerMalformed,
    // No route has a schema. Should one get a schema: never "5" for 5, never a field silently gone.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  }
  // `https` has a type of its own, which makes the server's type differ in what nobody here uses.
  const app: FastifyInstance = fastify({ ...options, ...(https === undefined ? { http } : { https }) })
  // Fastify reads it as a string, which no route here takes: where only JSON is read it is a 415 as any other type.
  app.removeContentTypeParser('text/plain')
  readJsonBodies(app)
  app.decorateRequest('client', null)
  app.decorateRequest('madeLog', null)
  app.decorateRequest('ownLog', {
    getter() {
      this.madeLog ??= requestLog(log, this)
      return this.madeLog
    },
  })
  if (connections === undefined) app.server.maxConnections = MAX_MANAGEMENT_CONNECTIONS
  else connections.watch(app.server, 'http')
  return app
}
