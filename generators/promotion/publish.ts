import { Failure } from '../findings/index.ts'
import type { CheckReport, Forge, PullRequest, Reviewers } from '../forges/index.ts'
import type { GitRepository, Hooks } from '../git/index.ts'
import {
  branchState,
  type CommitState,
  commitState,
  foreignCommits,
  pushBranch,
  resolveCommit,
  setLocalBranch,
} from '../git/index.ts'
import { lineOf, visibleMarkdown } from '../text/index.ts'
import { asFailure, closeSuperseded, openRivals, type Rival, refuseBehind } from './conflicting-pull-requests.ts'

export interface Change {
  repository: GitRepository
  remote: string
  /** The change's own branch; nobody else is expected to write it. */
  branch: string
  /** The branch that the pull request goes into. */
  baseBranch: string
  /** The commit that `commit` was made on. */
  baseCommit: string
  commit: string
  title: string
  body: string
  labels: readonly string[]
  /** Who shall review it. */
  reviewers?: Reviewers
  /** What the forge shows at the commit. */
  check?: CheckReport
  /** Other branches that change the same: an open pull request of one of them is closed by this one, or keeps it from being opened. */
  rivals?: readonly Rival[]
  /** The branch that their pull requests go into. Default: `baseBranch`. */
  rivalsInto?: string
  /** Absent: the branch is pushed and the pull request is left to the user. */
  forge: Forge | undefined
  /** False: the change stays a local branch. */
  push: boolean
  /** Hooks of the user, of which `pre-push` sees what is pushed. Default: none. */
  hooks?: Hooks
  /** Replaces a branch although it has commits of somebody else. Default: refuse. */
  replaceBranch?: boolean
}

export interface Published {
  branch: string
  /** What the branch holds now: the commit given, or the equal one that was there already. */
  commit: string
  pushed: boolean
  /** What the remote branch held before it was replaced, so that nothing is lost unseen. */
  replaced?: string
  pullRequest?: { number: number; url: string; action: 'created' | 'updated' | 'unchanged' }
  /** The base branch itself, where the change was pushed past review. */
  direct?: { branch: string; commit: string }
  /** Numbers of the pull requests that were closed because of this one. */
  superseded: number[]
  /** What did not work out and does not undo the rest. */
  problems: string[]
}

/**
 * Brings a change to the remote and keeps exactly one pull request open for it. Running it again changes nothing: a branch
 * with the same content, parent and message is not pushed, and a pull request with the same text is not written.
 * @throws Failure; each step that was done stays done and the next run continues after it.
 */
export async function publishChange(given: Change): Promise<Published> {
  const change = { ...given, title: lineOf(given.title), body: visibleMarkdown(given.body) }
  const { repository, branch, baseBranch, commit, forge } = change
  if (!change.push) {
    await refuseForeign(change, await resolveCommit(repository, `refs/heads/${branch}`), 'the local branch')
    await setLocalBranch(repository, branch, commit)
    return { branch, commit, pushed: false, superseded: [], problems: [] }
  }
  // A forge that is down does not keep the branch from being pushed: the failure is told after that.
  const rivals = forge && (await openRivals(change, forge).catch(asFailure))
  if (rivals && !(rivals instanceof Failure)) refuseBehind(rivals, branch)
  const pushed = await bringToRemote(change)
  if (rivals instanceof Failure) throw rivals
  const published: Published = { branch, ...pushed, superseded: [], problems: [] }
  if (!forge || !rivals) {
    published.problems.push(`no forge is configured: open the pull request from ${branch} into ${baseBranch} yourself`)
    return published
  }
  const { pull, action } = await openOrUpdate(change, forge)
  const { number, url } = pull
  return {
    ...published,
    pullRequest: { number, url, action },
    problems: await complete(change, forge, pull, published.commit),
    superseded: await closeSuperseded(forge, rivals, `Superseded by #${number}: ${change.title}`),
  }
}

