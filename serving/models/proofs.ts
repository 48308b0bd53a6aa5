import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { proveJoining, repeatRows } from '../batcher/index.ts'
import type { GoldenSamples, ServedVersion } from '../contract/index.ts'
import {
  checkGoldenSamples,
  createProcessSession,
  elementCount,
  encodeSample,
  isBroken,
  ModelError,
  type ModelErrorCode,
  type ModelLimits,
  madeUpFeeds,
  readModelGraph,
  runtimeVersion,
  type Session,
  type Tensors,
} from '../session/index.ts'
import { availableMemory } from './available-memory.ts'
import type { Log } from './log.ts'
import { GoldenSamplesError } from './refusal.ts'

/** What has to be proved: one artifact, with what it is asked. */
export interface Unproved {
  model: string
  served: ServedVersion
  /** The file, its external data beside it. */
  path: string
  golden: GoldenSamples | undefined
  executionProviders: readonly string[]
  log: Log
}

export interface Proofs {
  /**
   * Resolves once the version has been opened and has answered its golden samples in a process of its own, now or in an earlier
   * run of this server. Rejects with a `ModelError` or a `GoldenSamplesError` when it cannot; what breaks that process or its
   * limits is remembered and refused at once from then on.
   */
  require(unproved: Unproved): Promise<void>
}

/** Milliseconds to open any model, and for each call: with all of it a third of what the startup probe allows. */
const BASE_MS = 20_000
/** Bytes of a model that are read and optimized in a millisecond, at least. */
const BYTES_PER_MS = 10_000
/** The share of the available memory that a new version may take: the rest is for what answers already. */
const MEMORY_SHARE = 0.75
/** A process that ended so often while it proved a version was ended by it. */
const MAX_ATTEMPTS = 3
/** A refusal for want of memory or time holds until there is so much more of it. */
const WORTH_TRYING = 1.25

type ProofRecord =
  | { outcome: 'proved' }
  | { outcome: 'refused'; code: ModelErrorCode; message: string; memoryBytes: number }
  /** Found at the start: the process that tried it did not live to say more. */
  | { outcome: 'started'; attempts: number }

/**
 * Proofs in files of `directory`, so that a restart neither proves again nor is broken again. Limits follow from the artifact and
 * from the memory of the machine, as far as they are not `given`.
 */
export function createProofs(directory: string, given: Partial<ModelLimits> = {}): Proofs {
  // One at a time: two would compete for the memory that is left.
  let queue: Promise<unknown> = Promise.resolve()

  async function once(unproved: Unproved): Promise<void> {
    const { served, path, log, model } = unproved
    const file = join(directory, `${keyOf(unproved)}.json`)
    const limits = { ...limitsFor(served), ...given }
    const former = await readRecord(file)
    if (former?.outcome === 'proved') return
    refuseKnown(former, path, limits)
    const attempts = former?.outcome === 'started' ? former.attempts + 1 : 1
    await writeRecord(file, { outcome: 'started', attempts }, log)
    const started = performance.now()
    try {
      await run(unproved, limits)
    } catch (error) {
      // What is wrong with it otherwise is found as quickly the next time.
      await writeRecord(file, isBroken(error) ? refusalOf(error, limits) : { outcome: 'started', attempts: 0 }, log)
      throw error
    }
    await writeRecord(file, { outcome: 'proved' }, log)
    const milliseconds = Math.round(performance.now() - started)
    log.info({ model, version: served.name, milliseconds }, 'version proved in a process of its own')
  }

  return {
    require(unproved) {
      const turn = queue.then(() => once(unproved))
      queue = turn.catch(() => {})
      return turn
    },
  }
}

function refuseKnown(former: ProofRecord | undefined, path: string, { memoryBytes }: ModelLimits): void {
  if (former?.outcome === 'refused' && memoryBytes < former.memoryBytes * WORTH_TRYING) {
    const message = `${former.message} (when it was tried before)`
    throw new ModelError(former.code, path, [{ path: '', message, repair: 'register a corrected version' }])
  }
  if (former?.outcome === 'started' && former.attempts >= MAX_ATTEMPTS) {
    const message = `this server ended ${former.attempts} times while it tried this version`
    throw new ModelError('model-crashed', path, [{ path: '', message, repair: 'register a corrected version' }])
  }
}

