import type { ModelInterface } from 'modelyard-serving/contract'
import type { Prediction } from 'modelyard-serving/session'
import type { EvaluationRows } from '../definitions/index.ts'
import { comparedDecision } from './decision.ts'
import type { ReplayedRow } from './replay.ts'

/** What a metric is computed of: one entry a row. */
export interface Scored {
  /** The true number; 1 for the positive class and 0 for the other. */
  truth: Float64Array
  /** The predicted number; the probability of the positive class. */
  predicted: Float64Array
  /** 1 where the decision is right. Classes only. */
  right?: Float64Array
}

/** A metric of rows that count as often as `weights` says. */
export type RowMetric = (scored: Scored, weights: ArrayLike<number>) => number

/** scikit-learn clips probabilities to the smallest step of a float64. */
const EPSILON = 2 ** -52

/** Mean over rows, each as often as its weight. */
const meanOf =
  (loss: (truth: number, predicted: number) => number): RowMetric =>
  ({ truth, predicted }, weights) => {
    let [sum, count] = [0, 0]
    for (let row = 0; row < truth.length; row++) {
      const weight = weights[row] ?? 0
      sum += weight * loss(truth[row] ?? Number.NaN, predicted[row] ?? Number.NaN)
      count += weight
    }
    return sum / count
  }

const mse = meanOf((truth, predicted) => (truth - predicted) ** 2)

const accuracy: RowMetric = ({ right, truth }, weights) =>
  right ? meanOf((_, is) => is)({ truth, predicted: right }, weights) : Number.NaN

const logLoss = meanOf((truth, predicted) => {
  const probability = Math.min(Math.max(predicted, EPSILON), 1 - EPSILON)
  return -Math.log(truth === 1 ? probability : 1 - probability)
})

/** 1 - residual / total sum of squares, as `sklearn.metrics.r2_score`. */
const r2: RowMetric = (scored, weights) => {
  const mean = meanOf((truth) => truth)(scored, weights)
  return 1 - mse(scored, weights) / meanOf((truth) => (truth - mean) ** 2)(scored, weights)
}

/** Area under the ROC curve: the share of pairs that are ranked right, ties by half (Mann-Whitney U). */
const auc: RowMetric = (scored, weights) => {
  const { truth, predicted } = scored
  const order = orderOf(scored)
  let [negativesBelow, area, positives, negatives] = [0, 0, 0, 0]
  for (let start = 0; start < order.length; ) {
    let [tiedPositives, tiedNegatives, end] = [0, 0, start]
    for (; end < order.length && predicted[order[end] ?? 0] === predicted[order[start] ?? 0]; end++) {
      const row = order[end] ?? 0
      if (truth[row] === 1) tiedPositives += weights[row] ?? 0
      else tiedNegatives += weights[row] ?? 0
    }
    area += tiedPositives * (negativesBelow + tiedNegatives / 2)
    negativesBelow += tiedNegatives
    positives += tiedPositives
    negatives += tiedNegatives
    start = end
  }
  return area / (positives * negatives)
}

const orders = new WeakMap<Scored, Uint32Array>()

/** Rows by prediction, sorted once however often they are drawn. */
function orderOf(scored: Scored): Uint32Array {
  const { predicted } = scored
  const order =
    orders.get(scored) ?? Uint32Array.from(predicted.keys()).sort((a, b) => (predicted[a] ?? 0) - (predicted[b] ?? 0))
  orders.set(scored, order)
  return order
}

const NUMBERS: Record<string, RowMetric> = {
  mae: meanOf((truth, predicted) => Math.abs(truth - predicted)),
  mse,
  rmse: (scored, weights) => Math.sqrt(mse(scored, weights)),
  // scikit-learn divides by at least its smallest step.
  mape: meanOf((truth, predicted) => Math.abs(truth - predicted) / Math.max(Math.abs(truth), EPSILON)),
  r2,
}
const CLASSES: Record<string, RowMetric> = {
  accuracy,
  error_rate: (scored, weights) => 1 - accuracy(scored, weights),
}
const PROBABILITIES: Record<string, RowMetric> = {
  auc,
  roc_auc: auc,
  log_loss: logLoss,
  brier: mse,
}

/** Metrics that can be computed again from replayed rows, both versions side by side; or why they cannot. */
export interface ScoredRows {
  champion: Scored
  candidate: Scored
  metrics: Readonly<Record<string, RowMetric>>
}

/** @param rows with their truth */
export function scoreRows(
  rows: readonly ReplayedRow[],
  interfaces: { champion?: ModelInterface; candidate: ModelInterface },
  reading: EvaluationRows | undefined,
): ScoredRows | { unknown: string } {
  if (!reading) return { unknown: 'model.ts does not say which column is the truth' }
  if (rows.some(({ truth }) => truth === undefined || truth === '')) return { unknown: 'rows without a truth' }
  const decision = comparedDecision(interfaces, rows[0], reading)
  if (!decision) return { unknown: 'no output is a number or a class in both' }
  const truths = rows.map(({ truth = '' }) => truth)
  const both = (score: (predictions: Prediction[]) => Scored) => ({
    champion: score(rows.map(({ champion }) => champion)),
    candidate: score(rows.map(({ candidate }) => candidate)),
  })
  if (decision.kind === 'number') {
    const truth = Float64Array.from(truths, Number)
    if (truth.some(Number.isNaN)) return { unknown: `the column ${reading.truth} is not a number in every row` }
    return {
      ...both((predictions) => ({ truth, predicted: Float64Array.from(predictions, decision.read) })),
      metrics: NUMBERS,
    }
  }
  const { probabilities, read } = decision
  const positive = reading.positive ?? probabilities?.labels.at(-1)
  const truth = Float64Array.from(truths, (label) => Number(label === positive))
  const isBinary = probabilities?.labels.length === 2 && positive !== undefined
  return {
    ...both((predictions) => ({
      truth,
      right: Float64Array.from(predictions, (prediction, row) => Number(read(prediction) === truths[row])),
      predicted: Float64Array.from(predictions, (prediction) =>
        isBinary ? probabilities.of(prediction, positive) : Number.NaN,
      ),
    })),
    metrics: isBinary ? { ...CLASSES, ...PROBABILITIES } : CLASSES,
  }
}

/** Every row once. */
export function evenWeights(rows: number): Uint8Array {
  return new Uint8Array(rows).fill(1)
}
