import { Failure } from '../findings/index.ts'
import { defaultBranch, openRepository } from '../git/index.ts'

/** The branch that was named, otherwise the remote's default branch. Outside of Git: `main`, for commands that need none. */
export async function baseBranchOf(root: string, remote: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return named
  try {
    return await defaultBranch(await openRepository(root), remote)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return 'main'
  }
}

/** The same as a revision of the remote `origin`: `origin/main`. */
export async function baseRefOf(root: string, named: string | undefined): Promise<string> {
  return named ?? `origin/${await baseBranchOf(root, 'origin', undefined)}`
}
