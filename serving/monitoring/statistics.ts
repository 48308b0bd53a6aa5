/** How often something happened and how long it took in total, seconds. */
export interface Timing {
  count: number
  seconds: number
}

/** Totals of one version since the process started, for protocols that answer them as JSON. */
export interface VersionStatistics {
  /** Requests answered with a status below 400. */
  success: Timing
  /** Requests answered with any other. */
  failure: Timing
  /** Waiting for the model call. */
  queue: Timing
  /** Model calls. */
  calls: Timing
  /** Rows of all model calls. */
  rows: number
  /** Milliseconds since the epoch of the last answered request; 0 before the first. */
  lastAnswered: number
  /** Model calls by their rows. */
  byRows: Map<number, Timing>
}

/** Different batch sizes that are told apart; the batcher's maximum keeps real ones far below, an unbatched model may not. */
const MOST_SIZES = 256

export function createStatistics(): VersionStatistics {
  return {
    success: noTime(),
    failure: noTime(),
    queue: noTime(),
    calls: noTime(),
    rows: 0,
    lastAnswered: 0,
    byRows: new Map(),
  }
}

/** One answered request. */
export function countRequest(statistics: VersionStatistics, code: number, seconds: number): void {
  addTiming(code < 400 ? statistics.success : statistics.failure, seconds)
  statistics.lastAnswered = Date.now()
}

/** One model call. */
export function countCall(statistics: VersionStatistics, seconds: number, rows: number): void {
  addTiming(statistics.calls, seconds)
  statistics.rows += rows
  let timing = statistics.byRows.get(rows)
  if (timing === undefined) {
    if (statistics.byRows.size >= MOST_SIZES) return
    timing = noTime()
    statistics.byRows.set(rows, timing)
  }
  addTiming(timing, seconds)
}

export function addTiming(timing: Timing, seconds: number): void {
  timing.count += 1
  timing.seconds += seconds
}

function noTime(): Timing {
  return { count: 0, seconds: 0 }
}
