import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import { ArtifactError, addressInvalid } from '../artifact-error.ts'
import { discardBody } from '../bounded-body.ts'
import { unreachable } from './http-errors.ts'
import { isLoopback } from './loopback.ts'
import { shownAddress } from './shown-address.ts'
import type { StoreSettings } from './store.ts'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

export interface HttpRequest {
  url: URL
  /** How the address is called in messages; without secrets. */
  shown: string
  method?: 'GET' | 'POST' | 'PUT'
  headers?: Record<string, string>
  /** Headers that prove who asks. Sent to the origin of `url` only: after a redirect to another they are left out. */
  authorize?: (url: URL) => Promise<Record<string, string>>
  /**
   * What proves who asks may be seen on the way: a signature of this one request, or a host that is on no network. Default: the proof goes
   * over HTTPS, or to this machine, only.
   */
  mayBeSeen?: boolean
  /** A stream is read once, which is why an upload follows no redirect. */
  body?: string | Buffer | Readable
}

export interface HttpAnswer {
  status: number
  header(name: string): string | undefined
  /** No redirect has left the origin that was asked: only then is a challenge in this answer the store's own. */
  sameOrigin: boolean
  body: Dispatcher.ResponseData['body']
}

export interface HttpClient {
  /** Any status is an answer. Throws an `ArtifactError` when there is none, or when a redirect cannot be followed. */
  send(request: HttpRequest): Promise<HttpAnswer>
}

/**
 * HTTP as a pod needs it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, a private certificate authority beside Node's own, and time limits
 * on silence rather than on the whole. Throws an `ArtifactError` when the file of the authority cannot be read.
 */
export function createHttpClient({ env, certificateAuthorityFile, stallMs }: StoreSettings): HttpClient {
  const ca = trusted(env.NODE_EXTRA_CA_CERTS, certificateAuthorityFile)
  const tls = ca === undefined ? {} : { ca }
  const dispatcher = new EnvHttpProxyAgent({
    // An empty string keeps undici from looking into process.env by itself.
    httpProxy: proxyOf('HTTP_PROXY', env.http_proxy ?? env.HTTP_PROXY),
    httpsProxy: proxyOf('HTTPS_PROXY', env.https_proxy ?? env.HTTPS_PROXY),
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
    // Proxies commonly refuse CONNECT to ports other than 443, so plain HTTP is forwarded.
    proxyTunnel: false,
    connect: { ...tls, timeout: Math.min(stallMs, 10_000) },
    requestTls: tls,
    proxyTls: tls,
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
  })

  async function once(url: URL, trustedOrigin: boolean, asked: HttpRequest): Promise<HttpAnswer> {
    const proof = trustedOrigin ? await asked.authorize?.(url) : undefined
    if (proof && Object.keys(proof).length > 0 && !asked.mayBeSeen) requirePrivate(url, asked.shown)
    // The digest is of the file itself, so a transparently compressed answer is not wanted.
    const headers = { 'accept-encoding': 'identity', ...asked.headers, ...proof }
    try {
      const { method = 'GET', body = null } = asked
      const answer = await request(url, { dispatcher, method, headers, body })
      const header = (name: string) => [answer.headers[name]].flat()[0]
      return { status: answer.statusCode, header, sameOrigin: trustedOrigin, body: answer.body }
    } catch (error) {
      throw unreachable(asked.shown, error, asked.method === 'PUT' ? 'written' : 'read')
    }
  }

  return {
    async send(asked) {
      let url = asked.url
      let trustedOrigin = true
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        const answer = await once(url, trustedOrigin, asked)
        const location = answer.header('location')
        if (!REDIRECTS.has(answer.status) || location === undefined) return answer
        await discardBody(answer.body)
        const next = nextUrl(url, location, asked)
        // Once away from the first origin, whoever is there decides where this goes: no way back to being trusted.
        trustedOrigin &&= next.origin === url.origin
        url = next
      }
      throw redirectRefused(asked.shown, `more than ${MAX_REDIRECTS} redirects`)
    },
  }
}

/** Throws an `ArtifactError` for an address at which a login could be read on the way. */
export function requirePrivate(url: URL, shown: string): void {
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return
  const reason = 'it is not reached over HTTPS, and a login for it is configured'
  throw addressInvalid(shown, reason, 'give an https:// address, or remove the login: it could be read on the way')
}

/** The address is left out of the message: it may hold the proxy's password. */
function proxyOf(name: string, address = ''): string {
  if (address === '' || /^https?:\/\/[^/]/.test(URL.canParse(address) ? address : '')) return address
  throw addressInvalid(name, 'it is not the address of a proxy', 'give it as http://<host>:<port>')
}

function nextUrl(from: URL, location: string, { shown, method }: HttpRequest): URL {
  if (method === 'POST') throw redirectRefused(shown, 'a request with credentials in its body was redirected')
  if (method === 'PUT')
    throw redirectRefused(shown, `an upload was redirected to ${shownAddress(originOf(location, from))}`)
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (next?.protocol !== 'http:' && next?.protocol !== 'https:')
    throw redirectRefused(shown, 'redirected to no web address')
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw redirectRefused(shown, `redirected from https to ${shownAddress(next.origin)}`)
  }
  next.username = ''
  next.password = ''
  return next
}

function originOf(location: string, from: URL): string {
  return URL.canParse(location, from.href) ? new URL(location, from).origin : 'no address'
}

function redirectRefused(shown: string, reason: string): ArtifactError {
  return new ArtifactError({
    code: 'artifact-unreachable',
    address: shown,
    reason,
    repair: 'give the address where the file is, or check the store',
  })
}

/** Node's own authorities and those of the files; undefined where Node's default, which already reads the first file, will do. */
function trusted(extra: string | undefined, file: string | undefined): string[] | undefined {
  if (file === undefined) return undefined
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      const reason = `the certificate authority cannot be read: ${error instanceof Error ? error.message : String(error)}`
      throw addressInvalid(path, reason, 'check server.artifacts.certificateAuthorityFile and that it is mounted')
    }
  }
  // Node only warns when the file of NODE_EXTRA_CA_CERTS is absent; here it is one that somebody asked for.
  return [...rootCertificates, ...(extra === undefined ? [] : [read(extra)]), read(file)]
}
