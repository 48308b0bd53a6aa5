import { Failure } from '../findings/index.ts'
import { isRelease, type Plan, paths, type Repository } from '../repository/index.ts'
import { type PinChange, requireEnvironment, requirePinned, withStable } from './pin-change.ts'
import { type PastPin, pinHistory } from './pin-history.ts'

export interface RollbackRequest {
  model: string
  environment: string
  /** A version or release that ran there before; by default what ran before the present one was first promoted. */
  to?: string
}

export interface Rollback extends PinChange {
  /** What the pin names before, whether it can be rendered or not; absent when the model was retired. */
  replaces?: string
  ranBefore: { commit: string; date: string }
}

/**
 * Decides a rollback from the pin's history alone: no artifact, no registry, no forge is asked.
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
  const from = planned.models.find(({ name }) => name === model)?.stable
  const target =
    to === undefined
      ? before.findLast(({ stable }) => stable !== present)
      : ever.find(({ stable }) => stable !== present && (stable === to || stable.split('-')[0] === to))
  if (!target) {
    const known = ever.flatMap(({ stable }) => (stable === present ? [] : [stable]))
    const fix =
      known.length > 0
        ? `Ran there before: ${known.join(', ')}.`
        : 'Fetch the whole history (git fetch --unshallow), or promote another release.'
    const what = to === undefined ? 'nothing else ran' : `${to} never ran`
    throw new Failure(`${what} in ${environment}${present ? ` before ${present}` : ''}`, { fix })
  }
  if (pin && pin.value.candidate?.release.split('-')[0] === target.stable.split('-')[0]) {
    throw new Failure(
      `${model} ${target.stable} is the candidate in ${environment}: it cannot be stable beside itself`,
      {
        fix: `End the candidate first: modelyard candidate ${model} --env ${environment} --abort`,
      },
    )
  }
  return {
    model,
    environment,
    ...(from && { from }),
    to: target.stable,
    mode: { kind: 'stable' },
    pin: withStable(file, pin?.text, target.stable),
    gates: [],
    findings: [],
    ...(present !== undefined && { replaces: present }),
    ranBefore: { commit: target.state.commit, date: target.state.date },
  }
}

/** @throws Failure when the release that ran before was removed from the repository since: `promote` and `rollback` never do that */
export function refuseRemoved(repository: Repository, { model, environment, to, ranBefore }: Rollback): void {
  const file = paths.release(model, to)
  if (!isRelease(to) || repository.models.get(model)?.releases.has(to) || repository.unreadable.has(file)) return
  throw new Failure(`${model} ${to} ran in ${environment} until ${file} was removed`, {
    fix: `Bring it back: git checkout ${ranBefore.commit.slice(0, 12)} -- ${file}; or name another release with --to.`,
  })
}
