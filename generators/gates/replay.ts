import { type GoldenSamples, hasNamedFeatures, type ModelInterface } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  decodeOutputs,
  encodeRecords,
  isBroken,
  type Prediction,
  type Session,
  type Tensors,
} from 'modelyard-serving/session'
import type { ArtifactStore, EvaluationRows, VersionFile } from '../definitions/index.ts'
import type { Repository } from '../repository/index.ts'
import { type LocalBundle, localBundle, type MissingFile } from './bundle-files.ts'
import type { ReplayRow } from './evaluation-rows.ts'
import { type MeasuredLatency, measureLatency } from './latency.ts'
import { type OpenVersion, openVersion, readGoldenSamples, rowsOf } from './local-artifacts.ts'

/** A row that both versions have answered. */
export interface ReplayedRow extends ReplayRow {
  champion: Prediction
  candidate: Prediction
}

/** What running both versions here has shown. What could not be run is said, never guessed. */
export interface Replay {
  /** The candidate's own samples; why they were not run otherwise. */
  golden: { passed: number; total: number } | { broken: string } | UnknownGolden
  /** The candidate's files that are in no place; absent when none is. */
  missing?: MissingFile[]
  /** Both versions on the same rows; why there are none otherwise. */
  compared: Comparison | { unknown: string }
  /** Milliseconds of the model alone, one row; the champion's is absent where there is none, or it takes none of the rows. */
  latency?: MeasuredLatency
}

/** Why golden samples were not run. `not-runnable`: all files are here, and the model cannot be loaded. */
export interface UnknownGolden {
  unknown: string
  cause: 'none-registered' | 'files-missing' | 'not-runnable'
}

export interface Comparison {
  /** Rows that the metrics were measured on, or the candidate's golden samples where those are not here. */
  from: 'evaluation' | 'golden'
  rows: ReplayedRow[]
  /** Rows that one of the versions does not take. */
  skipped: number
  /** Why the rows are golden samples. */
  note?: string
}

/** Rows in one call of a model that takes any number of them. */
const BATCH = 256

/**
 * Runs champion and candidate on this machine, each in a process of its own until it has answered every row.
 * @param reading how model.ts says that evaluation rows are read
 * @param stores where files that the repository lacks are fetched from
 */
export async function replay(
  repository: Repository,
  champion: VersionFile | undefined,
  candidate: VersionFile,
  reading?: EvaluationRows,
  stores: readonly ArtifactStore[] = [],
): Promise<Replay> {
  const bundle = await localBundle(repository, candidate, stores)
  const { missing } = bundle
  const former = champion && { facts: champion, bundle: await localBundle(repository, champion, stores) }
  const found = await replayBundles(repository, former, { facts: candidate, bundle }, reading)
  return missing.length > 0 ? { ...found, missing } : found
}

/** A version and its files. */
interface Placed {
  facts: VersionFile
  bundle: LocalBundle
}

async function replayBundles(...versions: Parameters<typeof replayWithin>): Promise<Replay> {
  try {
    return await replayWithin(...versions)
  } catch (error) {
    if (!isBroken(error)) throw error
    const broken = error.problems[0]?.message ?? error.message
    return { golden: { broken }, compared: { unknown: `a version could not be run: ${broken}` } }
  }
}

