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

const LOWER_IS_BETTER = /(error|loss|brier|mae|mse|rmse|mape|rmsle|deviance|latency|perplexity|fpr|fnr|wer|eer)/i

/**
 * A metric of the version file, measured on the held-out set.
 * @param options.better which direction is better; by default `lower` for names of errors and losses, else `higher`
 */
export function metric(name: string, options: { better?: Direction } = {}): MetricGates {
  const better = options.better ?? (LOWER_IS_BETTER.test(name) ? 'lower' : 'higher')
  return {
    atLeast: (value) => ({ kind: 'threshold', metric: name, comparison: 'at-least', value }),
    atMost: (value) => ({ kind: 'threshold', metric: name, comparison: 'at-most', value }),
    noWorseThanChampion: ({ tolerance = '0%' } = {}) => ({ kind: 'champion', metric: name, better, tolerance }),
  }
}
