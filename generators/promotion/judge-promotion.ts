import { Failure } from '../findings/index.ts'
import { type Evidence, type GateOverride, type Judgement, judge, type Moment } from '../gates/index.ts'
import { gatherEvidence, type Judging, recipientsOf } from '../observe/index.ts'
import { type PinChange, requireEnvironment } from '../pins/index.ts'
import type { Plan, PlannedVersion, Repository } from '../repository/index.ts'
import { formatForTerminal, gatesSection } from '../review/index.ts'

export interface JudgingOptions extends Judging {
  overrides?: readonly GateOverride[]
  moment?: Moment
  /** Where gates are read. Default: the repository that is judged. */
  gatesOf?: Repository
}

/** A change with what its gates said, and by what they judged. */
export type JudgedChange<Change> = Change & Judgement & { evidence: Evidence }

/** Gathers what the gates of a promotion judge by, and judges it. */
export async function judgeChange<Change extends PinChange>(
  change: Change,
  promoted: PlannedVersion,
  repository: Repository,
  plan: Plan,
  { overrides = [], moment = 'open', gatesOf = repository, ...judging }: JudgingOptions & { offline?: boolean },
): Promise<JudgedChange<Change>> {
  const { model, environment, from } = change
  const target =
    gatesOf.environments.get(environment)?.definition.value ?? requireEnvironment(plan, environment).definition
  // A candidate that becomes the stable version has been seen where it is.
  const candidate = gatesOf.environments.get(environment)?.pins.get(model)?.value.candidate
  const isCandidate =
    candidate?.release === promoted.reference && (candidate.digest ?? promoted.releaseDigest) === promoted.releaseDigest
  const seenIn = isCandidate ? target : target.promotesFrom
  const common = { model, candidate: promoted, ...(from && { champion: from }) }
  const recipients = judging.recipients ?? recipientsOf(gatesOf, 'the base branch', [judging.prometheus])
  const evidence = await gatherEvidence(repository, { ...common, target, seenIn }, { ...judging, recipients })
  return { ...change, ...judge(gatesOf, { ...common, environment, evidence, moment, overrides }), evidence }
}

/** @throws Failure with the table of gates when one of them blocks */
export function refuseBlocked({ findings, gates, model, environment }: PinChange, reference: string): void {
  if (findings.length === 0) return
  throw new Failure(`${model} ${reference} is not promoted to ${environment}`, {
    findings,
    details: formatForTerminal(gatesSection({ gates })),
    data: { gates },
  })
}
