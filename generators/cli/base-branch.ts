import { Failure } from '../findings/index.ts'
import { checkName, defaultBranch, type GitRepository, openRepository } from '../git/index.ts'
import { CONFIGURATION_FILE } from '../validation/index.ts'
import { parseYaml } from '../yaml/index.ts'

/**
 * The branch that was named, otherwise what `baseBranch` of modelyard.yaml says, otherwise the remote's default branch. Outside of Git:
 * `main`, for commands that need none.
 * @throws Failure for a name that is none
 */
export async function baseBranchOf(root: string, remote: string, named: string | undefined): Promise<string> {
  if (named !== undefined) return named
  const repository = await openRepository(root).catch((error: unknown) => {
    if (error instanceof Failure) return undefined
    throw error
  })
  if (!repository) return 'main'
  const branch = await defaultBranch(repository, remote)
  return (await configuredBranch(repository, `refs/remotes/${remote}/${branch}`)) ?? branch
}

/** The same as a revision of the remote `origin`: `origin/main`. */
export async function baseRefOf(root: string, named: string | undefined): Promise<string> {
  return named ?? `origin/${await baseBranchOf(root, 'origin', undefined)}`
}

/** Read where the remote's default branch has it: a branch or a work tree does not choose what its gates are read from. */
async function configuredBranch({ git }: GitRepository, revision: string): Promise<string | undefined> {
  const text = await git(['show', `${revision}:./${CONFIGURATION_FILE}`]).catch(() => undefined)
  if (text === undefined) return undefined
  const value = parseYaml(CONFIGURATION_FILE, text).document?.value as { baseBranch?: unknown } | null | undefined
  return typeof value?.baseBranch === 'string' ? checkName('branch', value.baseBranch) : undefined
}
