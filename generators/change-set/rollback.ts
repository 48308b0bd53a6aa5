import { Failure } from '../findings/index.ts'
import { type Plan, paths, type Repository } from '../plan/index.ts'
import { parseYaml } from '../text/index.ts'
import { type PinChange, requireEnvironment, requirePinned, withStable } from './pin-change.ts'

export interface RollbackRequest {
  model: string
  environment: string
  /** A version or release that ran there before; by default what ran last before the present one. */
  to?: string
}

/** One state of a pin in the past, newest first: as Git tells it. */
export interface PastPin {
  text: string | undefined
  date: string
  commit: string
}

export interface Rollback extends PinChange {
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
  // A pin that names what does not exist is in no plan, and is what a rollback is for.
  const present = pin?.value.stable ?? requirePinned(planned, model).stable.reference
  const from = planned.models.find(({ name }) => name === model)?.stable
  const file = paths.pin(environment, model)
  const past = history.flatMap(({ text, date, commit }) => {
    const value =
      text === undefined ? undefined : (parseYaml(file, text).document?.value as { stable?: unknown } | undefined)
    return typeof value?.stable === 'string' ? [{ stable: value.stable, date, commit }] : []
  })
  const earlier = past.filter(({ stable }) => stable !== present)
  const known = [...new Set(earlier.map(({ stable }) => stable))]
  const target =
    to === undefined ? earlier[0] : earlier.find(({ stable }) => stable === to || stable.split('-')[0] === to)
  if (!target) {
    const fix =
      known.length > 0
        ? `Ran there before: ${known.join(', ')}.`
        : 'Fetch the whole history (git fetch --unshallow), or promote another release.'
    const what = to === undefined ? 'nothing else ran' : `${to} never ran`
    throw new Failure(`${what} in ${environment} before ${present}`, { fix })
  }
  if (pin && pin.value.candidate?.release.split('-')[0] === target.stable.split('-')[0]) {
    throw new Failure(
      `${model} ${target.stable} is the candidate in ${environment}: it cannot be stable beside itself`,
      {
        fix: `Remove the candidate from ${pin.file} first.`,
      },
    )
  }
  return {
    model,
    environment,
    ...(from && { from }),
    to: target.stable,
    pin: withStable(file, pin?.text, target.stable),
    gates: [],
    findings: [],
    ranBefore: { commit: target.commit, date: target.date },
  }
}