/** The remote's branch afterwards, pushed unless it holds the same already. */
async function bringToRemote(change: Change): Promise<Pick<Published, 'commit' | 'pushed' | 'replaced'>> {
  const { repository, remote, branch, commit, hooks } = change
  try {
    const wanted = await commitState(repository, commit)
    const there = await branchState(repository, remote, branch)
    if (isEqual(there, wanted, change)) return { commit: there.commit, pushed: false }
    await refuseForeign(change, there.commit, remote)
    try {
      const expected = there.commit && { expected: there.commit }
      await pushBranch(repository, { remote, branch, commit, ...expected, ...(hooks && { hooks }) })
      return { commit, pushed: true, ...(there.commit && { replaced: there.commit }) }
    } catch (error) {
      // Another run may have pushed the same since we looked.
      const now = await branchState(repository, remote, branch).catch(() => ({}))
      if (isEqual(now, wanted, change)) return { commit: now.commit, pushed: false }
      throw error
    }
  } catch (error) {
    return await keep(change, error)
  }
}

/**
 * A branch that somebody else committed to keeps those commits.
 * @throws Failure that names them
 */
async function refuseForeign(change: Change, commit: string | undefined, place: string): Promise<void> {
  const { repository, branch, baseCommit, replaceBranch } = change
  if (commit === undefined || replaceBranch) return
  const foreign = await foreignCommits(repository, { commit, base: baseCommit })
  if (foreign.length === 0) return
  const named = foreign.slice(0, 5).map((one) => `${one.commit.slice(0, 7)} ${one.author}: ${one.subject}`)
  const more = foreign.length > named.length ? `; ${foreign.length - named.length} more` : ''
  throw new BranchInUse(
    `${branch} on ${place} has ${foreign.length === 1 ? 'a commit' : `${foreign.length} commits`} that modelyard did not make: ${named.join('; ')}${more}`,
    {
      fix: 'It was left as it is. Merge or close its pull request, move the commits to another branch, or discard them with --replace-branch.',
    },
  )
}

/** The branch of the change is somebody else's too. */
class BranchInUse extends Failure {}

function isEqual(there: Partial<CommitState>, wanted: CommitState, { baseCommit }: Change): there is CommitState {
  return (
    there.commit !== undefined &&
    there.tree === wanted.tree &&
    there.parent === baseCommit &&
    there.message === wanted.message
  )
}

/** A remote that cannot be asked or refuses leaves the commit on a local branch: at 3 a.m. with the network down the work is not lost. */
export async function keep({ repository, branch, commit }: Change, error: unknown): Promise<never> {
  if (!(error instanceof Failure) || error instanceof BranchInUse) throw error
  const kept = await setLocalBranch(repository, branch, commit).then(
    () => `The change is kept on the local branch ${branch}.`,
    () => `The change is commit ${commit}.`,
  )
  throw new Failure(error.message, { fix: `${kept} ${error.fix ?? ''}`.trim(), cause: error })
}

interface Opened {
  pull: PullRequest
  action: NonNullable<Published['pullRequest']>['action']
}

async function openOrUpdate(change: Change, forge: Forge): Promise<Opened> {
  const { branch: head, baseBranch: base, title, body } = change
  const open = await forge.findOpenPullRequest(head, base)
  if (open) return await update(change, forge, open)
  try {
    return { pull: await forge.createPullRequest({ head, base, title, body }), action: 'created' }
  } catch (error) {
    // Another run may have opened it since we looked, or the answer was lost; then there is one, and it is ours to update.
    const raced = await forge.findOpenPullRequest(head, base).catch(() => undefined)
    if (raced === undefined) throw error
    return await update(change, forge, raced)
  }
}

async function update({ title, body }: Change, forge: Forge, open: PullRequest): Promise<Opened> {
  if (open.title === title && plain(open.body) === plain(body)) return { pull: open, action: 'unchanged' }
  return { pull: await forge.updatePullRequest(open.number, { title, body }), action: 'updated' }
}

/** A body that somebody once edited in the browser comes back with other line ends. */
function plain(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd()
}

/** What a pull request has beside its text. Each is asked for again by the next run; none undoes the rest. */
async function complete(
  { labels, reviewers, check }: Change,
  forge: Forge,
  pull: PullRequest,
  commit: string,
): Promise<string[]> {
  const missing = labels.filter((label) => !pull.labels.includes(label))
  const failures = [
    missing.length > 0 && (await forge.addLabels(pull.number, missing).catch(asFailure)),
    reviewers && (await forge.requestReviews(pull, reviewers).catch(asFailure)),
    check && (await forge.reportCheck(commit, check).catch(asFailure)),
  ]
  return failures.flatMap((failure) => (failure instanceof Failure ? [failure.message] : []))
}
