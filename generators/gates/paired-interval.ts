import { generator } from './random.ts'
import { evenWeights, type RowMetric, type ScoredRows } from './row-metrics.ts'

/** Candidate minus champion, in the metric's own unit. */
export interface PairedInterval {
  champion: number
  candidate: number
  difference: number
  low: number
  high: number
  /** 0 to 1. */
  confidence: number
  rows: number
}

const DRAWS = 2000
/** Rows drawn in all: millions of rows need fewer draws, and must not take minutes. */
const MOST_DRAWN = 4e7

/**
 * The difference of a metric between two versions on the same rows, with the percentile bootstrap interval of it: rows are drawn with
 * replacement, both versions on the rows of the same draw, and the interval is from the (1 - c) / 2 to the (1 + c) / 2 quantile
 * of the differences. It needs no formula for the metric's variance, so it serves an AUC as it does a mean error.
 * Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. The seed is fixed: the same rows
 * give the same interval.
 */
export function pairedInterval(scored: ScoredRows, metric: RowMetric, confidence: number): PairedInterval {
  const { champion, candidate } = scored
  const rows = champion.truth.length
  const random = generator(rows)
  const weights = new Uint16Array(rows)
  const differences: number[] = []
  const draws = Math.max(200, Math.min(DRAWS, Math.floor(MOST_DRAWN / rows)))
  for (let draw = 0; draw < draws; draw++) {
    weights.fill(0)
    for (let row = 0; row < rows; row++) {
      const drawn = Math.floor(random() * rows)
      weights[drawn] = (weights[drawn] ?? 0) + 1
    }
    const difference = metric(candidate, weights) - metric(champion, weights)
    // A draw with one class alone has no AUC.
    if (Number.isFinite(difference)) differences.push(difference)
  }
  differences.sort((a, b) => a - b)
  const at = (share: number) => differences[Math.round(share * (differences.length - 1))] ?? Number.NaN
  const once = evenWeights(rows)
  const [was, is] = [metric(champion, once), metric(candidate, once)]
  const tail = (1 - confidence) / 2
  return { champion: was, candidate: is, difference: is - was, low: at(tail), high: at(1 - tail), confidence, rows }
}
