import type { Duration, MemoryQuantity, Percentage } from './units.ts'

/** Which direction of a metric is better. */
export type Direction = 'higher' | 'lower'

export interface ThresholdGate {
  kind: 'threshold'
  metric: string
  comparison: 'at-least' | 'at-most'
  value: number
}

export interface ChampionGate {
  kind: 'champion'
  metric: string
  better: Direction
  /** Share of the champion's value that the candidate may be worse by. */
  tolerance: Percentage
  /** Judges the paired interval of this confidence instead of the difference itself. */
  confidence?: Percentage
}

/** How old the measurement of a version's metrics may be. */
export interface EvaluationAgeGate {
  kind: 'evaluation-age'
  atMost: Duration
}

/** How many rows the metrics were measured on at least. */
export interface EvaluationRowsGate {
  kind: 'evaluation-rows'
  atLeast: number
}

/** Both versions were measured on the same rows: on data sets of one digest. */
export interface EvaluationDataGate {
  kind: 'evaluation-data'
}

/** Time that the model alone takes for one row, where the gate is judged. */
export interface LatencyGate {
  kind: 'latency'
  quantile: 'p50' | 'p99'
  atMost?: Duration
  /** Share of the champion's time that the candidate may take longer. */
  tolerance?: Percentage
}

/** What a process holds more with the model than without, where the gate is judged. */
export interface MemoryGate {
  kind: 'memory'
  atMost?: MemoryQuantity
  /** Share of the champion's memory that the candidate may take more. */
  tolerance?: Percentage
}

export type PromotionGate = (
  | ThresholdGate
  | ChampionGate
  | EvaluationAgeGate
  | EvaluationRowsGate
  | EvaluationDataGate
  | LatencyGate
  | MemoryGate
) & {
  /** Shown to the reviewer, and blocks nothing. */
  advisory?: true
}

/** Shows what a gate says to the reviewer; a failure, or an answer that is not known, blocks nothing. */
export function advisory<G extends PromotionGate>(gate: G): G & { advisory: true } {
  return { ...gate, advisory: true }
}

export interface MetricGates {
  /** Passes when the metric is this value or more. */
  atLeast(value: number): ThresholdGate
  /** Passes when the metric is this value or less. */
  atMost(value: number): ThresholdGate
  /**
   * Passes when the metric is not worse than that of the version running in the target environment.
   * @param options.tolerance how much worse it may be, as a share of the champion's value. Default 0 %.
   * @param options.confidence such as `95%`: the paired interval of the difference decides, so that luck of the rows does not. It passes
   *   when the whole interval is within the tolerance, fails when the whole is beyond it, and cannot tell when it straddles the bound.
   *   Needs the evaluation rows in `models/<model>/evaluation/`.
   */
  noWorseThanChampion(options?: { tolerance?: Percentage; confidence?: Percentage }): ChampionGate
}

/** Words of a metric's name: `log_loss`, `rmse@10` and `meanAbsoluteError` have one of these, `power` has none. */
const LOWER_IS_BETTER = new Set(
  'error errors loss logloss brier mae mse rmse mape smape rmsle msle deviance latency perplexity fpr fnr wer cer eer'.split(
    ' ',
  ),
)

function defaultDirection(name: string): Direction {
  const words = name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase())
  // scikit-learn negates errors under names such as `neg_mean_squared_error`, so that higher is better again.
  return words[0] !== 'neg' && words.some((word) => LOWER_IS_BETTER.has(word)) ? 'lower' : 'higher'
}

/**
 * A metric of the version file, measured on the held-out set.
 * @param options.better which direction is better; by default `lower` for names of errors and losses, else `higher`
 */
export function metric(name: string, options: { better?: Direction } = {}): MetricGates {
  const better = options.better ?? defaultDirection(name)
  return {
    atLeast: (value) => ({ kind: 'threshold', metric: name, comparison: 'at-least', value }),
    atMost: (value) => ({ kind: 'threshold', metric: name, comparison: 'at-most', value }),
    noWorseThanChampion: ({ tolerance = '0%', confidence } = {}) => ({
      kind: 'champion',
      metric: name,
      better,
      tolerance,
      ...(confidence !== undefined && { confidence }),
    }),
  }
}

/** Gates on how a version's metrics were measured. */
export const evaluation = {
  /** Passes when the metrics were measured no longer ago: `evaluation.measuredAt` of the version, else `trainedAt` of its lineage. */
  noOlderThan: (age: Duration): EvaluationAgeGate => ({ kind: 'evaluation-age', atMost: age }),
  /** Passes when they were measured on this many rows or more. */
  atLeastRows: (rows: number): EvaluationRowsGate => ({ kind: 'evaluation-rows', atLeast: rows }),
  /** Passes when the champion was measured on a data set of the same digest. */
  sameDataAsChampion: (): EvaluationDataGate => ({ kind: 'evaluation-data' }),
}

/** Time of the model alone for one row, both versions measured in turns on the machine that judges. */
export function latency(quantile: 'p50' | 'p99') {
  return {
    atMost: (bound: Duration): LatencyGate => ({ kind: 'latency', quantile, atMost: bound }),
    /** Trust this one: whatever else the machine does falls on both versions alike. */
    noWorseThanChampion: ({ tolerance }: { tolerance: Percentage }): LatencyGate => ({
      kind: 'latency',
      quantile,
      tolerance,
    }),
  }
}

/** Memory that the model takes in a process of its own, on the machine that judges. */
export function memory() {
  return {
    atMost: (bound: MemoryQuantity): MemoryGate => ({ kind: 'memory', atMost: bound }),
    noWorseThanChampion: ({ tolerance }: { tolerance: Percentage }): MemoryGate => ({ kind: 'memory', tolerance }),
  }
}
