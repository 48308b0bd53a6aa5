import { Failure } from '../findings/index.ts'
import { fetchBase, openRepository, withScratchWorktree } from '../git/index.ts'
import { type PromotionRequest, planPromotion, requireEnvironment } from '../pins/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import type { PromotionReport } from '../review/index.ts'
import { buildPromotionReport, describePromotion } from '../review/index.ts'
import { judgeChange, refuseBlocked } from './judge-promotion.ts'
import { type Proposal, type ProposalOptions, propose } from './propose.ts'

/**
 * Promotes a model: seals the release, edits the pin, synthesizes and validates in a scratch work tree of the base branch,
 * commits, pushes and opens or updates the one pull request. The user's own work tree is neither read nor touched.
 * Undefined when the environment runs that release already.
 */
export async function promote(
  request: PromotionRequest,
  options: ProposalOptions,
): Promise<Proposal<PromotionReport> | undefined> {
  const { model, to, image } = request
  const subject = { kind: image === undefined ? 'promote' : 'image', model, environment: to } as const
  return propose(options, subject, {
    source: request.from,
    decide: async (repository, plan) => {
      const change = planPromotion(repository, plan, request)
      if (!change) return undefined
      const judged = await judgeChange(change, change.promoted, repository, plan, {
        ...options.judging,
        offline: options.offline,
      })
      refuseBlocked(judged, change.to)
      return judged
    },
    describe: async (change, applied, baseCommit) => {
      const report = buildPromotionReport(change, applied, baseCommit, change)
      const description = describePromotion(report)
      if (image === undefined) return { report, ...description }
      return { report, ...description, title: `Serving image ${image.slice(0, 19)} for ${model} in ${to}` }
    },
  })
}

/**
 * Models that two environments run differently at the tip of the base branch, by name. One whose version is the target's candidate
 * already is on its way: it is told of, and left out.
 */
export async function promotableModels(
  request: { from: string; to: string; image?: string },
  { root, packagesRoot = root, remote, baseBranch, notice }: ProposalOptions,
): Promise<string[]> {
  const git = await openRepository(root)
  const base = await fetchBase(git, { remote, branch: baseBranch })
  return withScratchWorktree(git, base.commit, async (directory) => {
    const repository = await loadRepository(directory, { packagesRoot })
    const plan = resolvePlan(repository)
    // An image goes to what runs there; what does not run there is for a promotion of its own.
    const place = request.image === undefined ? request.from : request.to
    const names = requireEnvironment(plan, place).models.map(({ name }) => name)
    const { to } = request
    const target = requireEnvironment(plan, to)
    return names.filter((model) => {
      const candidate = target.models.find(({ name }) => name === model)?.candidate?.version
      const next = requireEnvironment(plan, request.from).models.find(({ name }) => name === model)?.stable
      if (request.image === undefined && candidate && candidate.facts.version === next?.facts.version) {
        notice?.(
          `${model} ${candidate.reference} is the candidate in ${to}: modelyard candidate ${model} --env ${to} --finish`,
        )
        return false
      }
      try {
        return planPromotion(repository, plan, { model, ...request }) !== undefined
      } catch (error) {
        // One that cannot be promoted is named, with the reason, by promoting it.
        if (error instanceof Failure) return true
        throw error
      }
    })
  })
}
