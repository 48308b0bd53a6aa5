import { type GoldenSamples, hasNamedFeatures, type ModelInterface } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  decodeOutputs,
  encodeRecords,
  type Prediction,
  type Session,
  type Tensors,
} from 'modelyard-serving/session'
import type { EvaluationRows, VersionFile } from '../definitions/index.ts'
import type { Repository } from '../repository/index.ts'
import type { ReplayRow } from './evaluation-rows.ts'
import { type Latency, measureLatency } from './latency.ts'
import { goldenSamples, openVersion, rowsOf } from './local-artifacts.ts'

/** A row that both versions have answered. */
export interface ReplayedRow extends ReplayRow {
  champion: Prediction
  candidate: Prediction
}

/** What running both versions here has shown. What could not be run is said, never guessed. */
export interface Replay {
  /** The candidate's own samples; why they were not run otherwise. */
  golden: { passed: number; total: number } | { unknown: string }
  /** Both versions on the same rows; why there are none otherwise. */
  compared: Comparison | { unknown: string }
  /** Milliseconds of the model alone, one row; the champion's is absent where there is none, or it takes none of the rows. */
  latency?: { champion?: Latency; candidate: Latency }
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

/** Runs champion and candidate on this machine. @param reading how model.ts says that evaluation rows are read */
export async function replay(
  repository: Repository,
  champion: VersionFile | undefined,
  candidate: VersionFile,
  reading?: EvaluationRows,
): Promise<Replay> {
  const opened = await openVersion(repository, candidate)
  if (!opened) {
    const unknown = `artifact of ${candidate.version} not here`
    return { golden: { unknown }, compared: { unknown } }
  }
  const former = champion && (await openVersion(repository, champion))
  try {
    const samples = await goldenSamples(repository, candidate)
    const golden = samples ? await runGolden(opened, candidate, samples) : { unknown: 'no golden samples here' }
    if (!hasNamedFeatures(candidate.interface) || (champion && !hasNamedFeatures(champion.interface))) {
      return { golden, compared: { unknown: 'raw tensors are not compared' } }
    }
    const { rows, from, note } = await rowsOf(repository, candidate, samples, reading)
    const before = champion && former && { session: former, modelInterface: champion.interface }
    const after = { session: opened, modelInterface: candidate.interface }
    const taken = rows.filter(({ features }) => takes(after, features) && (!before || takes(before, features)))
    if (taken.length === 0) {
      const unknown =
        rows.length === 0 ? (note ?? 'no rows here') : `no row is taken by ${before ? 'both' : candidate.version}`
      return { golden, compared: { unknown } }
    }
    const latency = await measureLatency(feedsOf(after, taken), before && feedsOf(before, taken))
    if (!champion) return { golden, compared: { unknown: 'no champion' }, latency }
    if (!before) return { golden, compared: { unknown: `artifact of ${champion.version} not here` }, latency }
    const [was, is] = [await predict(before, taken), await predict(after, taken)]
    const replayed = taken.map((row, index) => ({ ...row, champion: was[index] ?? {}, candidate: is[index] ?? {} }))
    const skipped = rows.length - taken.length
    return { golden, compared: { from, rows: replayed, skipped, ...(note !== undefined && { note }) }, latency }
  } finally {
    await opened.release()
    await former?.release()
  }
}

interface Runnable {
  session: Session
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

/** One call of a single row each, for the clock. */
function feedsOf(runnable: Runnable, rows: readonly ReplayRow[]): (() => Promise<unknown>)[] {
  return rows.slice(0, BATCH).map((row) => {
    const feeds = encoded(runnable, [row])
    return () => runnable.session.run(feeds)
  })
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
