import type { Percentage } from './units.ts'

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
}

export type Gate = ThresholdGate | ChampionGate

export interface MetricGates {
  /** Passes when the metric is this value or more. */
  atLeast(value: number): ThresholdGate
  /** Passes when the metric is this value or less. */
  atMost(value: number): ThresholdGate
  /** Passes when the metric is not worse than that of the version running in the target environment. Default tolerance 0 %. */
  noWorseThanChampion(options?: { tolerance?: Percentage }): ChampionGate
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
    noWorseThanChampion: ({ tolerance = '0%' } = {}) => ({ kind: 'champion', metric: name, better, tolerance }),
  }
}
