import { Failure, type Finding, hasErrors, sortFindings } from '../findings/index.ts'
import type { Forge } from '../forges/index.ts'
import {
  commitsBeyond,
  fetchBase,
  type GitRepository,
  needsOf,
  openRepository,
  withScratchWorktree,
} from '../git/index.ts'
import { type AppliedChange, applyPinChange, type PinChange } from '../pins/index.ts'
import { loadRepository, type Plan, paths, type Repository, resolvePlan } from '../repository/index.ts'
import { validateLoaded } from '../validation/index.ts'
import type { Kind } from './conflicting-pull-requests.ts'
import { commitAndPublish, type DecidedChange, withdraw } from './decided-change.ts'
import { pushedBefore } from './emergency.ts'
import type { JudgingOptions } from './judge-promotion.ts'
import { type PlanEntry, planned } from './publication-plan.ts'
import type { Published } from './publish.ts'

export interface ProposalOptions {
  /** Absolute path of the repository. */
  root: string
  /** Folder whose node_modules serves imports and packaged artifacts. Default: the root. */
  packagesRoot?: string
  remote: string
  /** The branch that Argo CD reads: what is checked, and what the pull request goes into. */
  baseBranch: string
  /** Absent: push only. */
  forge: Forge | undefined
  /** False: leave the change on a local branch. */
  push: boolean
  /** Decide, render and check everything, then throw it away. */
  dryRun: boolean
  /** Replace a branch although somebody else committed to it. */
  replaceBranch?: boolean
  /** Run none of the user's Git hooks on what is committed and pushed. */
  noVerify?: boolean
  /** Leave artifacts out of the checks. */
  offline: boolean
  /** Told what happened although nothing came of the run, for example that an open pull request was closed. */
  notice?: (text: string) => void
  /** How gates are judged. */
  judging?: JudgingOptions
  /** Takes what was decided instead of the remote: nothing is committed, pushed or closed. */
  collect?: (entry: PlanEntry) => void
}

export interface Proposal<Report> {
  title: string
  body: string
  report: Report
  files: string[]
  /** Absent on a dry run, and where it is planned only. */
  published?: Published
  /** What could not be done and does not undo the rest, for example that the remote could not be asked. */
  problems: string[]
}

/** What a proposal is about. */
export interface Subject {
  kind: Kind
  model: string
  environment: string
}

/** What tells one kind of proposal from another. */
export interface Steps<Change extends PinChange, Report extends { findings: Finding[] }> {
  /** Errors of the base do not stop the change. */
  despiteErrors?: true
  decide(repository: Repository, plan: Plan, git: GitRepository, baseCommit: string): Promise<Change | undefined>
  /** The environment whose pin brought to light what this one is about; by default the one that changes. */
  source?: string
  /** Why the change goes straight to the base branch, and is reviewed afterwards. */
  emergency?: string
  describe(
    change: Change,
    applied: AppliedChange,
    baseCommit: string,
  ): Promise<{ report: Report; title: string; body: string }>
}

/**
 * Decides a change at the tip of the base branch, carries it out and checks it in a scratch work tree, commits it on a branch of
 * its own, pushes, and opens or updates the one pull request. The user's own work tree is neither read nor touched. Undefined
 * when there is nothing to change; a pull request that is open for it is closed then.
 *
 * No other model's files are read: what is wrong with them does not concern this change, and a thousand of them cost nothing.
 */
export async function propose<Change extends PinChange, Report extends { findings: Finding[] }>(
  options: ProposalOptions,
  { kind, model, environment }: Subject,
  steps: Steps<Change, Report>,
): Promise<Proposal<Report> | undefined> {
  const { root, packagesRoot = root, remote, baseBranch, push, dryRun, offline } = options
  const git = await openRepository(root)
  const fetched = await fetchBase(git, { remote, branch: baseBranch })
  const { emergency } = steps
  const pin = paths.pin(environment, model)
  const done = emergency === undefined ? undefined : await pushedBefore(git, fetched.commit, pin, emergency)
  const base = done ? { ...fetched, commit: done.parent } : fetched
  const work = async (directory: string) => {
    const repository = await loadRepository(directory, { packagesRoot, model })
    const plan = resolvePlan(repository)
    const { despiteErrors = false } = steps
    const known = (await validateLoaded(repository, plan, { offline: offline || !despiteErrors })).findings
    const present = sortFindings([...repository.findings, ...plan.findings])
    if (!despiteErrors && hasErrors(present))
      throw new Failure(`${baseBranch} has validation errors; fix them first`, { findings: present })
    const change = await steps.decide(repository, plan, git, base.commit)
    if (!change) {
      const nothing = { kind, model, environment, baseCommit: base.commit }
      if (options.collect) options.collect({ action: 'withdraw', ...nothing })
      else if (!dryRun && push) await withdraw(options, nothing)
      return undefined
    }
    if (hasErrors(change.findings)) {
      throw new Failure(`${change.model} ${change.to} is not promoted to ${change.environment}`, {
        findings: change.findings,
      })
    }
    const applied = await applyPinChange(directory, change, {
      packagesRoot,
      offline,
      alone: true,
      known,
      despiteErrors,
    })
    const { report, title, body } = await steps.describe(change, applied, base.commit)
    const beyond = await commitsBeyond(git, baseBranch, fetched.commit)
    const problems = [
      ...(base.problem === undefined ? [] : [base.problem]),
      ...(beyond === 0
        ? []
        : [`${beyond} of your commits on ${baseBranch} are not on ${remote}: they are not part of this`]),
    ]
    const proposal = { title, body, report, files: applied.files, problems }
    if (dryRun) return proposal

    const decided: DecidedChange = {
      ...{ kind, model, environment, title, body },
      baseCommit: base.commit,
      ...(change.from && { before: change.from.reference }),
      after: change.to,
      source: steps.source ?? environment,
      overrides: change.overrides ?? [],
      findings: report.findings,
      files: applied.files,
    }
    if (options.collect) {
      options.collect(planned(directory, decided))
      return proposal
    }
    const published = await commitAndPublish(git, directory, decided, {
      ...options,
      ownersAt: base.commit,
      ...(emergency !== undefined && { emergency: { reason: emergency, ...(done && { done }) } }),
    })
    return published && { ...proposal, published, problems: [...problems, ...published.problems] }
  }
  return withScratchWorktree(git, base.commit, work, needsOf(model))
}
