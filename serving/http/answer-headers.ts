import type { FastifyInstance } from 'fastify'
import type { ServerState } from './server-state.ts'

/** On every answer (a prediction has the first alone): it is of the type that it says, and belongs to nobody's cache or referrer. */
export const ANSWER_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const

/** A year, as browsers want it (RFC 6797). */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000'

/** Gives each answer the request's id and the headers above; over TLS it says that there is no other way here. */
export function answerHeaders(app: FastifyInstance, state: ServerState, encrypted: boolean): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id)
    reply.header('x-content-type-options', ANSWER_HEADERS['x-content-type-options'])
    // No cache keeps the answer to a POST (RFC 9111, 3) and no link in it is followed: a prediction goes without these two, which
    // cost a twentieth of it.
    if (request.method !== 'POST' || reply.statusCode !== 200) {
      reply.header('referrer-policy', ANSWER_HEADERS['referrer-policy'])
      // Pages may be kept and asked for again.
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', ANSWER_HEADERS['cache-control'])
    }
    if (encrypted) reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY)
    if (state.draining) reply.header('connection', 'close')
    done(null, payload)
  })
}
