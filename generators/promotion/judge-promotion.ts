import { isDeepStrictEqual } from 'node:util'
import type { ArtifactStore } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { type Evidence, type GateOverride, type Judgement, judge, type Moment } from '../gates/index.ts'
import { gatherEvidence, type Judging, recipientsOf } from '../observe/index.ts'
import { type PinChange, requireEnvironment } from '../pins/index.ts'
import {
  type HostPods,
  hostPods,
  type Plan,
  type PlannedModel,
  type PlannedVersion,
  type Repository,
} from '../repository/index.ts'
import { formatForTerminal, gatesSection } from '../review/index.ts'

export interface JudgingOptions extends Judging {
  overrides?: readonly GateOverride[]
  moment?: Moment
  /** Where gates are read. Default: the repository that is judged. */
  gatesOf?: Repository
  /** Whose environments name the stores that files are fetched from, with the credentials of this machine. Default: `gatesOf`. */
  storesOf?: Repository
}

/** A change with what its gates said, and by what they judged. */
export type JudgedChange<Change> = Change & Judgement & JudgedBy

/** What the gates judged by. */
export interface JudgedBy {
  evidence: Evidence
  /** The model as it runs in the environment now; absent for a first promotion. */
  current?: PlannedModel
  pods: HostPods
}

/** Gathers what the gates of a promotion judge by, and judges it. */
export async function judgeChange<Change extends PinChange>(
  change: Change,
  promoted: PlannedVersion,
  repository: Repository,
  plan: Plan,
  {
    overrides = [],
    moment = 'open',
    gatesOf = repository,
    storesOf = gatesOf,
    ...judging
  }: JudgingOptions & { offline?: boolean },
): Promise<JudgedChange<Change>> {
  const { model, environment, from, mode } = change
  const place = requireEnvironment(plan, environment)
  const target = gatesOf.environments.get(environment)?.definition.value ?? place.definition
  // A candidate that becomes the stable version has been seen where it is.
  const candidate = gatesOf.environments.get(environment)?.pins.get(model)?.value.candidate
  const isCandidate =
    candidate?.release === promoted.reference && (candidate.digest ?? promoted.releaseDigest) === promoted.releaseDigest
  const seenIn = isCandidate ? target : target.promotesFrom
  const common = { model, candidate: promoted, ...(from && { champion: from }) }
  const recipients = judging.recipients ?? recipientsOf(gatesOf, 'the base branch', [judging.prometheus])
  const evidence = await gatherEvidence(
    repository,
    { ...common, target, seenIn },
    { stores: storesFor(storesOf, environment), ...judging, recipients },
  )
  // What a pod gets is decided by the repository that is judged, not by the one that gates are read from.
  const pods = hostPods(place.definition, promoted, mode.kind === 'stable' ? undefined : from)
  const judgement = judge(gatesOf, { ...common, environment, pods, evidence, moment, overrides })
  const current = place.models.find(({ name }) => name === model)
  return { ...change, ...judgement, evidence, pods, ...(current && { current }) }
}

/** The store of an environment, and of those that promote to it: a file may not have been copied yet. */
function storesFor(repository: Repository, environment: string): ArtifactStore[] {
  const stores: ArtifactStore[] = []
  let place = repository.environments.get(environment)?.definition.value
  while (place) {
    stores.push(place.artifacts)
    place = place.promotesFrom
  }
  return stores.filter((one, index) => stores.findIndex((other) => isDeepStrictEqual(one, other)) === index)
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
