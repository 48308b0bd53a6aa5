import { type AppliedChange, type CandidateChange, type CandidateRequest, planCandidate } from '../pins/index.ts'
import type { CandidateReport, PromotionReport, Undo } from '../review/index.ts'
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
import { restartOf } from './restart-candidate.ts'

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
        const { release, mode, weight, header, value, feature } = change.before
        const stable = applied.model?.stable
        if (!stable) throw new Error(`${model} does not run in ${environment} any more`)
        const report: CandidateReport = {
          model,
          environment,
          stable: runningVersion(stable),
          candidate: namedVersion(release),
          mode,
          ...(header !== undefined && { header }),
          ...(value !== undefined && { value }),
          ...(feature !== undefined && { feature }),
          weight: { from: weight, ...(typeof step === 'object' && { to: step.weight }) },
          ...(reason !== undefined && { reason }),
          undo: undoOf(change, applied, baseCommit),
          ...renderedChanges(change, applied),
          baseCommit,
        }
        return { report, ...describeCandidate(report) }
      },
    },
  )
}

function undoOf(
  { model, environment, step, pin, before }: CandidateChange,
  applied: AppliedChange,
  baseCommit: string,
): Undo {
  if (typeof step === 'object') {
    return { command: `modelyard candidate ${model} --env ${environment} --weight ${before.weight}`, isJudged: false }
  }
  return restartOf({ model, environment, file: pin.file, candidate: before }, applied, baseCommit)
}
