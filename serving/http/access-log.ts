import type { FastifyInstance } from 'fastify'

/**
 * Writes a line for a share, 0 to 1, of the requests: what was asked for, without the query, and how it was answered. Probes
 * and scrapes are left out: they would be most of it.
 */
export function accessLog(app: FastifyInstance, share: number): void {
  if (share === 0) return
  app.addHook('onResponse', (request, reply, done) => {
    const { open } = request.routeOptions.config
    if (open !== 'probes' && open !== 'metrics' && Math.random() < share) {
      const path = request.url.split('?', 1)[0]
      const ms = Number(reply.elapsedTime.toFixed(3))
      request.ownLog.info({ method: request.method, path, status: reply.statusCode, ms }, 'request')
    }
    done()
  })
}
