import { isIP } from 'node:net'

/** What rules may ask of an address. */
export interface Url {
  scheme: string
  host: string
  path: string
  query: string
  /** As it is written, for comparison. */
  text: string
}

/** Bytes that need no escape in a host: Go takes a few more than RFC 3986. */
const HOST = /^(?:[\w.~!$&'()*+,;=:[\]<>"-]|[^\0-\x7f]|%[89a-fA-F][\da-fA-F])*$/
const USER = /^(?:[\w.~!$&'()*+,;=:@-]|%[\da-fA-F]{2})*$/
const ESCAPES = /^(?:[^%]|%[\da-fA-F]{2})*$/
const PORT = /^:\d*$/
/** IPv6, perhaps with a zone, and a port. */
const LITERAL = /^\[([\da-fA-F:.]+)(?:%25(?:[\w.~-]|%[\da-fA-F]{2})+)?\](?::\d*)?$/
/** What Go leaves as it is in a path that is written so. */
const VALID_PATH = /^[\w.~$&+,/:;=@!'()*[\]%-]*$/
const KEPT_IN_PATH = /[^\w.~$&+,/:;=@-]/g

/**
 * A URL as Go's `url.ParseRequestURI` takes it, by which Kubernetes' CEL goes: absolute, or a path from the root. Undefined for what
 * it refuses.
 */
export function parseUrl(text: string): Url | undefined {
  if (!isRequestUri(text)) return undefined
  // Read again by `url.Parse`, which knows fragments, and hosts without a scheme.
  const hash = text.indexOf('#')
  const [address, fragment] = hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)]
  const { scheme, rest, query } = split(address)
  const authority = scheme !== '' || !rest.startsWith('///') ? authorityOf(rest) : undefined
  if (!ESCAPES.test(fragment) || !isRest(scheme, rest, authority)) return undefined
  const path =
    rest.startsWith('/') || rest === '*' ? rest.slice(authority === undefined ? 0 : 2 + authority.length) : ''
  const host = unescaped(authority?.slice(authority.lastIndexOf('@') + 1) ?? '')
  return { scheme, host, path: escapedPath(path), query, text }
}

/** Whether `url.ParseRequestURI` takes it, for which a `#` is a byte like others. */
export function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that Go refuses
  if (text === '' || /[\0-\x1f\x7f]/.test(text) || text.startsWith(':')) return false
  if (text === '*') return true
  const { scheme, rest } = split(text)
  if (!rest.startsWith('/')) return scheme !== ''
  return isRest(scheme, rest, scheme === '' ? undefined : authorityOf(rest))
}

function authorityOf(rest: string): string | undefined {
  return /^\/\/([^/]*)/.exec(rest)?.[1]
}

function isRest(scheme: string, rest: string, authority = ''): boolean {
  if (!rest.startsWith('/')) return true
  const at = authority.lastIndexOf('@')
  const isUser = at < 0 || USER.test(authority.slice(0, at))
  return isUser && isHost(scheme, authority.slice(at + 1)) && ESCAPES.test(rest.slice(authority.length))
}

function split(text: string): { scheme: string; rest: string; query: string } {
  const scheme = /^([a-zA-Z][a-zA-Z\d+.-]*):/.exec(text)?.[1] ?? ''
  const whole = scheme === '' ? text : text.slice(scheme.length + 1)
  const at = whole.indexOf('?')
  const [rest, query] = at < 0 ? [whole, ''] : [whole.slice(0, at), whole.slice(at + 1)]
  return { scheme: scheme.toLowerCase(), rest, query }
}

function isHost(scheme: string, host: string): boolean {
  if (!host.includes('[')) {
    const isStrict = scheme === 'http' || scheme === 'https'
    const colon = isStrict ? host.indexOf(':') : host.lastIndexOf(':')
    return HOST.test(host) && (colon < 0 || PORT.test(host.slice(colon)))
  }
  return isIP(LITERAL.exec(host)?.[1] ?? '') === 6
}

/** Host without its port, and without the brackets of IPv6. */
export function hostnameOf({ host }: Url): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

export function portOf({ host }: Url): string {
  return /:(\d*)$/.exec(host)?.[1] ?? ''
}

/** Pairs that cannot be read are left out, as Go does. */
export function queryOf({ query }: Url): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || !ESCAPES.test(pair)) continue
    const at = pair.indexOf('=')
    const [key, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    const name = unescaped(key.replaceAll('+', ' '))
    found.set(name, [...(found.get(name) ?? []), unescaped(value.replaceAll('+', ' '))])
  }
  return found
}

function escapedPath(path: string): string {
  if (VALID_PATH.test(path)) return path
  return unescaped(path).replaceAll(KEPT_IN_PATH, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

function unescaped(text: string): string {
  return text.replaceAll(/(?:%[\da-fA-F]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  )
}
