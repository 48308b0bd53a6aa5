import type { Prediction } from '../session/index.ts'

/** Why a version was given the request: the split's choice, or `direct` when the caller named the version. */
export type PredictionMode = 'stable' | 'canary' | 'ab' | 'shadow' | 'direct'

/** A value of a feature or of a truth. */
export type EventValue = number | string | boolean | null

/** One answered request, its rows in one event; the JSON lines of the log hold it as it is, CloudEvents as `data`. */
export interface PredictionEvent {
  type: 'prediction'
  requestId: string
  /** When the model had answered, ISO 8601 in UTC. */
  time: string
  model: string
  version: string
  /** Absent in an environment without sealed releases. */
  release?: string
  /** `sha256:<64 hexadecimal digits>` of the model file. */
  digest: string
  mode: PredictionMode
  /** From admission to the end of the model call. */
  latencyMs: number
  /** Rows of the request; `inputs` and `outputs` hold the first of them, all unless `truncated`. */
  rows: number
  truncated?: true
  /** Names that were left out of `inputs`. */
  dropped?: string[]
  /** Names of which `inputs` holds a keyed hash. */
  hashed?: string[]
  inputs: Record<string, unknown>[]
  outputs: Prediction[]
}

/** How a truth is compared: classes are equal or not, numbers are close. */
export type TruthKind = 'class' | 'number'

/** The truth of one row by output; an output that nothing is known of is absent. */
export type RowTruth = Record<string, EventValue>

/** What turned out to be true of one request, said by whoever found out, maybe to another pod than the one that answered. */
export interface FeedbackEvent {
  type: 'feedback'
  requestId: string
  /** When the truth was known, ISO 8601 in UTC. */
  time: string
  model: string
  /** Of each output that `truth` speaks of. */
  kinds: Record<string, TruthKind>
  /** One element a row of the request; null where nothing is known yet. */
  truth: (RowTruth | null)[]
}
