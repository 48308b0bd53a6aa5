/** Multiples of the latency objective. 1 is among them, so that a rule can count the requests that met it exactly. */
const SLO_FACTORS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 40]

/** Upper bounds, seconds, of parts of a request: from a tiny tree (50 us) to a network that takes seconds. */
export const PART_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
]

export const ROW_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024]

/**
 * Upper bounds, seconds, of the request duration, derived from the objectives (milliseconds) of the models in this process.
 * A Prometheus histogram has one set of bounds, so several different objectives give the union of theirs.
 */
export function latencyBuckets(latencyP99Ms: readonly number[]): number[] {
  const objectives = new Set(latencyP99Ms)
  const bounds = new Set<number>()
  for (const objective of objectives) {
    // Rounded, so that 0.1 * 0.75 is written as 0.075 and a rule can name the bound.
    for (const factor of SLO_FACTORS) bounds.add(Number(((objective * factor) / 1000).toPrecision(6)))
  }
  return [...bounds].sort((a, b) => a - b)
}
