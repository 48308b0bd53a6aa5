import { Failure } from '../findings/index.ts'
import { readBlobs } from './blobs.ts'
import type { GitRepository } from './git.ts'

/** One file as a commit has it; the path is relative to the repository's root. */
export interface FileText {
  file: string
  text: string
}

/**
 * The YAML files below `folder` where the current branch left `ref`: what a pull request onto `ref` changes them from.
 * @throws Failure when there is no such commit, or it has nothing in common with the current one.
 */
export async function filesAt(repository: GitRepository, ref: string, folder: string): Promise<FileText[]> {
  const commit = await mergeBase(repository, ref)
  // `<mode> <type> <id>\t<path>` each; links and submodules are no manifests.
  const tree = await repository.git(['ls-tree', '-r', '-z', commit, '--', `${folder}/`])
  const entries = tree.split('\0').flatMap((entry) => {
    const [, blob = '', file = ''] = /^100\d{3} blob ([0-9a-f]+)\t(.*\.ya?ml)$/s.exec(entry) ?? []
    return blob === '' ? [] : [{ blob, file }]
  })
  const texts = await readBlobs(
    repository,
    entries.map(({ blob }) => blob),
  )
  return entries.map(({ blob, file }) => ({ file, text: texts.get(blob) ?? '' }))
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

/** True when `commit` is `other` or one that led to it. */
export async function isAncestor({ git }: GitRepository, commit: string, other: string): Promise<boolean> {
  return (await git(['rev-list', '--max-count=1', '--end-of-options', commit, `^${other}`])).trim() === ''
}

/** Paths that differ between two commits, relative to the repository's root. */
export async function changedBetween({ git }: GitRepository, from: string, to: string): Promise<string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--relative', '--end-of-options', from, to]
  return (await git(args)).split('\0').slice(0, -1)
}
