import type { PinFile } from '../definitions/index.ts'
import type { AppliedChange } from '../pins/index.ts'
import type { Undo } from '../review/index.ts'

interface EndedCandidate {
  model: string
  environment: string
  /** Of the pin. */
  file: string
  candidate: NonNullable<PinFile['candidate']>
}

/**
 * How a candidate that has ended starts again: by a promotion from where it came while that still runs the same release, otherwise by
 * the pin as Git has it.
 */
export function restartOf(
  { model, environment, file, candidate }: EndedCandidate,
  { repository, plan }: AppliedChange,
  baseCommit: string,
): Undo {
  const { release, mode, weight, header, value, feature, salt } = candidate
  const source = repository.environments.get(environment)?.definition.value.promotesFrom?.name
  const runs = plan.environments
    .find(({ definition }) => definition.name === source)
    ?.models.find(({ name }) => name === model)?.stable
  const isThere = runs && (runs.release ?? runs.facts.version) === (runs.release ? release : release.split('-')[0])
  // What `promote` has no option for is in the pin alone.
  if (!isThere || value !== undefined || salt !== undefined) {
    const command = `git checkout ${baseCommit.slice(0, 12)} -- ${file} && modelyard synth --env ${environment}`
    return { command, isJudged: false }
  }
  const split = [
    ...(header === undefined ? [] : [`--header ${header}`]),
    ...(feature === undefined ? [] : [`--feature ${feature}`]),
  ]
  const share = [`--candidate ${mode}`, `--weight ${weight}`, ...split].join(' ')
  return { command: `modelyard promote ${model} --from ${source} --to ${environment} ${share}`, isJudged: true }
}
