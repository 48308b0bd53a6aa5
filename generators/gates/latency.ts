import { performance } from 'node:perf_hooks'

/** Milliseconds of the model alone. */
export interface Latency {
  p50Ms: number
  p95Ms: number
  p99Ms: number
}

const ROUNDS = 300
/** First calls pay for what later ones have. */
const WARM_UP = 30

type Call = () => Promise<unknown>

/** One row at a time, both versions in turns, so that whatever else the machine does falls on both alike. */
export async function measureLatency(
  candidate: readonly Call[],
  champion: readonly Call[] | undefined,
): Promise<{ champion?: Latency; candidate: Latency }> {
  const times = { champion: [] as number[], candidate: [] as number[] }
  const sides = [
    { calls: candidate, taken: times.candidate },
    ...(champion ? [{ calls: champion, taken: times.champion }] : []),
  ]
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    // Each goes first in every other round.
    for (const { calls, taken } of round % 2 === 0 ? sides : [...sides].reverse()) {
      const call = calls[round % calls.length]
      const time = call && (await timed(call))
      if (time !== undefined && round >= WARM_UP) taken.push(time)
    }
  }
  return { ...(champion && { champion: percentiles(times.champion) }), candidate: percentiles(times.candidate) }
}

async function timed(run: Call): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

function percentiles(times: number[]): Latency {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }
}
