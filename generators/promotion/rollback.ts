import { scalarHistory } from '../git/index.ts'
import { type AppliedChange, planRollback, type Rollback, refuseRemoved } from '../pins/index.ts'
import { paths } from '../repository/index.ts'
import type { RollbackReport, Undo } from '../review/index.ts'
import { describeRollback, namedVersion, promotedVersion, renderedChanges, runningVersion } from '../review/index.ts'
import { type Proposal, type ProposalOptions, propose } from './propose.ts'
import { restartOf } from './restart-candidate.ts'

/**
 * Takes an environment back to what ran there before, by the history of its pin. Reads the repository alone: with the remote
 * down it works from the last known base, artifacts are not asked for, and errors that the base has already are only told.
 */
export async function rollback(
  request: { model: string; environment: string; to?: string; reason?: string; emergency?: string },
  options: ProposalOptions,
): Promise<Proposal<RollbackReport> | undefined> {
  const { model, environment, emergency, reason = emergency } = request
  const subject = { kind: 'rollback', model, environment } as const
  return propose({ ...options, offline: true }, subject, {
    despiteErrors: true,
    ...(emergency !== undefined && { emergency: emergency.replace(/\s+/g, ' ').trim() }),
    decide: async (repository, plan, git, baseCommit) => {
      const file = paths.pin(environment, model)
      const history = await scalarHistory(git, file, { from: baseCommit })
      const change = planRollback(repository, plan, request, history)
      refuseRemoved(repository, change)
      return change
    },
    describe: async (change, applied, baseCommit) => {
      const to = promotedVersion(change, applied)
      const { replaces, endedCandidate: ended } = change
      const report: RollbackReport = {
        model,
        environment,
        ...(replaces !== undefined && { from: namedVersion(replaces) }),
        to: runningVersion(to),
        ...(ended && { candidate: { version: namedVersion(ended.release), mode: ended.mode, weight: ended.weight } }),
        ...(reason !== undefined && { reason }),
        ranBefore: change.ranBefore,
        undo: undoOf(change, applied, baseCommit),
        ...renderedChanges(change, applied),
        baseCommit,
      }
      return { report, ...describeRollback(report) }
    },
  })
}

/** A candidate that was ended is started again. */
function undoOf(
  { model, environment, replaces, endedCandidate: ended, to, pin }: Rollback,
  applied: AppliedChange,
  baseCommit: string,
): Undo {
  const stable = replaces === undefined || replaces === to ? undefined : replaces
  const restart = ended && restartOf({ model, environment, file: pin.file, candidate: ended }, applied, baseCommit)
  // The pin as Git has it names both versions.
  if (restart && !restart.isJudged) return restart
  const steps = [
    ...(replaces === undefined ? [`modelyard retire ${model} --env ${environment}`] : []),
    ...(stable === undefined ? [] : [`modelyard rollback ${model} --env ${environment} --to ${stable}`]),
    ...(restart ? [restart.command] : []),
  ]
  return { command: steps.join(' && '), isJudged: restart?.isJudged ?? false }
}
