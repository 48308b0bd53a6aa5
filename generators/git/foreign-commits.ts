import type { GitRepository } from './git.ts'
import { GitFailure } from './git-failure.ts'
import { readLog } from './log.ts'

/** The trailer that names the content a commit was made with: one that was amended since has another. */
export const TREE_TRAILER = 'Modelyard-tree'

/** A commit that somebody else made. */
export interface ForeignCommit {
  commit: string
  author: string
  subject: string
}

/** The message with the trailer for `tree`, beside the trailers that it has. */
export function withTreeTrailer(message: string, tree: string): string {
  const text = message.trimEnd()
  const paragraphs = text.split(/\n\s*\n/)
  const endsInTrailers =
    paragraphs.length > 1 && (paragraphs.at(-1) ?? '').split('\n').every((line) => /^[\w-]+: |^\s+\S/.test(line))
  return `${text}${endsInTrailers ? '\n' : '\n\n'}${TREE_TRAILER}: ${tree}\n`
}

/**
 * The commits that lead to `commit`, are not in `base`, and were not made by `commitAll`: newest first. A merge that holds nothing
 * but what Git itself makes of its parents, as the button "Update branch" of a forge does, is nobody's work.
 */
export async function foreignCommits(
  repository: GitRepository,
  { commit, base }: { commit: string; base: string },
): Promise<ForeignCommit[]> {
  const fields = ['%H', '%P', '%T', '%an', '%s', `%(trailers:key=${TREE_TRAILER},valueonly)`]
  const foreign: ForeignCommit[] = []
  for (const entry of await readLog(repository, fields, ['--end-of-options', commit, `^${base}`])) {
    const [id = '', parents = '', tree = '', author = '', subject = '', sealed = ''] = entry.fields
    const isOurs =
      sealed.trim() === tree || (parents.includes(' ') && (await mergedTree(repository.git, parents)) === tree)
    if (!isOurs) foreign.push({ commit: id, author, subject })
  }
  return foreign
}

/** What merging two commits gives; undefined for conflicts, for more than two, and for a Git before 2.38. */
async function mergedTree(git: GitRepository['git'], parents: string): Promise<string | undefined> {
  const [one = '', other = '', ...more] = parents.split(' ')
  if (more.length > 0) return undefined
  try {
    return (await git(['merge-tree', '--write-tree', one, other])).trim()
  } catch (error) {
    if (error instanceof GitFailure) return undefined
    throw error
  }
}
