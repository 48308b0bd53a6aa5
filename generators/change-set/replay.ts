import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { type GoldenSample, type GoldenSamples, hasNamedFeatures } from 'modelyard-serving/contract'
import {
  checkGoldenSamples,
  createSession,
  decodeOutputs,
  encodeRecords,
  type Prediction,
  type Session,
  type Tensors,
} from 'modelyard-serving/session'
import type { VersionFile } from '../define/index.ts'
import { bundlePath, type Repository } from '../plan/index.ts'

/** Both versions on the candidate's golden rows, and the time that each takes for one row. */
export interface Replay {
  golden: { passed: number; total: number }
  /** Row by row: what the champion says and what the candidate says. */
  rows: { champion: Prediction; candidate: Prediction }[]
  latency: { champion: Latency; candidate: Latency }
}

/** Milliseconds of the model alone. */
export interface Latency {
  p50Ms: number
  p99Ms: number
}

export type ReplayResult = Replay | { unknown: string; golden?: Replay['golden'] }

const TIMED_ROUNDS = 300

/** Runs champion and candidate on this machine. What is not here, or does not take the same records, is said, never guessed. */
export async function replay(
  repository: Repository,
  champion: VersionFile | undefined,
  candidate: VersionFile,
): Promise<ReplayResult> {
  const samples = await goldenSamples(repository, candidate)
  if (!samples) return { unknown: 'no golden samples here' }
  const opened = await open(repository, candidate)
  if (!opened) return { unknown: `artifact of ${candidate.version} not here` }
  try {
    const result = await checkGoldenSamples(opened, candidate.interface, samples)
    const failed = new Set(result.failed.map(({ id }) => id))
    const golden = { passed: result.samples - failed.size, total: result.samples }
    if (!champion) return { unknown: 'no champion', golden }
    if (!hasNamedFeatures(candidate.interface) || !hasNamedFeatures(champion.interface)) {
      return { unknown: 'raw tensors are not compared', golden }
    }
    const former = await open(repository, champion)
    if (!former) return { unknown: `artifact of ${champion.version} not here`, golden }
    try {
      return await compare(former, opened, champion, candidate, samples.samples, golden)
    } finally {
      await former.release()
    }
  } finally {
    await opened.release()
  }
}

async function compare(
  former: Session,
  opened: Session,
  champion: VersionFile,
  candidate: VersionFile,
  samples: GoldenSample[],
  golden: Replay['golden'],
): Promise<ReplayResult> {
  const pairs: { former: Tensors; opened: Tensors }[] = []
  const rows: Replay['rows'] = []
  for (const { features } of samples) {
    const before = encodeRecords(champion.interface, [features])
    const after = encodeRecords(candidate.interface, [features])
    if (!before.ok || !after.ok) continue
    pairs.push({ former: before.feeds, opened: after.feeds })
    const [was] = decodeOutputs(champion.interface, await former.run(before.feeds), 1)
    const [is] = decodeOutputs(candidate.interface, await opened.run(after.feeds), 1)
    if (was && is) rows.push({ champion: was, candidate: is })
  }
  if (rows.length === 0) return { unknown: `${champion.version} takes none of the rows`, golden }
  return { golden, rows, latency: await measure(former, opened, pairs) }
}

/** Interleaved, so that whatever else the machine does falls on both alike. */
async function measure(former: Session, opened: Session, pairs: { former: Tensors; opened: Tensors }[]) {
  const times = { champion: [] as number[], candidate: [] as number[] }
  for (let round = 0; round < TIMED_ROUNDS; round++) {
    const pair = pairs[round % pairs.length]
    if (!pair) break
    times.champion.push(await timed(() => former.run(pair.former)))
    times.candidate.push(await timed(() => opened.run(pair.opened)))
  }
  return { champion: percentiles(times.champion), candidate: percentiles(times.candidate) }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

function percentiles(times: number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

async function goldenSamples(repository: Repository, version: VersionFile): Promise<GoldenSamples | undefined> {
  const file = version.bundle.goldenSamples && bundlePath(repository, version.model, version.bundle.goldenSamples)
  const text = file && (await readFile(file, 'utf8').catch(() => undefined))
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as GoldenSamples)
}

async function open(repository: Repository, version: VersionFile): Promise<Session | undefined> {
  const file = bundlePath(repository, version.model, version.bundle.model)
  if (file === undefined) return undefined
  try {
    return await createSession(file, version.interface)
  } catch {
    return undefined // The artifact check has said why already.
  }
}
