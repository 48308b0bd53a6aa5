import { mergeBase } from './files-at.ts'
import type { GitRepository } from './git.ts'
import { withScratchWorktree } from './worktree.ts'

/**
 * Calls `work` with a folder that holds the repository where the current branch left `ref`: what a pull request onto `ref` changes.
 * @throws Failure when there is no such commit, or it has nothing in common with the current one; and whatever `work` throws
 */
export async function withBase<T>(
  repository: GitRepository,
  ref: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  return withScratchWorktree(repository, await mergeBase(repository, ref), work)
}
