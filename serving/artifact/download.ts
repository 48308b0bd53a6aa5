import { setTimeout as sleep } from 'node:timers/promises'
import type { ContentReference } from '../contract/index.ts'
import { ArtifactError, cacheFailed, digestMismatch, sizeMismatch } from './artifact-error.ts'
import { PartialFile } from './partial-file.ts'
import { type DownloadLog, reportProgress } from './progress.ts'
import { sha256File } from './sha256-file.ts'
import { unreachable } from './stores/http-errors.ts'
import { type Content, type OpenAddress, shownAddress } from './stores/index.ts'

export interface DownloadTiming {
  /** Milliseconds without a byte after which a store is given up. */
  stallMs: number
  /** Bytes a second below which a store is given up, on average over `stallMs`: drop by drop it would hold up a model for ever. */
  slowestBytesPerSecond: number
  /** Attempts in a row that may bring less than `slowestBytesPerSecond` brings in `stallMs`. After them a caller decides when to ask again. */
  attempts: number
  /** Milliseconds before the next attempt at most; doubled while attempts bring nothing. */
  firstWaitMs: number
  /** Milliseconds that a store's `Retry-After` is obeyed for here; longer is left to the caller. */
  longestWaitMs: number
  /** Milliseconds after which a download says how far it is. */
  progressMs: number
  /** Milliseconds for a whole file, after which it is given up and kept for a later attempt. Default: as long as the store sends. */
  totalMs?: number
}

/** Half a second of blips is bridged; a store that is down for longer must not hold up the models behind it. */
export const DOWNLOAD_TIMING: DownloadTiming = {
  stallMs: 30_000,
  slowestBytesPerSecond: 1024,
  attempts: 3,
  firstWaitMs: 300,
  longestWaitMs: 30_000,
  progressMs: 1000,
}

export interface DownloadContext {
  open: OpenAddress
  timing: DownloadTiming
  log: DownloadLog
}

/**
 * Fetches the content into `path`, which appears only when size and digest are right. A broken transfer goes on where it ended,
 * in this process or the next. Throws an `ArtifactError`; only what is transient leaves a partial file behind, for the next attempt.
 */
export async function download(path: string, reference: ContentReference, context: DownloadContext): Promise<void> {
  const partial = await PartialFile.open(path).catch((error: unknown) => {
    throw cacheFailed(path, error)
  })
  const address = shownAddress(reference.address)
  const progress = reportProgress({ address, size: reference.size }, partial, context)
  try {
    await partial.requireRoom(reference.size)
    await fetchWhole(partial, reference, context)
    await partial.commit()
    progress.done()
  } catch (error) {
    const failure = error instanceof ArtifactError ? error : cacheFailed(path, error)
    const resumable = failure.transient && failure.code === 'artifact-unreachable'
    await (resumable ? partial.keep() : partial.discard()).catch(() => {})
    throw failure
  } finally {
    progress.stop()
  }
}

/** Until size and digest are right. Bytes that were resumed and turn out wrong are fetched once more from the start. */
async function fetchWhole(partial: PartialFile, reference: ContentReference, context: DownloadContext): Promise<void> {
  for (let again = false; ; again = true) {
    const resumed = (await fetchPieces(partial, reference, context)) > 1 || partial.inherited
    const wrong = await wrongBytes(partial, reference)
    if (wrong === undefined) return
    if (!resumed || again) throw wrong
    context.log.warn(
      { address: wrong.address, reason: wrong.reason },
      'what was resumed is wrong: fetching it again from the start',
    )
    await partial.restart()
  }
}

async function wrongBytes(partial: PartialFile, reference: ContentReference): Promise<ArtifactError | undefined> {
  const { size, sha256 } = reference
  const address = shownAddress(reference.address)
  if (partial.size !== size) return sizeMismatch(address, size, String(partial.size))
  const got = partial.inherited ? (await sha256File(partial.location)).sha256 : partial.digest()
  return got === sha256 ? undefined : digestMismatch(address, sha256, got)
}

