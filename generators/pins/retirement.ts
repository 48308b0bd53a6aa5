import { type Plan, type PlannedModel, paths, type Repository } from '../repository/index.ts'
import { type PinChange, requireEnvironment, requirePinned } from './pin-change.ts'

/**
 * Decides that a model runs in an environment no longer: its pin goes, and with it what synthesis made of it. Versions and releases
 * stay, so that `rollback` brings it back.
 * @throws Failure when there is no such environment, or the model does not run there
 */
export function planRetirement(
  repository: Repository,
  plan: Plan,
  { model, environment }: { model: string; environment: string },
): PinChange {
  const { stable } = requirePinned(requireEnvironment(plan, environment), model, repository.leftOut)
  const file = paths.pin(environment, model)
  const before = repository.environments.get(environment)?.pins.get(model)?.text
  return {
    model,
    environment,
    from: stable,
    to: stable.reference,
    mode: { kind: 'stable' },
    pin: { file, ...(before !== undefined && { before }) },
    gates: [],
    findings: [],
  }
}

/** Where the same model runs that is promoted from `environment`: there is nothing left to promote to it once it ends here. */
export function promotedFrom(
  { environments }: Plan,
  { model, environment }: { model: string; environment: string },
): PlannedModel[] {
  return environments
    .filter(({ definition }) => definition.promotesFrom?.name === environment)
    .flatMap(({ models }) => models.filter(({ name }) => name === model))
}
