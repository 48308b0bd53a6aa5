import { dirname } from 'node:path'
import type { AuthenticationSettings } from '../contract/index.ts'
import { ConfigurationError, type Log, watchContent } from '../models/index.ts'
import type { CallHeaders } from '../tracing/index.ts'
import { type KeyRing, readKeys } from './key-ring.ts'
import { readSecret, type SecretFile } from './read-secret.ts'

/** Knows who calls. */
export interface Authenticator {
  /** The name of the client whose key the headers hold, as `Authorization: Bearer` or `X-API-Key`; undefined for nobody. */
  clientOf(headers: CallHeaders): string | undefined
  /** Whether probes, or the metrics, need a key too. */
  protects(what: 'probes' | 'metrics'): boolean
  close(): void
}

/** `Bearer` in any case, then one token (RFC 6750, 2.1). */
const BEARER = /^bearer +(\S+) *$/i

/**
 * Reads the keys of a mounted secret and follows it: a key is valid from the moment it is in the secret until it is not, and
 * several may be. A secret that cannot be read any more, or holds no key, lets nobody in. Throws a `ConfigurationError` when
 * there is no such file or directory at the start.
 */
export async function authenticatorOf(settings: AuthenticationSettings, log: Log): Promise<Authenticator> {
  const path = settings.keys
  const protectedToo = new Set(settings.protect)
  let ring: KeyRing = readKeys([]).ring
  let failure: NodeJS.ErrnoException | undefined

  async function read(): Promise<string | undefined> {
    failure = undefined
    return readSecret(path).then(
      (files) => JSON.stringify(files),
      (error: NodeJS.ErrnoException) => {
        failure = error
        return undefined
      },
    )
  }

  async function take(text: string | undefined): Promise<void> {
    const files = text === undefined ? [] : (JSON.parse(text) as SecretFile[])
    const { ring: next, wrong } = readKeys(files)
    ring = next
    for (const { file, line, message } of wrong) log.error({ secret: path, file, line, reason: message }, 'not a key')
    const { clients } = ring
    if (failure !== undefined) {
      log.error({ secret: path, code: failure.code }, 'the keys cannot be read: every request is refused')
    } else if (clients.length === 0) {
      log.error({ secret: path }, 'there is no key in the secret: every request is refused')
    } else log.info({ secret: path, clients }, 'keys read')
  }

  // The parent too: a directory that comes back is another one.
  const watch = watchContent([path, dirname(path)], read, take)
  await watch.check()
  if (failure?.code === 'ENOENT') {
    watch.close()
    const problem = {
      path: '',
      message: 'is not there',
      repair: 'mount the secret that server.authentication.keys names',
    }
    throw new ConfigurationError('configuration-unreadable', path, [problem])
  }
  return {
    clientOf: ({ authorization, 'x-api-key': apiKey }) => {
      const bearer = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined
      const byBearer = bearer === undefined ? undefined : ring.match(bearer)
      return byBearer ?? (typeof apiKey === 'string' ? ring.match(apiKey.trim()) : undefined)
    },
    protects: (what) => protectedToo.has(what),
    close: () => watch.close(),
  }
}