/** Requests the rest until the store has sent all it has; returns how many answers that took. */
async function fetchPieces(
  partial: PartialFile,
  reference: ContentReference,
  context: DownloadContext,
): Promise<number> {
  const { timing, log, open } = context
  const address = shownAddress(reference.address)
  const until = performance.now() + (timing.totalMs ?? Number.POSITIVE_INFINITY)
  let furthest = partial.size
  let fruitless = 0
  for (let pieces = 1; partial.size < reference.size; pieces++) {
    try {
      const content = await open(reference.address, partial.size).catch((error: unknown) => {
        throw unreachable(address, error)
      })
      await receive(content, partial, reference, timing, until)
      return pieces
    } catch (error) {
      if (!(error instanceof ArtifactError) || !error.transient || performance.now() >= until) throw error
      fruitless = partial.size - furthest >= leastBytes(timing) ? 0 : fruitless + 1
      furthest = Math.max(furthest, partial.size)
      const asked = error.retryAfterMs ?? 0
      if (fruitless >= timing.attempts || asked > timing.longestWaitMs) throw error
      // Full jitter, so that the pods of a fleet do not come back together; never sooner than the store asked.
      const waitMs = Math.round(asked + Math.random() * timing.firstWaitMs * 2 ** Math.max(0, fruitless - 1))
      log.warn({ address, reason: error.reason, bytes: partial.size, waitMs }, 'download interrupted')
      await sleep(waitMs)
    }
  }
  return 1
}

async function receive(
  { from, size, chunks }: Content,
  partial: PartialFile,
  reference: ContentReference,
  timing: DownloadTiming,
  until: number,
): Promise<void> {
  const address = shownAddress(reference.address)
  let window = { started: performance.now(), from: partial.size }
  try {
    if (size !== undefined && size !== reference.size) throw sizeMismatch(address, reference.size, String(size))
    // A store that cannot resume sends the whole file.
    if (from === 0 && partial.size > 0) await partial.restart()
    if (from !== partial.size) throw brokenRange(address, `asked from byte ${partial.size}, answered from ${from}`)
    const iterator = chunks[Symbol.asyncIterator]()
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => {
        throw unreachable(address, error)
      })
      if (next.done) return
      // Stops a wrong or hostile address from filling the disk.
      if (partial.size + next.value.length > reference.size) {
        throw sizeMismatch(address, reference.size, `more than ${reference.size}`)
      }
      await partial.append(next.value)
      if (performance.now() >= until) throw tooLong(address, timing, partial.size)
      if (performance.now() - window.started < timing.stallMs) continue
      if (partial.size - window.from < leastBytes(timing)) throw tooSlow(address, timing)
      window = { started: performance.now(), from: partial.size }
    }
  } finally {
    // Frees the connection when reading stopped early; what that breaks is of no interest.
    chunks.on('error', () => {}).destroy()
  }
}

/** What an answer has to bring in `stallMs`. */
function leastBytes({ slowestBytesPerSecond, stallMs }: DownloadTiming): number {
  return Math.max(1, (slowestBytesPerSecond * stallMs) / 1000)
}

function tooSlow(address: string, { slowestBytesPerSecond, stallMs }: DownloadTiming): ArtifactError {
  return new ArtifactError({
    code: 'artifact-unreachable',
    address,
    reason: `the store sent less than ${slowestBytesPerSecond} bytes a second for ${stallMs / 1000} s`,
    repair: 'check the store and the network to it',
    transient: true,
  })
}

function tooLong(address: string, { totalMs = 0 }: DownloadTiming, bytes: number): ArtifactError {
  return new ArtifactError({
    code: 'artifact-unreachable',
    address,
    reason: `${bytes} bytes came in ${totalMs / 1000} s, and the rest did not`,
    repair: 'ask again, which goes on from there, or fetch the file by hand',
    transient: true,
  })
}

function brokenRange(address: string, reason: string): ArtifactError {
  const repair = 'check the store: it answers Range requests wrongly'
  return new ArtifactError({ code: 'artifact-unreachable', address, reason, repair })
}