async function run(
  { served, path, golden: goldenSamples, executionProviders }: Unproved,
  limits: ModelLimits,
): Promise<void> {
  refuseHuge(served, path, limits)
  const externalData = served.artifact.externalData.map(({ path: name }) => name)
  const session = await createProcessSession(path, served.interface, { executionProviders, externalData, limits })
  try {
    const golden = goldenSamples && (await checkGoldenSamples(session, served.interface, goldenSamples))
    if (golden?.passed === false) throw new GoldenSamplesError(golden)
    // The trial that decides about batching asks in ways of its own. Its verdict is made again by the session that serves.
    const { maxSize } = served.batching
    const model = await readModelGraph(path)
    const { joined } = await proveJoining({ model, session, golden: goldenSamples, maxSize })
    await askMore(session, served, goldenSamples, joined)
  } finally {
    await session.release()
  }
}

/** The smallest request is made here too. Throws a `ModelError` when it alone would take what a version may. */
function refuseHuge({ interface: { inputs } }: ServedVersion, path: string, { memoryBytes }: ModelLimits): void {
  const elements = inputs.reduce(
    (sum, { shape }) => sum + elementCount(shape.map((size) => (typeof size === 'number' ? size : 1))),
    0,
  )
  if (elements * 8 <= memoryBytes) return
  const message = `one request has ${elements} elements, too many for ${Math.round(memoryBytes / 2 ** 20)} MiB of memory`
  throw new ModelError('model-memory-exceeded', path, [{ path: 'inputs', message, repair: 'give the pod more memory' }])
}

/**
 * A first call without a sample, and a full batch where requests share calls: a graph can behave with one row and not with many. Only what it takes counts
 * here; what it answers is for others to judge.
 */
async function askMore(
  session: Session,
  served: ServedVersion,
  golden: GoldenSamples | undefined,
  joined: boolean,
): Promise<void> {
  const [sample] = golden?.samples ?? []
  const encoded = sample && encodeSample(served.interface, sample)
  const feeds = encoded?.ok ? encoded.feeds : madeUpFeeds(served.interface)
  const ask = (asked: Tensors) =>
    session.run(asked).catch((error: unknown) => {
      if (error instanceof ModelError) throw error
    })
  await ask(feeds)
  if (joined) await ask(repeatRows(feeds, served.batching.maxSize))
}

function limitsFor({ artifact }: ServedVersion): ModelLimits {
  const bytes = artifact.externalData.reduce((sum, { size }) => sum + size, artifact.size)
  const milliseconds = BASE_MS + Math.ceil(bytes / BYTES_PER_MS)
  return {
    memoryBytes: Math.floor(availableMemory() * MEMORY_SHARE),
    openMs: milliseconds,
    callMs: milliseconds,
    totalMs: 2 * milliseconds,
  }
}

/** Of everything that decides what the process does. */
function keyOf({ served, executionProviders }: Unproved): string {
  const { artifact, goldenSamples, batching } = served
  const identity = [
    artifact.sha256,
    artifact.externalData.map(({ path, sha256 }) => [path, sha256]),
    goldenSamples?.sha256,
    served.interface,
    batching.maxSize,
    executionProviders,
    runtimeVersion(),
  ]
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex')
}

function refusalOf({ code, problems }: ModelError, { memoryBytes }: ModelLimits): ProofRecord {
  return { outcome: 'refused', code, message: problems[0]?.message ?? code, memoryBytes }
}

async function readRecord(file: string): Promise<ProofRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProofRecord
  } catch {
    // None yet, or one that a crash has cut: proved again.
    return undefined
  }
}

async function writeRecord(file: string, record: ProofRecord, log: Log): Promise<void> {
  try {
    await mkdir(join(file, '..'), { recursive: true })
    const temporary = `${file}.${process.pid}.tmp`
    await writeFile(temporary, JSON.stringify(record))
    await rename(temporary, file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.warn({ file, reason }, 'the proof of a version could not be kept: it is repeated at the next start')
  }
}
