import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import type { ServerState } from './server-state.ts'

/**
 * Stops without losing a request: unready at once, still serving for `delaySeconds` while endpoints are updated (answers close
 * their connections), then no new connections and up to `timeoutSeconds` for requests in flight, which are cut after that.
 */
export async function drain(
  app: FastifyInstance,
  state: ServerState,
  { delaySeconds, timeoutSeconds }: ServerSettings['drain'],
): Promise<void> {
  state.draining = true
  app.log.info({ delaySeconds, timeoutSeconds }, 'draining')
  await sleep(delaySeconds * 1000)
  const cut = setTimeout(() => {
    app.log.warn({ timeoutSeconds }, 'requests in flight are cut')
    app.server.closeAllConnections()
  }, timeoutSeconds * 1000)
  await app.close()
  clearTimeout(cut)
}
