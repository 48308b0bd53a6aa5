import { Failure, type Finding, hasErrors, sortFindings } from '../findings/index.ts'
import type { Forge } from '../forges/index.ts'
import { codeOwners } from '../forges/index.ts'
import {
  commitAll,
  commitsBeyond,
  fetchBase,
  findHooks,
  type GitRepository,
  type Hooks,
  needsOf,
  openRepository,
  parseForgeRepository,
  remoteUrl,
  withScratchWorktree,
} from '../git/index.ts'
import { type AppliedChange, applyPinChange, type PinChange } from '../pins/index.ts'
import { loadRepository, type Plan, paths, type Repository, resolvePlan } from '../repository/index.ts'
import { checkReport } from '../review/index.ts'
import { validateLoaded } from '../validation/index.ts'
import { commitMessage, lastChangeOf } from './commit-message.ts'
import { branchOf, type Kind, rivalsOf } from './conflicting-pull-requests.ts'
import { EMERGENCY, publishEmergency, pushedBefore } from './emergency.ts'
import type { JudgingOptions } from './judge-promotion.ts'
import { overrideTrailers } from './override-trailers.ts'
import { type Published, publishChange } from './publish.ts'

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
}

export interface Proposal<Report> {
  title: string
  body: string
  report: Report
  files: string[]
  /** Absent on a dry run. */
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
  /** Files whose last change brought to light what this one is about; by default the model's pin. */
  source?: string[]
  /** Why the change goes straight to the base branch, and is reviewed afterwards. */
  emergency?: string
  describe(
    change: Change,
    applied: AppliedChange,
    baseCommit: string,
  ): Promise<{ report: Report; title: string; body: string }>
}

const LABELS: Record<Kind, string> = {
  promote: 'promotion',
  candidate: 'candidate',
  rollback: 'rollback',
  retire: 'retirement',
  image: 'serving-image',
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
  const { root, packagesRoot = root, remote, baseBranch, forge, push, dryRun, offline } = options
  const git = await openRepository(root)
  const fetched = await fetchBase(git, { remote, branch: baseBranch })
  const { emergency } = steps
  const pin = paths.pin(environment, model)
  const done = emergency === undefined ? undefined : await pushedBefore(git, fetched.commit, pin, emergency)
  const base = done ? { ...fetched, commit: done.parent } : fetched
  const branch = branchOf(kind, model, environment)
  const work = async (directory: string) => {
    const repository = await loadRepository(directory, { packagesRoot, model })
    const plan = resolvePlan(repository)
    const known = steps.despiteErrors && (await validateLoaded(repository, plan, { offline })).findings
    const present = sortFindings([...repository.findings, ...plan.findings])
    if (!known && hasErrors(present))
      throw new Failure(`${baseBranch} has validation errors; fix them first`, { findings: present })
    const change = await steps.decide(repository, plan, git, base.commit)
    if (!change) {
      if (!dryRun && push) await withdraw(options, branch, base.commit)
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
      ...(known && { known }),
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

    const facts = {
      Before: change.from?.reference,
      After: change.to,
      'Checked-at': base.commit,
      [EMERGENCY]: emergency,
    }
    const about = await lastChangeOf(git, remote, base.commit, steps.source ?? [pin])
    const message = commitMessage(title, facts, about) + overrideTrailers(change.overrides)
    const hooks = await findHooks(git, packagesRoot)
    const running = options.noVerify ? {} : { hooks }
    const commit = await commitAll(git, directory, { message, paths: applied.files, ...running })
    if (commit === undefined) return undefined
    const { owner } = parseForgeRepository(await remoteUrl(git, remote)) ?? {}
    const proposed = {
      repository: git,
      remote,
      branch,
      baseBranch,
      baseCommit: base.commit,
      commit,
      title,
      body,
      labels: [LABELS[kind], environment],
      reviewers: await codeOwners(git, base.commit, applied.files, owner),
      check: checkReport(title, base.commit, report.findings),
      rivals: rivalsOf(kind, model, environment),
      forge,
      push,
      ...running,
      ...(options.replaceBranch && { replaceBranch: true }),
    }
    const published =
      emergency === undefined || !push ? await publishChange(proposed) : await publishEmergency(proposed, done)
    const skipped = options.noVerify ? skippedHooks(hooks, push) : []
    return { ...proposal, published, problems: [...problems, ...skipped, ...published.problems] }
  }
  return withScratchWorktree(git, base.commit, work, needsOf(model))
}

function skippedHooks({ present, folder }: Hooks, push: boolean): string[] {
  const names = present.filter((name) => push || name !== 'pre-push')
  return names.length === 0 ? [] : [`hooks of ${folder} did not run (--no-verify): ${names.join(', ')}`]
}

/** A pull request that is open although there is nothing to change any more: what it wanted is on the base branch. */
async function withdraw({ forge, baseBranch, notice }: ProposalOptions, branch: string, base: string): Promise<void> {
  const open = await forge?.findOpenPullRequest(branch, baseBranch)
  if (!forge || !open) return
  await forge.closePullRequest(open.number, `Nothing is left to change: ${baseBranch} has it since ${base} or before.`)
  notice?.(`closed pull request #${open.number}, which has nothing left to change: ${open.url}`)
}
