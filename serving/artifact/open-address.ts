import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ArtifactError } from './artifact-error.ts'

/** Milliseconds without a byte after which a download is given up. */
const STALL_TIMEOUT_MS = 30_000

/** Statuses that say "later", not "no". */
const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * The bytes at an address, as a stream of chunks. `file:` and `http(s):` only; further stores are further cases here.
 * Throws an `ArtifactError`, at the first chunk at the latest.
 */
export async function* openAddress(address: string): AsyncGenerator<Uint8Array> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'file:') yield* openFile(url)
  else if (url?.protocol === 'http:' || url?.protocol === 'https:') yield* openHttp(url)
  else {
    throw new ArtifactError({
      code: 'artifact-address-invalid',
      address,
      reason: 'not an address that can be fetched',
      repair: 'give a file:///, http:// or https:// URL',
    })
  }
}

async function* openFile(url: URL): AsyncGenerator<Uint8Array> {
  try {
    const path = fileURLToPath(url)
    if (!(await stat(path)).isFile()) throw new Error('not a file')
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 })
  } catch (error) {
    throw unreachable(url.href, error, false)
  }
}

async function* openHttp(url: URL): AsyncGenerator<Uint8Array> {
  const shown = withoutSecrets(url)
  const abort = new AbortController()
  let timer = setTimeout(() => abort.abort(), STALL_TIMEOUT_MS)
  try {
    // The digest is of the file itself, so a transparently compressed answer is not wanted.
    const response = await fetch(url, { signal: abort.signal, headers: { 'accept-encoding': 'identity' } })
    if (!response.ok || response.body === null) {
      throw new ArtifactError({
        code: 'artifact-unreachable',
        address: shown,
        reason: `the store answered ${response.status}`,
        repair: 'check that the file is there and that this server may read it',
        transient: TRANSIENT_STATUSES.has(response.status),
      })
    }
    for await (const chunk of response.body) {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(), STALL_TIMEOUT_MS)
      yield chunk
    }
  } catch (error) {
    if (error instanceof ArtifactError) throw error
    throw unreachable(shown, abort.signal.aborted ? new Error(`no byte for ${STALL_TIMEOUT_MS} ms`) : error, true)
  } finally {
    clearTimeout(timer)
    // Frees the connection when the reader stopped early, for example because the file is already too long.
    abort.abort()
  }
}

/** Query strings carry signatures and the user part carries passwords; neither belongs in a log. */
function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

function unreachable(address: string, error: unknown, transient: boolean): ArtifactError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause)
  const repair = 'check the address and that this server can reach it'
  return new ArtifactError({
    code: 'artifact-unreachable',
    address,
    reason: `cannot be read: ${reason}`,
    repair,
    transient,
    cause: error,
  })
}
