import type { FastifyInstance } from 'fastify'
import type { Monitoring } from '../monitoring/index.ts'
import { unauthenticated } from '../protocols/index.ts'
import type { Authenticator } from '../security/index.ts'

export interface AuthenticationOptions {
  authenticator: Authenticator
  monitoring: Monitoring
  /** What does not exist is a 404 without a key too. */
  pathsAreKnown: boolean
}

/**
 * Lets only callers with a key go on, before anything else of a request is looked at, so that without one not even the names
 * of routes and models can be tried. Pages stay open: they are the same in every pod and ask for the key themselves.
 * On the management port, `pathsAreKnown`: a key that is asked for there would be sent in plain HTTP, for nothing.
 */
export function authenticate(
  app: FastifyInstance,
  { authenticator, monitoring, pathsAreKnown }: AuthenticationOptions,
): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { open } = request.routeOptions.config
    if (pathsAreKnown && request.is404) return done()
    if (open === 'page' || (open !== undefined && !authenticator.protects(open))) return done()
    const client = authenticator.clientOf(request.headers)
    if (client === undefined) {
      monitoring.unauthenticated()
      throw unauthenticated()
    }
    request.client = client
    done()
  })
}
