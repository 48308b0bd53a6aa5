import type { Duration, Percentage } from './units.ts'

type Weekday = 'Mon' | 'Tue' | 'Wed' | 'Thu' | 'Fri' | 'Sat' | 'Sun'

/** `Fri 16:00`: every week. */
export type WeeklyTime = `${Weekday} ${number}:${number}`
/** `2026-12-20 16:00`: once. */
export type CalendarTime = `${number}-${number}-${number} ${number}:${number}`

/** A time in which nothing is merged into an environment. */
export interface FreezeWindow {
  /** First minute that is frozen. */
  from: WeeklyTime | CalendarTime
  /** First minute that is not frozen any more. */
  until: WeeklyTime | CalendarTime
  /** Of the IANA data base: `Europe/Berlin`. */
  timeZone: string
  /** For those who wait. */
  reason?: string
}

/**
 * Freezes an environment every week, `freeze('Fri 16:00', 'Mon 08:00', { timeZone: 'Europe/Berlin' })`, or once,
 * `freeze('2026-12-20 16:00', '2027-01-04 06:00', ...)`: as clocks on the wall in that time zone show, summer time or not.
 */
export function freeze(
  from: WeeklyTime,
  until: WeeklyTime,
  options: { timeZone: string; reason?: string },
): FreezeWindow
export function freeze(
  from: CalendarTime,
  until: CalendarTime,
  options: { timeZone: string; reason?: string },
): FreezeWindow
export function freeze(
  from: FreezeWindow['from'],
  until: FreezeWindow['until'],
  options: { timeZone: string; reason?: string },
): FreezeWindow {
  return { from, until, ...options }
}

/** What the release did in the environment before, by its Prometheus; needs an address there. */
export interface LiveGates {
  /** Share of answers that are server errors (5xx). */
  errorRate?: Percentage
  /** 99 % of the answers came within this time. */
  latencyP99?: Duration
  /** Over how long before now. Default `1h`. */
  during?: Duration
  /** Fewer requests than this tell nothing. Default 100. */
  requests?: number
}

/** What every promotion into an environment must pass, beside the gates of its model. */
export interface EnvironmentGates {
  /** Reviews that a promotion needs before it is merged. */
  approvals?: number
  /** A release must have been merged into the environment before in an earlier change. Default: `modelyard validate --since` warns. */
  separateChange?: boolean
  /** Time that the release was seen loaded in the environment before, by the Prometheus of that one. */
  soak?: Duration
  live?: LiveGates
  /** Times in which nothing is merged. */
  freeze?: FreezeWindow[]
  /** Fields that a version's lineage must have, `dataset.sha256` for one inside another. Default: it must not be empty. */
  lineage?: string[]
}
