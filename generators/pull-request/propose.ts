import { type AppliedChange, applyPinChange, type PinChange } from '../change-set/index.ts'
import { validateLoaded } from '../checks/index.ts'
import { Failure, hasErrors, sortFindings } from '../findings/index.ts'
import { loadRepository, type Plan, type Repository, resolvePlan } from '../plan/index.ts'
import { fetchBase } from './branches.ts'
import type { Forge } from './forge.ts'
import { type GitRepository, openRepository } from './git.ts'
import { type Published, publishChange } from './publish.ts'
import { commitAll, withScratchWorktree } from './worktree.ts'

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
  /** Leave artifacts out of the checks. */
  offline: boolean
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

/** What tells one kind of proposal from another. */
export interface Steps<Change extends PinChange, Report> {
  /** Errors of the base do not stop the change. */
  despiteErrors?: true
  decide(repository: Repository, plan: Plan, git: GitRepository, baseCommit: string): Promise<Change | undefined>
  describe(
    change: Change,
    applied: AppliedChange,
    baseCommit: string,
  ): Promise<{ report: Report; title: string; body: string }>
}

/**
 * Decides a change at the tip of the base branch, carries it out and checks it in a scratch work tree, commits it on `branch`, pushes,
 * and opens or updates the one pull request. The user's own work tree is neither read nor touched. Undefined when there is
 * nothing to change.
 */
export async function propose<Change extends PinChange, Report>(
  options: ProposalOptions,
  branch: string,
  labels: string[],
  steps: Steps<Change, Report>,
): Promise<Proposal<Report> | undefined> {
  const { root, packagesRoot = root, remote, baseBranch, forge, push, dryRun, offline } = options
  const git = await openRepository(root)
  const base = await fetchBase(git, { remote, branch: baseBranch })
  return withScratchWorktree(git, base.commit, async (directory) => {
    const repository = await loadRepository(directory, { packagesRoot })
    const plan = resolvePlan(repository)
    const known = steps.despiteErrors && (await validateLoaded(repository, plan, { offline })).findings
    const present = sortFindings([...repository.findings, ...plan.findings])
    if (!known && hasErrors(present)) throw new Failure(`${baseBranch} has errors to mend first`, { findings: present })
    const change = await steps.decide(repository, plan, git, base.commit)
    if (!change) return undefined
    if (hasErrors(change.findings)) {
      throw new Failure(`${change.model} ${change.to} is not promoted to ${change.environment}`, {
        findings: change.findings,
      })
    }
    const applied = await applyPinChange(directory, change, { packagesRoot, offline, ...(known && { known }) })
    const { report, title, body } = await steps.describe(change, applied, base.commit)
    const problems = base.problem === undefined ? [] : [base.problem]
    const proposal = { title, body, report, files: applied.files, problems }
    if (dryRun) return proposal

    const message = `${title}\n\n${change.from ? `Before: ${change.from.reference}\n` : ''}After: ${change.to}\nChecked at: ${base.commit}\n`
    const commit = await commitAll(git, directory, { message, paths: applied.files })
    if (commit === undefined) return undefined
    const proposed = {
      repository: git,
      remote,
      branch,
      baseBranch,
      baseCommit: base.commit,
      commit,
      title,
      body,
      labels,
      forge,
      push,
    }
    const published = await publishChange(proposed)
    return { ...proposal, published, problems: [...problems, ...published.problems] }
  })
}
