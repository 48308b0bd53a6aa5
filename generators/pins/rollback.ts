import { isSameReference, type PinFile, type Reference } from '../definitions/index.ts'
import { Failure } from '../findings/index.ts'
import { isRelease, type Plan, paths, type Repository, releaseReference } from '../repository/index.ts'
import { type PinChange, requireEnvironment, requirePinned, withoutCandidate, withStable } from './pin-change.ts'
import { type PastPin, type PastStable, pinHistory } from './pin-history.ts'

export interface RollbackRequest {
  model: string
  environment: string
  /**
   * A version or release that ran there. Default: while a candidate runs, the stable version beside it; otherwise what ran before the
   * present one was first promoted.
   */
  to?: string
}

export interface Rollback extends PinChange {
  /** What the pin names before, whether it can be rendered or not; absent when the model was retired. */
  replaces?: string
  /** The candidate that the rollback ends, as the pin has it before. */
  endedCandidate?: NonNullable<PinFile['candidate']>
  ranBefore: { commit: string; date: string }
}

/**
 * Decides a rollback from the pin's history alone: no artifact, no registry, no forge is asked. A candidate is the newest change of
 * a pin that has one, so a rollback always ends it, and without `to` changes nothing else.
 * @param history states of the pin, newest first, the present one included
 * @throws Failure when nothing else ran before, or `to` did not
 */
export function planRollback(
  repository: Repository,
  plan: Plan,
  { model, environment, to }: RollbackRequest,
  history: readonly PastPin[],
): Rollback {
  const planned = requireEnvironment(plan, environment)
  const pin = repository.environments.get(environment)?.pins.get(model)
  const file = paths.pin(environment, model)
  const { before, ever } = pinHistory(file, history)
  // A pin that names what does not exist is in no plan, and is what a rollback is for; one that is retired comes back.
  if (!pin && ever.length === 0) requirePinned(planned, model, repository.leftOut)
  const present = pin?.value.stable
  const candidate = pin?.value.candidate
  const from = planned.models.find(({ name }) => name === model)?.stable
  const running = pin && referenceOf(pin.value)
  const isNew = (past: PastStable) =>
    candidate !== undefined ||
    !running ||
    !isSameReference(referenceOf({ ...past, stableDigest: past.digest }), running)
  const target =
    to !== undefined
      ? ever.find((past) => isNew(past) && (past.stable === to || past.stable.split('-')[0] === to))
      : candidate
        ? ever.find(({ stable }) => stable === present)
        : before.findLast(isNew)
  if (!target) {
    const known = ever.flatMap(({ stable }) => (stable === present ? [] : [stable]))
    const fix =
      known.length > 0
        ? `Ran there before: ${known.join(', ')}.`
        : history.some(({ boundary }) => boundary)
          ? 'This clone is shallow. Fetch the whole history (git fetch --unshallow), then run the command again.'
          : `Promote another release, or end the model there: modelyard retire ${model} --env ${environment}`
    const what = to === undefined ? 'nothing else ran' : `${to} never ran`
    throw new Failure(`${what} in ${environment}${present ? ` before ${present}` : ''}`, { fix })
  }
  return {
    model,
    environment,
    ...(from && { from }),
    to: target.stable,
    mode: { kind: 'stable' },
    pin: rolledBack(file, pin?.text, sealedReference(repository, model, target), {
      endsCandidate: candidate !== undefined,
      replaces: running,
    }),
    gates: [],
    findings: [],
    ...(present !== undefined && { replaces: present }),
    ...(candidate && { endedCandidate: candidate }),
    ranBefore: { commit: target.state.commit, date: target.state.date },
  }
}

function rolledBack(
  file: string,
  before: string | undefined,
  stable: Reference,
  { endsCandidate, replaces }: { endsCandidate: boolean; replaces: Reference | undefined },
): PinChange['pin'] {
  const { after } = endsCandidate && before !== undefined ? withoutCandidate(file, before) : { after: before }
  const text = replaces && isSameReference(stable, replaces) ? after : withStable(file, after, stable).after
  return { file, ...(before !== undefined && { before }), ...(text !== undefined && { after: text }) }
}

function referenceOf({
  stable: name,
  stableDigest: digest,
}: {
  stable: string
  stableDigest?: string | undefined
}): Reference {
  return { name, ...(digest !== undefined && { digest }) }
}

/** With the digest that the pin had then; pins of before had none, and the release is what its file holds. */
function sealedReference(repository: Repository, model: string, { stable: name, digest }: PastStable): Reference {
  if (digest !== undefined) return { name, digest }
  const release = isRelease(name) ? repository.models.get(model)?.releases.get(name) : undefined
  return release ? { name, digest: releaseReference(release.value).digest } : { name }
}

/** @throws Failure when the release that ran before was removed from the repository since: `promote` and `rollback` never do that */
export function refuseRemoved(repository: Repository, { model, environment, to, ranBefore }: Rollback): void {
  const file = paths.release(model, to)
  if (!isRelease(to) || repository.models.get(model)?.releases.has(to) || repository.unreadable.has(file)) return
  throw new Failure(`${model} ${to} ran in ${environment} until ${file} was removed`, {
    fix: `Bring it back: git checkout ${ranBefore.commit.slice(0, 12)} -- ${file}; or name another release with --to.`,
  })
}
