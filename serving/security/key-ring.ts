import { hash, timingSafeEqual } from 'node:crypto'

/** Fewer characters can be guessed. */
const SHORTEST_KEY = 16

/** The characters of a bearer token (RFC 6750, 2.1): none of them needs quoting in a header, and `:` is not among them. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** The keys that are valid now; only their digests are kept. */
export interface KeyRing {
  /** Names of the clients, each once. */
  clients: string[]
  /**
   * The client that a key belongs to. Digests are compared, all of them, so that the time tells neither how much of a key is
   * right nor which one it is.
   */
  match(key: string): string | undefined
}

/** A line of a secret that is no key. Never its text. */
export interface WrongLine {
  file: string
  /** From 1. */
  line: number
  message: string
}

/**
 * Reads files of keys: a line is a key or `<client>:<key>`, empty lines and lines that begin with `#` are skipped. A wrong
 * line lets nobody in and leaves the others valid.
 */
export function readKeys(files: readonly { name: string; text: string }[]): { ring: KeyRing; wrong: WrongLine[] } {
  const keys: { client: string; digest: Buffer }[] = []
  const wrong: WrongLine[] = []
  for (const { name, text } of files) {
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.trim()
      if (line === '' || line.startsWith('#')) continue
      const separator = line.indexOf(':')
      const client = separator === -1 ? name : line.slice(0, separator).trim()
      const key = line.slice(separator + 1).trim()
      const message = problemOf(client, key)
      if (message === undefined) keys.push({ client, digest: digestOf(key) })
      else wrong.push({ file: name, line: index + 1, message })
    }
  }
  return {
    wrong,
    ring: {
      clients: [...new Set(keys.map(({ client }) => client))],
      match(key) {
        const digest = digestOf(key)
        let found: string | undefined
        for (const known of keys) if (timingSafeEqual(known.digest, digest)) found = known.client
        return found
      },
    },
  }
}

function problemOf(client: string, key: string): string | undefined {
  if (!/^[\w.@/-]{1,100}$/.test(client)) return 'the name of the client must be letters, digits and . _ - @ /'
  if (key.length < SHORTEST_KEY) return `a key must have at least ${SHORTEST_KEY} characters`
  return TOKEN.test(key) ? undefined : 'a key must be letters, digits and - . _ ~ + / ='
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}
