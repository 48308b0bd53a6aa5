import { Failure } from '../findings/index.ts'
import type { GitRepository } from '../git/index.ts'
import { commitState, HookFailure, pushBranch, readLog } from '../git/index.ts'
import { lineOf } from '../text/index.ts'
import { type Change, keep, type Published, publishChange } from './publish.ts'

/** The trailer that says why a commit was pushed past review. */
export const EMERGENCY = 'Emergency'

/** A change that is on the base branch already, pushed there for the same reason. */
export interface PushedBefore {
  commit: string
  parent: string
}

/**
 * The last change of `file` up to `revision`, when that was pushed past review for this very reason: a run that was ended before the
 * review was opened is completed by the next, and does not go back further.
 */
export async function pushedBefore(
  repository: GitRepository,
  revision: string,
  file: string,
  reason: string,
): Promise<PushedBefore | undefined> {
  const fields = ['%H', '%P', `%(trailers:key=${EMERGENCY},valueonly)`]
  const [entry] = await readLog(repository, fields, ['-1', '--first-parent', '--end-of-options', revision, '--', file])
  const [commit = '', parent = '', said = ''] = entry?.fields ?? []
  return commit !== '' && said.trim() === lineOf(reason) && !parent.includes(' ') ? { commit, parent } : undefined
}

/**
 * Pushes the change straight to the base branch and opens the review afterwards: a pull request of the same commit into a branch
 * that stands where the base branch was. Where branch protection does not let it, the pull request is opened as always.
 * @param done the change, when the base branch has it already
 * @throws Failure when the base branch was moved meanwhile or cannot be reached; the change is kept on its local branch then
 */
export async function publishEmergency(change: Change, done: PushedBefore | undefined): Promise<Published> {
  const { repository, remote, baseBranch, baseCommit, branch, hooks } = change
  const commit = done?.commit ?? change.commit
  if (!done) {
    const target = { remote, branch: baseBranch, commit, expected: baseCommit, ...(hooks && { hooks }) }
    const refusal = await pushBranch(repository, target).then(
      () => undefined,
      (error: unknown) => (isRefusal(error) ? error : keep(change, error)),
    )
    if (refusal) {
      const published = await publishChange(change)
      return { ...published, problems: [`merge the pull request: ${refusal.message}`, ...published.problems] }
    }
  }
  const before = `emergency/${branch}/${baseCommit.slice(0, 12)}`
  const { parent = baseCommit } = await commitState(repository, commit)
  // It is there already when a run was ended after this. The remote has the commit: there is nothing for a hook to see.
  await pushBranch(repository, { remote, branch: before, commit: parent }).catch(() => undefined)
  const review = await publishChange({
    ...change,
    commit,
    baseBranch: before,
    rivalsInto: baseBranch,
    title: `Review afterwards: ${change.title}`,
    body: `${banner(baseBranch, commit)}\n\n${change.body}`,
    labels: [...change.labels, 'emergency'],
  })
  return { ...review, direct: { branch: baseBranch, commit } }
}

function banner(baseBranch: string, commit: string): string {
  const where = `\`${baseBranch}\` as \`${commit.slice(0, 7)}\``
  return `> **Already on ${where}**, pushed past review.\n> Merging this says that it was reviewed; it changes nothing that runs.`
}

function isRefusal(error: unknown): error is Failure {
  if (error instanceof HookFailure) return false
  return error instanceof Failure && error.code === 'push-refused'
}
