import { performance } from 'node:perf_hooks'
import { generator } from './random.ts'

/** Milliseconds of the model alone, one row. A quantile is only as good as the number of calls that it is of: `isEnough` says. */
export interface Latency {
  p50Ms: number
  p95Ms: number
  p99Ms: number
  calls: number
}

export type Quantile = 'p50' | 'p95' | 'p99'

/** Candidate to champion, by the 99 % interval of a bootstrap over blocks of calls. */
export type LatencyRatios = Record<Quantile, { low: number; high: number }>

export interface MeasuredLatency {
  champion?: Latency
  candidate: Latency
  /** With a champion alone. */
  ratios?: LatencyRatios
}

const SHARES: Record<Quantile, number> = { p50: 0.5, p95: 0.95, p99: 0.99 }
/** Ten calls beyond a quantile at the least: one hiccup of the machine is no p99. */
const CALLS: Record<Quantile, number> = { p50: 20, p95: 200, p99: 1000 }

const BLOCKS = 24
const BLOCK_CALLS = 50
/** Milliseconds in all: a slow model gets fewer calls. */
const BUDGET = 6000
/** First calls pay for what later ones have. */
const WARM_UP = 30
const DRAWS = 400
/** Of the bootstrap: sixteen blocks of an idle machine and eight of a busy one must not make a difference of nothing. */
const TAIL = 0.005

type Call = () => Promise<unknown>

/** Whether so many calls say anything of a quantile. */
export function isEnough({ calls }: Latency, quantile: Quantile): boolean {
  return calls >= CALLS[quantile]
}

/**
 * One row at a time, both versions in turns call by call, so that whatever else the machine does falls on both alike. Calls are kept in
 * blocks of time: what disturbs one call disturbs its neighbours, so blocks are drawn for the interval, not calls.
 */
export async function measureLatency(
  candidate: readonly Call[],
  champion: readonly Call[] | undefined,
): Promise<MeasuredLatency> {
  const sides = champion ? [candidate, champion] : [candidate]
  let round = 0
  const measure = async (rounds: number) => {
    const taken = sides.map((): number[] => [])
    for (const end = round + rounds; round < end; round++) {
      // Each goes first in every other round.
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const calls = sides[side]
        const call = calls?.[round % calls.length]
        if (call) taken[side]?.push(await timed(call))
      }
    }
    return taken
  }
  // The last of the first calls says how many there is time for; a model of seconds is asked few times from the start.
  const first = await timed(() => measure(1))
  await measure(Math.min(WARM_UP, Math.floor(BUDGET / 10 / first)))
  const once = await timed(() => measure(1))
  const size = Math.max(1, Math.min(BLOCK_CALLS, Math.floor(BUDGET / BLOCKS / once)))
  const blocks: number[][][] = []
  for (let block = 0; block < BLOCKS; block++) blocks.push(await measure(size))
  const of = (side: number) => blocks.map((taken) => taken[side] ?? [])
  if (!champion) return { candidate: percentiles(of(0).flat()) }
  return { champion: percentiles(of(1).flat()), candidate: percentiles(of(0).flat()), ratios: ratiosOf(of(0), of(1)) }
}

async function timed(run: Call): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

function percentiles(times: readonly number[]): Latency {
  const sorted = Float64Array.from(times).sort()
  const at = (share: number) => quantileOf(sorted, share)
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), calls: sorted.length }
}

function quantileOf(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** Interval of the ratio of each quantile: both sides of the same blocks, drawn with replacement. */
export function ratiosOf(candidate: readonly number[][], champion: readonly number[][]): LatencyRatios {
  const random = generator(candidate.length)
  const drawn = Object.keys(SHARES).map((): number[] => [])
  for (let draw = 0; draw < DRAWS; draw++) {
    const blocks = candidate.map(() => Math.floor(random() * candidate.length))
    const [is, was] = [candidate, champion].map((side) => {
      return Float64Array.from(blocks.flatMap((block) => side[block] ?? [])).sort()
    })
    if (!is || !was) continue
    Object.values(SHARES).forEach((share, index) => {
      drawn[index]?.push(quantileOf(is, share) / quantileOf(was, share))
    })
  }
  const interval = (index: number) => {
    const sorted = Float64Array.from(drawn[index] ?? []).sort()
    return { low: quantileOf(sorted, TAIL), high: quantileOf(sorted, 1 - TAIL) }
  }
  return { p50: interval(0), p95: interval(1), p99: interval(2) }
}
