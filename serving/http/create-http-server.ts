import { randomUUID } from 'node:crypto'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  fastify,
  LogController,
} from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import { isRequestId, RequestLog } from '../protocols/index.ts'
import type { TlsMaterial } from '../security/index.ts'
import { answerMalformed, errorAnswer, MALFORMED } from './malformed-request.ts'

/** What Fastify takes as `logger`: true or pino options for JSON lines, false for silence. */
export type LoggerOption = NonNullable<FastifyServerOptions['logger']>

export interface HttpServerOptions {
  logger: LoggerOption | FastifyBaseLogger
  /** Absent: plain HTTP. */
  tls?: TlsMaterial
}

/** A request that has not arrived whole after this, milliseconds, is given up: slow senders must not hold connections. */
const REQUEST_TIMEOUT_MS = 120_000

/** The same for its headers alone, and for a TLS handshake. */
const HEADERS_TIMEOUT_MS = 20_000

/** Bytes of all headers of a request. */
const MOST_HEADER_BYTES = 16_384

/** With a model so fast that a refusal costs as much as an answer, this is what bounds how long a caller waits. */
const MOST_CONNECTIONS = 8192

/** A Fastify instance before it has routes: it exists before the models, since they log through it. */
export function createHttpServer(settings: ServerSettings, { logger, tls }: HttpServerOptions): FastifyInstance {
  const http = { maxHeaderSize: MOST_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS }
  const required = tls?.ca !== undefined
  const client = { requestCert: required, rejectUnauthorized: required }
  const https = tls && { ...http, ...tls, ...client, handshakeTimeout: HEADERS_TIMEOUT_MS }
  const options: FastifyServerOptions = {
    ...(typeof logger === 'object' && 'child' in logger ? { loggerInstance: logger } : { logger }),
    // Without a log no request needs one of its own.
    ...(logger !== false && {
      childLoggerFactory: (log, bindings, _options, raw) => new RequestLog(log, bindings, raw),
    }),
    bodyLimit: settings.bodyLimit,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Two lines a request cost more than a small model; failures are logged, and the metrics count the rest.
    logController: new LogController({ disableRequestLogging: true }),
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
  app.server.maxConnections = settings.maxConnections ?? MOST_CONNECTIONS
  return app
}

/** The caller's id where it is harmless in a log and a header, a new one otherwise. */
function requestId(given: string | string[] | undefined): string {
  return isRequestId(given) ? given : randomUUID()
}
