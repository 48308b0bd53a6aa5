import { Failure } from '../findings/index.ts'
import { branchState, commitState, pushBranch, setLocalBranch } from './branches.ts'
import type { Forge, PullRequest } from './forge.ts'
import type { GitRepository } from './git.ts'

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
  /** Absent: the branch is pushed and the pull request is left to the user. */
  forge: Forge | undefined
  /** False: the change stays a local branch. */
  push: boolean
}

export interface Published {
  branch: string
  /** What the branch holds now: the commit given, or the equal one that was there already. */
  commit: string
  pushed: boolean
  /** What the remote branch held before it was replaced, so that nothing is lost unseen. */
  replaced?: string
  pullRequest?: { number: number; url: string; action: 'created' | 'updated' | 'unchanged' }
  /** What did not work out and does not undo the rest. */
  problems: string[]
}

/**
 * Brings a change to the remote and keeps exactly one pull request open for it. Running it again changes nothing: a branch
 * with the same content, parent and message is not pushed, and a pull request with the same text is not written.
 * @throws Failure; each step that was done stays done and the next run continues after it.
 */
export async function publishChange(change: Change): Promise<Published> {
  const { repository, branch, commit, remote, forge } = change
  if (!change.push) {
    await setLocalBranch(repository, branch, commit)
    return { branch, commit, pushed: false, problems: [] }
  }
  const there = await branchState(repository, remote, branch).catch((error: unknown) => keep(change, error))
  const wanted = await commitState(repository, commit)
  const equal =
    there.commit !== undefined &&
    there.tree === wanted.tree &&
    there.parent === change.baseCommit &&
    there.message === wanted.message
  if (!equal) await push(change, there.commit)

  const published: Published = {
    branch,
    commit: equal && there.commit ? there.commit : commit,
    pushed: !equal,
    ...(!equal && there.commit ? { replaced: there.commit } : {}),
    problems: [],
  }
  if (forge === undefined) {
    published.problems.push(
      `no forge is configured: open the pull request from ${branch} into ${change.baseBranch} yourself`,
    )
    return published
  }
  const { problems, ...pullRequest } = await openOrUpdate(change, forge)
  return { ...published, pullRequest, problems: [...published.problems, ...problems] }
}

async function push(change: Change, expected: string | undefined): Promise<void> {
  const { repository, remote, branch, commit } = change
  await pushBranch(repository, { remote, branch, commit, ...(expected === undefined ? {} : { expected }) }).catch(
    (error: unknown) => keep(change, error),
  )
}

/** A remote that cannot be asked or refuses leaves the commit on a local branch: at 3 a.m. with the network down the work is not lost. */
async function keep({ repository, branch, commit }: Change, error: unknown): Promise<never> {
  if (!(error instanceof Failure)) throw error
  const kept = await setLocalBranch(repository, branch, commit).then(
    () => `The change is kept on the local branch ${branch}.`,
    () => `The change is commit ${commit}.`,
  )
  throw new Failure(error.message, { fix: `${kept} ${error.fix ?? ''}`.trim(), cause: error })
}

type Opened = NonNullable<Published['pullRequest']> & { problems: string[] }

async function openOrUpdate(change: Change, forge: Forge): Promise<Opened> {
  const { branch: head, baseBranch: base, title, body, labels } = change
  const open = await forge.findOpenPullRequest(head, base)
  if (open) return await update(change, forge, open)
  try {
    const { number, url, problems } = await forge.createPullRequest({ head, base, title, body, labels })
    return { number, url, action: 'created', problems }
  } catch (error) {
    // Another run may have opened it since we looked; then there is one, and it is ours to update.
    const raced = await forge.findOpenPullRequest(head, base).catch(() => undefined)
    if (raced === undefined) throw error
    return await update(change, forge, raced)
  }
}

async function update({ title, body }: Change, forge: Forge, open: PullRequest): Promise<Opened> {
  const same = open.title === title && plain(open.body) === plain(body)
  if (!same) await forge.updatePullRequest(open.number, { title, body })
  return { number: open.number, url: open.url, action: same ? 'unchanged' : 'updated', problems: [] }
}

/** A body that somebody once edited in the browser comes back with other line ends. */
function plain(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd()
}
