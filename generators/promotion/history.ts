import { Failure } from '../findings/index.ts'
import { type HistoryEntry, openRepository, scalarHistory } from '../git/index.ts'
import { type PinEvent, pinHistory } from '../pins/index.ts'
import { paths } from '../repository/index.ts'

/** One change of what ran, as a table or a program wants it. */
export interface HistoryRecord {
  environment: string
  kind: PinEvent['kind']
  /** ISO 8601 with the offset: when it reached this line of history. */
  date: string
  author: string
  commit: string
  /** Number of the pull request, where the commit's subject names one as GitHub writes it. */
  pullRequest?: number
  /** What ran as stable afterwards; absent once retired. */
  stable?: string
  candidate?: PinEvent['candidate']
}

export interface History {
  /** Newest first. */
  records: HistoryRecord[]
  /** True when the clone is shallow and something older is not known. */
  isCut: boolean
}

/**
 * What ran when, by whom and by which pull request: from Git alone, also of models and environments that are gone.
 * @param options.from a revision; the history that it has as first parents is read
 * @throws Failure when no pin of that model was ever committed
 */
export async function readHistory(
  root: string,
  { model, environment, from }: { model: string; environment?: string; from: string },
): Promise<History> {
  const git = await openRepository(root)
  const pattern = paths.pin(environment ?? '*', model)
  const names = await git.git([
    'log',
    '--first-parent',
    '-m',
    '--no-renames',
    '--relative',
    '--name-only',
    '--format=',
    '-z',
    '--end-of-options',
    from,
    '--',
    `:(glob)${pattern}`,
  ])
  const files = [...new Set(names.split('\0').map((name) => name.trim()))].filter((name) => name !== '')
  if (files.length === 0) {
    const where = environment === undefined ? '' : ` in ${environment}`
    throw new Failure(`${model} never ran${where}: the history of ${from} has no ${pattern}`, {
      fix: 'Check the name; in a shallow clone fetch the whole history (git fetch --unshallow).',
    })
  }
  const histories = await Promise.all(
    files.map(async (file) => recordsOf(file, await scalarHistory(git, file, { from }))),
  )
  return {
    // Commits of one second keep the order in which each file has them.
    records: histories.flatMap(({ records }) => records).sort((a, b) => Date.parse(b.date) - Date.parse(a.date)),
    isCut: histories.some(({ isCut }) => isCut),
  }
}

function recordsOf(file: string, entries: readonly HistoryEntry[]): History {
  const environment = file.split('/')[1] ?? ''
  const { events } = pinHistory(file, entries)
  const records = events.reverse().map(({ kind, state, stable, candidate }): HistoryRecord => {
    const { date, author, commit, subject } = state
    const number = /^Merge pull request #(\d+) |\(#(\d+)\)$/.exec(subject)
    return {
      environment,
      kind,
      date,
      author,
      commit,
      ...(number && { pullRequest: Number(number[1] ?? number[2]) }),
      ...(stable !== undefined && { stable }),
      ...(candidate && { candidate }),
    }
  })
  return { records, isCut: entries.some(({ boundary }) => boundary) }
}
