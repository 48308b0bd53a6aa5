import type { PinFile, Reference } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import {
  type Loaded,
  type Plan,
  type PlannedEnvironment,
  type PlannedVersion,
  paths,
  type Repository,
} from '../repository/index.ts'
import { editScalar } from '../yaml/index.ts'
import { type PinChange, requireEnvironment, requirePinned, withoutCandidate, withStable } from './pin-change.ts'

export interface CandidateRequest {
  model: string
  environment: string
  /** A share of requests in percent, the end in which it becomes the stable version, or the end in which it goes. */
  step: { weight: number } | 'finish' | 'abort'
}

/** What became of a candidate. */
export interface CandidateChange extends PinChange {
  step: CandidateRequest['step']
  /** The candidate as the pin has it before. */
  before: NonNullable<PinFile['candidate']>
  /** The candidate that becomes the stable version: with `finish` alone, and what gates judge. */
  promoted?: PlannedVersion
}

/**
 * Decides the next step of a candidate; writes nothing. Undefined when it has that weight already. Only `finish` is judged by gates: it
 * alone lets the candidate answer everything.
 * @throws Failure when there is no such environment, model or candidate
 */
export function planCandidate(
  repository: Repository,
  plan: Plan,
  request: CandidateRequest,
): CandidateChange | undefined {
  const { model, environment, step } = request
  const target = requireEnvironment(plan, environment)
  const pin = repository.environments.get(environment)?.pins.get(model)
  const before = pin?.value.candidate
  if (!pin || !before) throw noCandidate(model, target)
  const { stable, candidate } = requirePinned(target, model)
  const { release, digest, mode: kind, ...share } = before
  const reference = { name: release, ...(digest !== undefined && { digest }) }
  const common = { model, environment, from: stable, pin: editedPin(pin, step, reference), step, before }
  // What ends a candidate must work for one that cannot be rendered, too.
  if (step === 'abort') return { ...common, to: stable.reference, mode: { kind: 'stable' }, gates: [], findings: [] }
  if (!candidate) throw new Failure(`${before.release} cannot be rendered`, { findings: plan.findings })
  if (step === 'finish') {
    return {
      ...common,
      to: before.release,
      mode: { kind: 'stable' },
      promoted: candidate.version,
      gates: [],
      findings: [],
    }
  }
  if (step.weight === before.weight) return undefined
  return { ...common, to: release, mode: { ...share, kind, weight: step.weight }, gates: [], findings: [] }
}

function noCandidate(model: string, { definition: { name, promotesFrom } }: PlannedEnvironment): Failure {
  const start = `modelyard promote ${model} --from ${promotesFrom?.name} --to ${name} --candidate canary --weight 10`
  return new Failure(`${model} has no candidate in ${name}`, {
    fix: promotesFrom ? `Start one with: ${start}` : `Write one into ${paths.pin(name, model)}.`,
  })
}

function editedPin(
  { file, text }: Loaded<PinFile>,
  step: CandidateRequest['step'],
  reference: Reference,
): PinChange['pin'] {
  if (typeof step === 'object') {
    return { file, before: text, after: editScalar(file, text, ['candidate', 'weight'], step.weight) }
  }
  const { after } = withoutCandidate(file, text)
  return { file, before: text, after: step === 'abort' ? after : withStable(file, after, reference).after }
}
