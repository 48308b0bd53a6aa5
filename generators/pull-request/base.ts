import { Failure } from '../findings/index.ts'
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

/** The commit where the current branch left `ref`. @throws Failure when there is none */
export async function mergeBase(repository: GitRepository, ref: string): Promise<string> {
  try {
    const id = await repository.git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])
    return (await repository.git(['merge-base', 'HEAD', id.trim()])).trim()
  } catch (cause) {
    throw new Failure(`there is no commit ${ref} that this branch started from`, {
      fix: 'Name a branch or commit of this repository, such as origin/main; fetch it first, with its history.',
      cause,
    })
  }
}
