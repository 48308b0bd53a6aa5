import type { Reviewers } from './forge.ts'
import type { GitRepository } from './git.ts'
import { GitFailure } from './git-failure.ts'

/** Where GitHub looks, in this order; the first that is there counts. */
const PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']

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
  for (const place of PLACES) {
    try {
      return await git(['show', '--no-textconv', `${commit}:${place}`])
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error
    }
  }
  return ''
}

/** Owners as the file writes them, `@user`, `@organisation/team` or an address, each once, in the order of the files. */
export function ownersOf(text: string, files: readonly string[]): string[] {
  const rules = text.split('\n').flatMap((line) => {
    const [pattern, ...owners] = line
      .replace(/(^|\s)#.*/, '')
      .trim()
      .split(/\s+/)
    return pattern ? [{ matches: matcher(pattern), owners }] : []
  })
  return [...new Set(files.flatMap((file) => rules.findLast(({ matches }) => matches.test(file))?.owners ?? []))]
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

/**
 * A pattern as GitHub reads it: like one of .gitignore, but `docs/*` does not reach into folders of docs, and there is neither
 * `!` nor `[a-z]`. https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
function matcher(pattern: string): RegExp {
  const isAnchored = pattern.replace(/\/$/, '').includes('/')
  const body = pattern
    .replace(/^\//, '')
    .replace(/\\(.)/g, '$1')
    .split(/(\*\*\/|\/\*\*$|\*\*|\*|\?)/)
    .map((part) => WILDCARDS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('')
  // A name is the file or everything below the folder; `x/` only what is below, and `x/*` only what is right there.
  const end = pattern.endsWith('/') ? '.+' : pattern.endsWith('/*') ? '' : '(?:/.*)?'
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}${end}$`)
}

const WILDCARDS: Record<string, string> = {
  '**/': '(?:.*/)?',
  '/**': '/.*',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
}
