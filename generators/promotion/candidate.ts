import { type CandidateChange, type CandidateRequest, planCandidate } from '../pins/index.ts'
import type { Repository } from '../repository/index.ts'
import type { CandidateReport, PromotionReport } from '../review/index.ts'
import {
  buildPromotionReport,
  describeCandidate,
  describePromotion,
  namedVersion,
  renderedChanges,
  runningVersion,
} from '../review/index.ts'
import { type JudgedBy, judgeChange, refuseBlocked } from './judge-promotion.ts'
import { type Proposal, type ProposalOptions, propose } from './propose.ts'

/**
 * Takes a candidate one step on: another weight, its end as the stable version (a promotion, with all its gates), or its end. An
 * abort goes through despite errors that the base has already, and asks for no artifact.
 */
export async function stepCandidate(
  request: CandidateRequest & { reason?: string },
  options: ProposalOptions,
): Promise<Proposal<CandidateReport | PromotionReport> | undefined> {
  const { model, environment, step, reason } = request
  const offline = options.offline || step !== 'finish'
  return propose<CandidateChange & Partial<JudgedBy>, CandidateReport | PromotionReport>(
    { ...options, offline },
    { kind: 'candidate', model, environment },
    {
      ...(step === 'abort' && { despiteErrors: true }),
      decide: async (repository, plan) => {
        const change = planCandidate(repository, plan, request)
        if (!change?.promoted) return change
        const judged = await judgeChange(change, change.promoted, repository, plan, { ...options.judging, offline })
        refuseBlocked(judged, change.to)
        return judged
      },
      describe: async (change, applied, baseCommit) => {
        const { evidence, pods, current } = change
        if (evidence && pods) {
          const report = buildPromotionReport(change, applied, baseCommit, {
            evidence,
            pods,
            ...(current && { current }),
          })
          return { report, ...describePromotion(report) }
        }
        const { release, mode, weight } = change.before
        const stable = applied.model?.stable
        if (!stable) throw new Error(`${model} does not run in ${environment} any more`)
        const report: CandidateReport = {
          model,
          environment,
          stable: runningVersion(stable),
          candidate: namedVersion(release),
          mode,
          weight: { from: weight, ...(typeof step === 'object' && { to: step.weight }) },
          ...(reason !== undefined && { reason }),
          undo: undoCommand(change, applied.repository, baseCommit),
          ...renderedChanges(change, applied),
          baseCommit,
        }
        return { report, ...describeCandidate(report) }
      },
    },
  )
}

/** An abort is undone by starting again, from where the candidate came. */
function undoCommand(
  { model, environment, step, pin, before: { mode, weight } }: CandidateChange,
  repository: Repository,
  baseCommit: string,
): string {
  if (typeof step === 'object') return `modelyard candidate ${model} --env ${environment} --weight ${weight}`
  const source = repository.environments.get(environment)?.definition.value.promotesFrom?.name
  if (source === undefined) {
    return `git checkout ${baseCommit.slice(0, 12)} -- ${pin.file} && modelyard synth --env ${environment}`
  }
  return `modelyard promote ${model} --from ${source} --to ${environment} --candidate ${mode} --weight ${weight}`
}
