import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readBlobs } from './blobs.ts'
import type { GitRepository } from './git.ts'
import { type LogEntry, readLog } from './log.ts'

/** One change of a file, as the main line of history has it. */
export interface HistoryEntry {
  commit: string
  /** When it reached this line of history (the merge, for a merged pull request): ISO 8601 with the offset. */
  date: string
  author: string
  subject: string
  /** The file afterwards; undefined when this commit removed it. */
  text: string | undefined
  /** Set where a shallow clone ends: the file had this text by then, but the change itself is older. */
  boundary?: true
}

const NONE = /^0+$/

/**
 * How a file's content changed, newest first, following first parents from `from` (default `HEAD`): a merged branch is one
 * change. Reads only the clone. An empty list when the file never existed.
 */
export async function scalarHistory(
  repository: GitRepository,
  file: string,
  { from = 'HEAD' }: { from?: string } = {},
): Promise<HistoryEntry[]> {
  const options = ['--first-parent', '-m', '--no-renames', '--no-abbrev', '--raw']
  const log = await readLog(repository, ['%H', '%cI', '%an', '%s'], [...options, '--end-of-options', from, '--', file])
  const boundaries = await shallowBoundaries(repository)
  const changes = log.map(parseChange)
  const texts = await readBlobs(
    repository,
    changes.map(({ blob }) => blob).filter((blob) => !NONE.test(blob)),
  )
  return changes.map(({ blob, ...change }) => ({
    ...change,
    text: texts.get(blob),
    ...(boundaries.has(change.commit) ? { boundary: true as const } : {}),
  }))
}

function parseChange({ fields, rest }: LogEntry): Omit<HistoryEntry, 'text'> & { blob: string } {
  const [commit = '', date = '', author = '', subject = ''] = fields
  // `:100644 100644 <blob before> <blob after> M<tab>path`
  const raw = rest.split('\n').find((line) => line.startsWith(':'))
  return { commit, date, author, subject, blob: raw?.split(' ')[3] ?? '0' }
}

async function shallowBoundaries(repository: GitRepository): Promise<Set<string>> {
  const shallow = (await repository.git(['rev-parse', '--is-shallow-repository'])).trim()
  if (shallow !== 'true') return new Set()
  const file = (await repository.git(['rev-parse', '--git-path', 'shallow'])).trim()
  return new Set(readFileSync(resolve(repository.root, file), 'utf8').split('\n'))
}
