import type { FastifyInstance } from 'fastify'
import type { ConnectionLimit } from '../limits/index.ts'
import { HttpProblem } from '../protocols/index.ts'

/** On a connection beyond the limit answers probes and scrapes, and nothing else; each answer closes it. */
export function probesOnlyBeyond(app: FastifyInstance, connections: ConnectionLimit): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!connections.isSpare(request.raw.socket)) return done()
    reply.header('connection', 'close')
    const { open } = request.routeOptions.config
    if (open === 'probes' || open === 'metrics') return done()
    throw new HttpProblem(503, 'this server has as many connections as it may', {}, { 'retry-after': '1' })
  })
}