async function replayWithin(
  repository: Repository,
  placedChampion: Placed | undefined,
  { facts: candidate, bundle }: Placed,
  reading: EvaluationRows | undefined,
): Promise<Replay> {
  const opened = await openVersion(candidate, bundle)
  if (!opened) {
    const isMissing = bundle.model === undefined
    const unknown = `artifact of ${candidate.version} ${isMissing ? 'not here' : 'cannot be run'}`
    const golden = whyNotRun(candidate, { unknown, cause: isMissing ? 'files-missing' : 'not-runnable' })
    return { golden, compared: { unknown } }
  }
  const champion = placedChampion?.facts
  const former = placedChampion && (await openVersion(placedChampion.facts, placedChampion.bundle))
  try {
    const samples = await readGoldenSamples(bundle)
    const golden = samples
      ? await runGolden(opened.session, candidate, samples)
      : whyNotRun(candidate, { unknown: 'the golden samples are not here', cause: 'files-missing' })
    if (!hasNamedFeatures(candidate.interface) || (champion && !hasNamedFeatures(champion.interface))) {
      return { golden, compared: { unknown: 'raw tensors are not compared' } }
    }
    const { rows, from, note } = await rowsOf(repository, candidate, samples, reading)
    const before = champion && former && { ...former, modelInterface: champion.interface }
    const after = { ...opened, modelInterface: candidate.interface }
    const taken = rows.filter(({ features }) => takes(after, features) && (!before || takes(before, features)))
    if (taken.length === 0) {
      const unknown =
        rows.length === 0 ? (note ?? 'no rows here') : `no row is taken by ${before ? 'both' : candidate.version}`
      return { golden, compared: { unknown } }
    }
    const latency = await timed(after, before, taken)
    if (!champion) return { golden, compared: { unknown: 'no champion' }, latency }
    if (!before) return { golden, compared: { unknown: `artifact of ${champion.version} not here` }, latency }
    const [was, is] = [await predict(before, taken), await predict(after, taken)]
    const replayed = taken.map((row, index) => ({ ...row, champion: was[index] ?? {}, candidate: is[index] ?? {} }))
    const skipped = rows.length - taken.length
    return { golden, compared: { from, rows: replayed, skipped, ...(note !== undefined && { note }) }, latency }
  } finally {
    await opened.session.release()
    await former?.session.release()
  }
}

/** What was never registered is missing nowhere. */
function whyNotRun({ bundle }: VersionFile, otherwise: UnknownGolden): UnknownGolden {
  if (bundle.goldenSamples) return otherwise
  return { unknown: 'no golden samples are registered', cause: 'none-registered' }
}

interface Runnable extends OpenVersion {
  modelInterface: ModelInterface
}

function takes({ modelInterface }: Runnable, features: ReplayRow['features']): boolean {
  return encodeRecords(modelInterface, [features]).ok
}

function encoded({ modelInterface }: Runnable, rows: readonly ReplayRow[]): Tensors {
  const result = encodeRecords(
    modelInterface,
    rows.map(({ features }) => features),
  )
  if (!result.ok) throw new Error(`rows that were taken are not: ${JSON.stringify(result.problems)}`)
  return result.feeds
}

/** Calls of a single row each, by the clock. */
async function timed(
  candidate: Runnable,
  champion: Runnable | undefined,
  rows: readonly ReplayRow[],
): Promise<NonNullable<Replay['latency']>> {
  const sessions: Session[] = []
  const callsOf = async (runnable: Runnable) => {
    const feeds = rows.slice(0, BATCH).map((row) => encoded(runnable, [row]))
    const session = await runnable.prove(feeds)
    sessions.push(session)
    return feeds.map((one) => () => session.run(one))
  }
  try {
    return await measureLatency(await callsOf(candidate), champion && (await callsOf(champion)))
  } finally {
    for (const session of sessions) await session.release()
  }
}

async function predict(runnable: Runnable, rows: readonly ReplayRow[]): Promise<Prediction[]> {
  const { modelInterface, session } = runnable
  const isFree = modelInterface.inputs.every(({ shape }) => typeof shape[0] === 'string')
  const size = isFree ? BATCH : 1
  const predictions: Prediction[] = []
  for (let start = 0; start < rows.length; start += size) {
    const part = rows.slice(start, start + size)
    predictions.push(...decodeOutputs(modelInterface, await session.run(encoded(runnable, part)), part.length))
  }
  return predictions
}

async function runGolden(session: Session, version: VersionFile, samples: GoldenSamples) {
  const result = await checkGoldenSamples(session, version.interface, samples)
  const failed = new Set(result.failed.map(({ id }) => id))
  return { passed: result.samples - failed.size, total: result.samples }
}
