import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContentReference } from '../contract/index.ts'
import { ArtifactError, digestMismatch, sizeMismatch } from './artifact-error.ts'
import { DOWNLOAD_TIMING } from './download.ts'
import { unreachable } from './stores/http-errors.ts'
import { type Bundle, createStores, type Environment, type Outgoing, shownAddress } from './stores/index.ts'

export interface StoreClientOptions {
  /** Where credentials, proxies and endpoints of stores come from; `process.env` by default. */
  env?: Environment
  /** Milliseconds without an answer, or without a byte taken, after which a store is given up. */
  stallMs?: number
  /** Milliseconds before the second attempt at most; doubled for the third. */
  firstWaitMs?: number
}

/**
 * What a person or a job does with a store: ask, upload, compare. Bytes are streamed. Each function tries three times where the store may
 * answer later, and throws an `ArtifactError`.
 */
export interface StoreClient {
  /**
   * Asks for a file as a download would, and takes none of its bytes. Gives the size that the store tells, if it does.
   * Throws `artifact-not-found` where there is none.
   */
  probe(address: string): Promise<{ size?: number }>
  /** Puts the file at `path`, which has the size and digest of the reference, at its address. */
  put(path: string, reference: ContentReference): Promise<void>
  /** Reads the whole file back. Throws `artifact-size-mismatch` or `artifact-digest-mismatch` where it is another. */
  verify(reference: ContentReference): Promise<void>
  /**
   * Lists a version's files, which are in the store, where the store deletes what nothing lists: in a registry, a ModelPack manifest.
   * @param address of any of them
   * @returns the name of the list; undefined where it had these files, or the store needs none
   */
  list(address: string, bundle: Bundle): Promise<string | undefined>
}

const ATTEMPTS = 3

export function createStoreClient({
  env = process.env,
  stallMs = DOWNLOAD_TIMING.stallMs,
  firstWaitMs = DOWNLOAD_TIMING.firstWaitMs,
}: StoreClientOptions = {}): StoreClient {
  const stores = createStores({ env, stallMs })
  const repeated = <T>(work: () => Promise<T>) => withAttempts(work, firstWaitMs)

  async function probe(address: string): Promise<{ size?: number }> {
    const { size, chunks } = await stores.open(address, 0).catch((error: unknown) => {
      throw unreachable(shownAddress(address), error)
    })
    // What ending it early breaks is of no interest.
    chunks.on('error', () => {}).destroy()
    return size === undefined ? {} : { size }
  }

  async function verify({ address, sha256, size }: ContentReference): Promise<void> {
    const shown = shownAddress(address)
    const { chunks, size: told } = await stores.open(address, 0)
    try {
      if (told !== undefined && told !== size) throw sizeMismatch(shown, size, String(told))
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (bytes > size) throw sizeMismatch(shown, size, `more than ${size}`)
        hash.update(chunk)
      }
      if (bytes !== size) throw sizeMismatch(shown, size, String(bytes))
      const got = hash.digest('hex')
      if (got !== sha256) throw digestMismatch(shown, sha256, got)
    } catch (error) {
      throw unreachable(shown, error)
    } finally {
      chunks.on('error', () => {}).destroy()
    }
  }

  return {
    probe: (address) => repeated(() => probe(address)),
    put: (path, reference) => repeated(() => stores.put(reference.address, outgoing(path, reference, stallMs))),
    verify: (reference) => repeated(() => verify(reference)),
    list: (address, bundle) => repeated(() => stores.list(address, bundle)),
  }
}

async function withAttempts<T>(work: () => Promise<T>, firstWaitMs: number): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ArtifactError) || !error.transient || attempt === ATTEMPTS) throw error
      const asked = error.retryAfterMs ?? 0
      if (asked > DOWNLOAD_TIMING.longestWaitMs) throw error
      // Jitter, so that uploads that failed together do not come back together.
      await sleep(asked + Math.random() * firstWaitMs * 2 ** (attempt - 1))
    }
  }
}

function outgoing(path: string, { sha256, size }: ContentReference, stallMs: number): Outgoing {
  return { sha256, size, read: () => readWatched(path, stallMs) }
}

/** A file, which fails when nobody takes its bytes for so long: an HTTP client waits for ever for a store that stops reading. */
function readWatched(path: string, stallMs: number): Readable {
  let timer: NodeJS.Timeout | undefined
  const stream = Readable.from(chunks(), { objectMode: false })
  async function* chunks() {
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
        clearTimeout(timer)
        const late = new Error(`the store took no bytes for ${stallMs / 1000} s`)
        timer = setTimeout(() => stream.destroy(late), stallMs)
        yield chunk
      }
    } finally {
      clearTimeout(timer)
    }
  }
  return stream
}
