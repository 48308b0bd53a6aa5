import { type GitRepository, openRepository, runGit } from './git.ts'

/**
 * Makes the files in `directory` the first commit of a repository of its own, and a bare repository at `remote` its origin:
 * for the demo and for tests of whole commands. Nobody's identity and no other remote is used.
 */
export async function createScratchRepository(directory: string, remote: string): Promise<GitRepository> {
  await runGit(directory, ['init', '--quiet', '--initial-branch=main'])
  await runGit(directory, ['config', 'user.name', 'Modelyard demo'])
  await runGit(directory, ['config', 'user.email', 'demo@modelyard.invalid'])
  await runGit(directory, ['config', 'commit.gpgSign', 'false'])
  // Hooks of the user's own configuration are about the user's repositories.
  await runGit(directory, ['config', 'core.hooksPath', '.git/hooks'])
  await runGit(directory, ['add', '--all', '--force', '.'])
  await runGit(directory, ['commit', '--quiet', '--message', 'The repository as it is'])
  await runGit(directory, ['init', '--quiet', '--bare', '--initial-branch=main', remote])
  await runGit(directory, ['remote', 'add', 'origin', remote])
  await runGit(directory, ['push', '--quiet', 'origin', 'main'])
  return openRepository(directory)
}

/** Merges a branch of the remote into main there, as the forge does when a reviewer presses the button, and pulls it. */
export async function mergeBranch(repository: GitRepository, branch: string, message: string): Promise<void> {
  await repository.git(['fetch', '--quiet', 'origin'])
  await repository.git(['merge', '--quiet', '--no-ff', '--message', message, `origin/${branch}`])
  await repository.git(['push', '--quiet', 'origin', 'main'])
}
