import type { MemoryUse } from './memory.ts'
import type { Replay } from './replay.ts'

/** Something measured or asked, or why it is not known. */
export type Known<T> = { value: T } | { unknown: string }

/** What the release did in the environment before, as its Prometheus tells. */
export interface LiveFigures {
  /** Of all pods in the time asked about. */
  requests: number
  /** 0 to 1. */
  errorRate: number
  p99Ms: number
}

/** All that gates judge by and the repository does not hold: gathered first, judged afterwards. */
export interface Evidence {
  now: Date
  /** Absent: artifacts were left out. */
  replay?: Replay
  memory?: { champion?: MemoryUse; candidate: MemoryUse }
  /** Milliseconds that the release was seen loaded. */
  soak?: Known<number>
  live?: Known<LiveFigures>
  /** Reviews that approve, at the merge. */
  approvals?: Known<number>
}

/** For a verdict that only running the models could give. */
export function ifNotRun({ replay }: Evidence): { cause?: 'not-run' } {
  return replay ? {} : { cause: 'not-run' }
}
