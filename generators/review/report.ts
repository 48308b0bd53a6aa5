import type { Finding } from '../findings/index.ts'
import type { CandidateMode, Mode } from '../pins/index.ts'
import type { SettingChange } from '../repository/index.ts'

/** What runs, or shall run: absent `release` in a first environment. */
export interface RunningVersion {
  /** `1.5.0` */
  version: string
  /** `1.5.0-8f3c2a9d` */
  release?: string
}

export interface GateResult {
  /** Short, with its threshold: `r2 >= 0.4`. */
  name: string
  /** `pending`: its moment has not come; `unknown`: it could not be checked. */
  result: 'pass' | 'fail' | 'pending' | 'unknown'
  /** What was found: `0.941`, `0 of 2`, `not checked`. */
  detail: string
  /** A sentence for those who wonder, shown below the table. */
  note?: string
  /** What `--override` calls it. What `interface` and `golden-samples` judge is told at length, and not counted twice. */
  gate?: string
  /** Blocks nothing. */
  advisory?: true
  /** Why it does not block although it says so. */
  overridden?: string
}

export interface InterfaceChange {
  kind: 'breaking' | 'compatible'
  /** `input bmi: maximum 80 -> 90` */
  message: string
}

/** Both versions on the same rows. */
interface ComparedRows {
  rows: number
  /** Rows that the metrics were measured on, or the candidate's golden samples. Default: golden samples. */
  from?: 'evaluation' | 'golden'
  /** Rows that one of the versions does not take. */
  skipped?: number
  /** Why the rows are golden samples. */
  note?: string
  /** None has run where `total` is 0. */
  golden: { passed: number; total: number }
  /** Rows of one declared category each, the worst first. */
  slices?: Slice[]
  /** The largest changes first. */
  largest?: ChangedRow[]
}

export interface Changes {
  /** In the output's unit. */
  meanAbsoluteChange: number
  maxAbsoluteChange: number
  /** Rows by size of the change; `label` is at most nine characters: `1-5 %`. */
  histogram: { label: string; rows: number }[]
}

/** The histogram is of relative changes. */
export interface RegressionComparison extends ComparedRows, Changes {
  kind: 'regression'
  /** What is compared. */
  output?: { name: string; unit?: string }
}

export interface ClassificationComparison extends ComparedRows {
  kind: 'classification'
  /** How many rows get which other label; labels as text. */
  flips: { from: string; to: string; rows: number }[]
  /** How the probability of one label changes; absent where the graph gives labels alone. */
  score?: Changes & { label: string }
}

export interface Slice {
  feature: string
  label: string
  rows: number
  /** Share of rows that get another label, or the mean absolute change of a number. */
  change: number
  /** Of `change` to that of all rows. */
  ratio: number
  /**
   * Of a number: the mean signed change, its share of the mean size of the answers before, and the same of all other rows. `isApart`:
   * they differ beyond chance and by enough to matter.
   */
  bias?: { shift: number; relative?: number; elsewhere: number; isApart: boolean }
  /** Mean error of each version where the truth is known: share of wrong labels, or mean absolute error; worse and better beyond chance. */
  error?: { from: number; to: number; isWorse: boolean; isBetter: boolean }
}

export interface ChangedRow {
  id: string
  from: number
  to: number
}

/** `unknown` says why nothing could be compared: `no champion`, `the artifact of 1.4.2 is not here`. */
export type PredictionComparison = RegressionComparison | ClassificationComparison | { kind: 'unknown'; reason: string }

/** What one version costs to run; absent is unknown. */
export interface VersionCost {
  artifactBytes?: number
  /** Milliseconds of the model alone, one row; p99 where there were calls enough. */
  p50Ms?: number
  p99Ms?: number
  /** What the model adds to a process. */
  memoryBytes?: number
}

/** Files of dist/<environment>, relative to the repository's root. */
export interface ObjectChanges {
  added: string[]
  changed: string[]
  removed: string[]
  /** Whether the pods that serve today's stable version restart. */
  podsRestart: boolean
  /** Other models whose files change; empty as it should be. */
  otherModels: string[]
}

/** Everything that a promotion's pull request says: plain data, so that it can be tested, printed and sent as JSON. */
export interface PromotionReport extends RenderedChanges {
  model: string
  environment: string
  /** What the environment runs as stable now; absent for a first promotion. */
  from?: RunningVersion
  to: RunningVersion
  mode: Mode
  gates: GateResult[]
  /** Gates that do not block by somebody's decision. */
  overrides?: { gate: string; reason: string }[]
  /** Against `from`; empty means compared and equal. Undefined: could not be compared, or nothing to compare with. */
  interfaceChanges: InterfaceChange[] | undefined
  predictions: PredictionComparison
  cost: {
    from?: VersionCost
    to: VersionCost
    /** Candidate to champion: 99 % intervals; absent where there were too few calls. */
    p50Ratio?: { low: number; high: number }
    p99Ratio?: { low: number; high: number }
    /** Both have the same artifact, byte by byte. */
    sameArtifact?: true
    /** Whether the limit in effect, `512Mi`, holds what the pods that load it need: the stable version too where `isShared`. */
    limit?: { memory: string; isShared: boolean; neededBytes: number; holds: boolean }
  }
  settings: SettingChange[]
  undo: Undo
  lineage: Record<string, string>
  /** Full or short id of the commit that everything was checked at. */
  baseCommit: string
}

/** How a change is taken back. */
export interface Undo {
  /** Words separated by spaces: `modelyard rollback fraud-scorer --env production`. */
  command: string
  /** Whether gates judge it: it takes artifacts and what else they read, and may be refused. */
  isJudged: boolean
}

/** What merging does to the repository; the same for every change of a pin. */
export interface RenderedChanges {
  objects: ObjectChanges
  pinDiff: string
  renderedDiff: string
  /** Warnings that the change brings; errors never get as far as a pull request. */
  findings: Finding[]
}

interface StepReport extends RenderedChanges {
  model: string
  environment: string
  /** Why, in the words of who did it. */
  reason?: string
  undo: Undo
  /** Full or short id of the commit that everything was checked at. */
  baseCommit: string
}

/** Everything that a rollback's pull request says. */
export interface RollbackReport extends StepReport {
  /** The stable version before; absent when the model was retired and comes back. Equal to `to` when only a candidate ends. */
  from?: RunningVersion
  to: RunningVersion
  /** The candidate that ends. `weight` in percent. */
  candidate?: { version: RunningVersion; mode: CandidateMode['kind']; weight: number }
  /** When `to` last ran there and until which commit. */
  ranBefore?: { commit: string; date: string }
}

/** A candidate gets another share of requests, or goes. */
export interface CandidateReport extends StepReport, Pick<CandidateMode, 'header' | 'value' | 'feature'> {
  stable: RunningVersion
  candidate: RunningVersion
  mode: CandidateMode['kind']
  /** Percent; `to` is absent when the candidate goes. */
  weight: { from: number; to?: number }
}

/** A model runs in an environment no longer. */
export interface RetirementReport extends StepReport {
  from: RunningVersion
  callers: Callers
  /** Where the model runs on that is promoted from this environment. */
  runsOn: { environment: string; version: RunningVersion }[]
}

/** Requests that a model answered in the time named, by protocol the busiest first; or why that is not known. */
export type Callers =
  | { requests: number; during: string; routes: { route: string; requests: number }[] }
  | { unknown: string }
