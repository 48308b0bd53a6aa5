import { formatReference, type PinFile, type Reference, type ReleaseFile } from '../definitions/index.ts'
import { Failure, type Finding } from '../findings/index.ts'
import type { GateOverride, GateResult } from '../gates/index.ts'
import {
  type Plan,
  type PlannedEnvironment,
  type PlannedModel,
  type PlannedVersion,
  paths,
} from '../repository/index.ts'
import { nearest } from '../text/index.ts'
import { addKey, editScalar, formatYaml, removeKey } from '../yaml/index.ts'

/** Answers everything, or a share of requests beside the stable version. */
export type Mode = { kind: 'stable' } | CandidateMode

/** What a pin says of a candidate, `mode` as `kind`. `weight` is in percent; `header`, `feature` and `salt` are for `ab` alone. */
export type CandidateMode = Omit<NonNullable<PinFile['candidate']>, 'release' | 'digest' | 'mode'> & {
  kind: NonNullable<PinFile['candidate']>['mode']
}

/** What a promotion or a rollback writes by hand, decided; the rest of the change follows by synthesis. */
export interface PinChange {
  model: string
  environment: string
  /** What runs there now; absent for a first promotion. */
  from?: PlannedVersion
  /** What it is about afterwards, the stable version or the candidate: `1.5.0-8f3c2a9d`, or `1.5.0` in a first environment. */
  to: string
  /** How `to` answers afterwards. */
  mode: Mode
  /** `after` absent: the pin is removed. */
  pin: { file: string; before?: string; after?: string }
  /** A release that is sealed by this change. */
  release?: { file: string; content: ReleaseFile; text: string }
  gates: GateResult[]
  findings: Finding[]
  /** Gates that do not block, and who takes the responsibility why. */
  overrides?: GateOverride[]
}

/** A change that lets a version answer what it has not answered there before: one that gates judge. */
export interface PromotionChange extends PinChange {
  promoted: PlannedVersion
}

export function requireEnvironment(plan: Plan, name: string): PlannedEnvironment {
  const environment = plan.environments.find(({ definition }) => definition.name === name)
  if (environment) return environment
  const known = plan.environments.map(({ definition }) => definition.name).join(', ')
  throw new Failure(`there is no environment "${name}"`, { fix: `Name one of ${known}.` })
}

/** @param leftOut other models of the repository, where the plan is of one alone */
export function requirePinned(
  environment: PlannedEnvironment,
  model: string,
  leftOut: ReadonlySet<string> = new Set(),
): PlannedModel {
  const pinned = environment.models.find(({ name }) => name === model)
  if (pinned) return pinned
  const { name } = environment.definition
  throw new Failure(`${model} does not run in ${name}: there is no ${paths.pin(name, model)}`, {
    fix: whatRuns(environment, model, leftOut),
  })
}

/** A thousand names help nobody who wrote one wrong. */
const NAMED = 10

function whatRuns({ models, definition }: PlannedEnvironment, model: string, leftOut: ReadonlySet<string>): string {
  const known = leftOut.size > 0 ? [...leftOut] : models.map(({ name }) => name)
  const meant = nearest(model, known)
  if (meant !== undefined) return `Did you mean ${meant}?`
  const where = leftOut.size > 0 ? 'Other models' : `Models of ${definition.name}`
  const more = known.length > NAMED ? `, and ${known.length - NAMED} more` : ''
  return `${where}: ${known.slice(0, NAMED).join(', ') || 'none'}${more}.`
}

/** The pin with another stable version: one scalar replaced, comments kept; a new file when there is none. */
export function withStable(file: string, before: string | undefined, reference: Reference) {
  const stable = formatReference(reference)
  if (before === undefined) return { file, after: formatYaml({ stable }) }
  return { file, before, after: editScalar(file, before, ['stable'], stable) }
}

/** The pin with a candidate, which it must not have yet. */
export function withCandidate(file: string, before: string, reference: Reference, { kind, ...share }: CandidateMode) {
  const release = formatReference(reference)
  return { file, before, after: addKey(file, before, 'candidate', { release, mode: kind, ...share }) }
}

/** The pin without its candidate. */
export function withoutCandidate(file: string, before: string) {
  return { file, before, after: removeKey(file, before, 'candidate') }
}
