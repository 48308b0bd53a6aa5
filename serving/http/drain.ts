import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import type { Log } from '../models/index.ts'
import type { ServerState } from './server-state.ts'

/** Even without a delay, what has arrived in a socket but was not read yet is served: closing would take it for an idle connection. */
const SHORTEST_DELAY_MS = 50

/**
 * Stops without losing a request: unready at once, still serving for `delaySeconds` while endpoints are updated (answers close
 * their connections), then no new connections and up to `timeoutSeconds` for requests in flight, which are cut after that.
 */
export async function drain(
  app: FastifyInstance,
  log: Log,
  state: ServerState,
  { delaySeconds, timeoutSeconds }: ServerSettings['drain'],
): Promise<void> {
  state.draining = true
  log.info({ delaySeconds, timeoutSeconds }, 'draining')
  await sleep(Math.max(delaySeconds * 1000, SHORTEST_DELAY_MS))
  const cut = setTimeout(() => {
    log.warn({ timeoutSeconds }, 'requests in flight are cut')
    app.server.closeAllConnections()
  }, timeoutSeconds * 1000)
  await app.close()
  clearTimeout(cut)
}
