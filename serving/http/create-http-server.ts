import { randomUUID } from 'node:crypto'
import { type FastifyInstance, type FastifyServerOptions, fastify, LogController } from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import type { ModelRegistry } from '../models/index.ts'
import type { Monitoring } from '../monitoring/index.ts'
import { pages } from '../pages/index.ts'
import { kserveProtocol, namedProtocol, openInferenceProtocol, trackServedRequests } from '../protocols/index.ts'
import { uniformErrors } from './errors.ts'
import { probes } from './probes.ts'
import type { ServerState } from './server-state.ts'

/** What Fastify takes as `logger`: true or pino options for JSON lines, false for silence. */
export type LoggerOption = NonNullable<FastifyServerOptions['logger']>

/** A request that has not arrived whole after this, milliseconds, is given up: slow senders must not hold connections. */
const REQUEST_TIMEOUT_MS = 120_000

/** With a model so fast that a refusal costs as much as an answer, this is what bounds how long a caller waits. */
const MOST_CONNECTIONS = 8192

/** The Fastify instance before it has routes: it exists before the models, since they log through it. */
export function createHttpServer(settings: ServerSettings, logger: LoggerOption): FastifyInstance {
  const app = fastify({
    logger,
    bodyLimit: settings.bodyLimit,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Two lines a request cost more than a small model; failures are logged, and the metrics count the rest.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    // Connections that are still open when the server closes get their answers, not a 503.
    return503OnClosing: false,
    // A path that is not a URL never reaches the error handler.
    frameworkErrors: (_error, _request, { raw }) => {
      raw
        .writeHead(400, { 'content-type': 'application/json; charset=utf-8' })
        .end('{"error":"the request is malformed"}')
    },
    // No route has a schema. Should one get a schema: never "5" for 5, never a field silently gone.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  app.server.maxConnections = settings.maxConnections ?? MOST_CONNECTIONS
  return app
}

/** Gives the server its routes. */
export function addRoutes(
  app: FastifyInstance,
  registry: ModelRegistry,
  monitoring: Monitoring,
  state: ServerState,
): void {
  uniformErrors(app)
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    if (state.draining) reply.header('connection', 'close')
    done(null, payload)
  })
  const context = { registry, monitoring }
  trackServedRequests(app, context)
  probes(app, registry, monitoring, state)
  namedProtocol(app)
  openInferenceProtocol(app, context)
  kserveProtocol(app, context)
  pages(app, registry)
}

/** The caller's id where it is harmless in a log and a header, a new one otherwise. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID()
}
