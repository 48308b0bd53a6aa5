import type { Window } from './selectors.ts'

/** Objectives of a model, as shares of its requests. */
export interface ServiceLevel {
  /** Requests that may fail with a server error. */
  errorBudget: number
  /** Requests that may take longer than `latencySeconds`. */
  slowBudget: number
  latencySeconds: number
}

/** Of the answers 99 % are to come in time: the objective is called p99. */
const SLOW_BUDGET = 0.01

export function serviceLevel({
  latencyP99Ms,
  availability,
}: {
  latencyP99Ms: number
  availability: number
}): ServiceLevel {
  return {
    // 1 - 0.999 is 0.0010000000000000009.
    errorBudget: Number((1 - availability).toPrecision(6)),
    slowBudget: SLOW_BUDGET,
    latencySeconds: Number((latencyP99Ms / 1000).toPrecision(6)),
  }
}

/** How fast a budget burns when it is time to act: seen over the long window, and still so over the short one. */
export interface BurnRate {
  /** 1 uses a month's budget up in a month. */
  factor: number
  long: Window
  short: Window
  severity: 'critical' | 'warning'
}

/**
 * The multi-window, multi-burn-rate alerts of The Site Reliability Workbook, chapter 5 (https://sre.google/workbook/alerting-on-slos/):
 * 2 % of a month's budget in an hour, 5 % in six, 10 % in a day, 10 % in three days.
 */
export const BURN_RATES: readonly BurnRate[] = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'critical' },
  { factor: 6, long: '6h', short: '30m', severity: 'critical' },
  { factor: 3, long: '1d', short: '2h', severity: 'warning' },
  { factor: 1, long: '3d', short: '6h', severity: 'warning' },
]

/** Every window that a burn rate is seen over, shortest first. */
export const BURN_WINDOWS: readonly Window[] = ['5m', '30m', '1h', '2h', '6h', '1d', '3d']

/** The rate at which somebody is woken up within the hour, and the one at which nobody is. */
export const PAGING_BURN = 14.4
export const QUIET_BURN = 6

/** Share of bad requests at which a budget burns `factor` times too fast; 1 or more can never be passed. */
export function burnThreshold(budget: number, factor: number): number {
  return Number((budget * factor).toPrecision(6))
}
