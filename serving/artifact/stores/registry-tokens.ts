import { ArtifactError, addressInvalid } from '../artifact-error.ts'
import { type BodyLimits, discardBody, readBounded } from '../bounded-body.ts'
import { basic } from './authorization.ts'
import { type RegistryLogin, registryLogin } from './docker-config.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import { refused, unreachable } from './http-errors.ts'
import { isLoopback } from './loopback.ts'
import type { Environment } from './store.ts'

export interface RegistryScope {
  registry: string
  repository: string
  /** The address in messages. */
  shown: string
}

export interface RegistryTokens {
  /** The `Authorization` that the registry took last; undefined when a challenge has to be awaited. */
  known(scope: RegistryScope): string | undefined
  /** Answers a challenge (`WWW-Authenticate`); undefined when nothing can be answered. Throws an `ArtifactError`. */
  answer(scope: RegistryScope, challenge: string): Promise<string | undefined>
}

/** Seconds that a token is good for when the service does not tell (token authentication specification). */
const DEFAULT_LIFE = 60
/** Tokens have a few kilobytes. */
const TOKEN_LIMITS: BodyLimits = { maxBytes: 256 * 1024, timeoutMs: 10_000 }
/** Seconds of its life at the end in which a token is not used any more. */
const MARGIN = 10

/** Docker's token authentication and plain basic authentication. */
export function createRegistryTokens(env: Environment, http: HttpClient): RegistryTokens {
  const taken = new Map<string, { authorization: string; until: number }>()
  const keyOf = ({ registry, repository }: RegistryScope) => `${registry}/${repository}`

  async function fetchToken(scope: RegistryScope, parameters: Map<string, string>, login: RegistryLogin | undefined) {
    const realm = parameters.get('realm') ?? ''
    const url = URL.canParse(realm) ? new URL(realm) : undefined
    // As in containerd and ORAS, the registry names its token service, which may be another host; the login goes there encrypted.
    const local = url?.protocol === 'http:' && isLoopback(url.hostname)
    if (url === undefined || (url.protocol !== 'https:' && !local)) {
      const repair = 'configure the token service of the registry with an https:// realm'
      throw addressInvalid(scope.shown, 'the registry names a token service that is not reached over HTTPS', repair)
    }
    url.username = ''
    url.password = ''
    const wanted = parameters.get('scope') ?? `repository:${scope.repository}:pull`
    const service = parameters.get('service')
    const shown = `${url.origin}${url.pathname}`
    if (login?.kind === 'identity') {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'modelyard-serving',
        refresh_token: login.token,
        scope: wanted,
        ...(service !== undefined && { service }),
      }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return { shown, answer: await http.send({ url, shown, method: 'POST', headers, body }) }
    }
    url.searchParams.set('scope', wanted)
    if (service !== undefined) url.searchParams.set('service', service)
    const proof: Record<string, string> =
      login === undefined ? {} : { authorization: basic(login.user, login.password) }
    return { shown, answer: await http.send({ url, shown, authorize: async () => proof }) }
  }

  return {
    known(scope) {
      const found = taken.get(keyOf(scope))
      return found !== undefined && found.until > Date.now() ? found.authorization : undefined
    },
    async answer(scope, challenge) {
      taken.delete(keyOf(scope))
      const login = await registryLogin(env, scope.registry, scope.repository)
      const { scheme, parameters } = parseChallenge(challenge)
      if (scheme === 'basic') {
        if (login?.kind !== 'password') return undefined
        return basic(login.user, login.password)
      }
      if (scheme !== 'bearer') return undefined
      const { shown, answer } = await fetchToken(scope, parameters, login)
      if (answer.status !== 200) {
        await discardBody(answer.body)
        throw refused(shown, answer, login === undefined ? 'no token without a login' : 'no token for this login')
      }
      const given = await json(answer, shown)
      const token = given.token ?? given.access_token
      if (typeof token !== 'string') {
        const repair = 'check the token service of the registry'
        throw new ArtifactError({
          code: 'artifact-forbidden',
          address: shown,
          reason: 'answered without a token',
          repair,
        })
      }
      const life = typeof given.expires_in === 'number' ? given.expires_in : DEFAULT_LIFE
      const authorization = `Bearer ${token}`
      taken.set(keyOf(scope), { authorization, until: Date.now() + (life - MARGIN) * 1000 })
      return authorization
    },
  }
}

async function json(answer: HttpAnswer, shown: string): Promise<Record<string, unknown>> {
  let text: string
  try {
    text = (await readBounded(answer.body, TOKEN_LIMITS)).toString('utf8')
  } catch (error) {
    throw unreachable(shown, error)
  }
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** `Bearer realm="https://...",service="...",scope="..."` (RFC 9110, 11.6.1). */
function parseChallenge(challenge: string): { scheme: string; parameters: Map<string, string> } {
  const [, scheme = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(challenge) ?? []
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, bare] of rest.matchAll(/([A-Za-z_-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '')
  }
  return { scheme: scheme.toLowerCase(), parameters }
}
