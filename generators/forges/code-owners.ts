import type { GitRepository } from '../git/index.ts'
import { GitFailure } from '../git/index.ts'
import { CODE_OWNERS_PLACES, ownersOf } from '../text/index.ts'
import type { Reviewers } from './forge.ts'

/**
 * Who owns the files, by the CODEOWNERS file of `commit`: of each file the owners that the last matching line names.
 * @param files relative to the repository's root
 * @param owner whose teams can be asked; a forge knows no others
 */
export async function codeOwners(
  repository: GitRepository,
  commit: string,
  files: readonly string[],
  owner: string | undefined,
): Promise<Reviewers> {
  const text = await firstOf(repository, commit)
  const fromTop = files.map((file) => repository.prefix + file)
  return reviewersOf(ownersOf(text, fromTop), owner)
}

async function firstOf({ git }: GitRepository, commit: string): Promise<string> {
  for (const place of CODE_OWNERS_PLACES) {
    try {
      return await git(['show', '--no-textconv', `${commit}:${place}`])
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
    }
  }
  return ''
}

/** People who are named by their address only cannot be asked by name. */
function reviewersOf(owners: readonly string[], organisation: string | undefined): Reviewers {
  const names = owners.filter((name) => name.startsWith('@')).map((name) => name.slice(1))
  return {
    users: names.filter((name) => !name.includes('/')),
    teams: names.flatMap((name) => {
      const [group, team] = name.split('/')
      return team !== undefined && group?.toLowerCase() === organisation?.toLowerCase() ? [team] : []
    }),
  }
}
