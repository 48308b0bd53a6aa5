import { Failure } from '../findings/index.ts'
import type { GateOverride } from '../gates/index.ts'
import {
  type GitRepository,
  type HistoryEntry,
  type LogEntry,
  openRepository,
  readLog,
  scalarHistory,
} from '../git/index.ts'
import { type PinEvent, pinHistory } from '../pins/index.ts'
import { paths } from '../repository/index.ts'
import { EMERGENCY } from './emergency.ts'
import { readOverrideTrailers } from './override-trailers.ts'

/** One change of what ran, as a table or a program wants it. */
export interface HistoryRecord {
  environment: string
  kind: PinEvent['kind']
  /** ISO 8601 with the offset: when it reached this line of history. */
  date: string
  author: string
  commit: string
  /** Number of the pull request, where the commit names one as GitHub, GitLab or Gitea write it. */
  pullRequest?: number
  /** Gates that were overridden, and why. */
  overrides?: GateOverride[]
  /** Why the change was pushed past review. */
  emergency?: string
  /** What ran as stable afterwards; absent once retired. */
  stable?: string
  candidate?: PinEvent['candidate']
}

export interface History {
  /** The last in the first-parent history of the branch first, whatever the clocks of the committers said. */
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
  const options = ['--first-parent', '-m', '--no-renames', '--relative', '--name-only']
  const log = await readLog(git, ['%H', '%P', '%B'], [...options, '--end-of-options', from, '--', `:(glob)${pattern}`])
  const commits = log.map(parseCommit)
  const files = [...new Set(commits.flatMap(({ names }) => names))]
  if (files.length === 0) {
    const where = environment === undefined ? '' : ` in ${environment}`
    const isShallow = (await git.git(['rev-parse', '--is-shallow-repository'])).trim() === 'true'
    throw new Failure(`${model} never ran${where}: the history of ${from} has no ${pattern}`, {
      fix: isShallow
        ? 'Check the name. This clone is shallow: fetch the whole history with git fetch --unshallow.'
        : 'Check the name.',
    })
  }
  const histories = await Promise.all(
    files.map(async (file) => recordsOf(file, await scalarHistory(git, file, { from }))),
  )
  const order = new Map(commits.map(({ commit }, index) => [commit, index]))
  const records = histories
    .flatMap(({ records }) => records)
    .sort((a, b) => (order.get(a.commit) ?? 0) - (order.get(b.commit) ?? 0))
  const said = await reasonsOf(git, commits, new Set(records.map(({ commit }) => commit)))
  return {
    records: records.map((record) => ({ ...record, ...said.get(record.commit) })),
    isCut: histories.some(({ isCut }) => isCut),
  }
}

interface PinCommit {
  commit: string
  parents: string[]
  message: string
  /** Pins that it changed. */
  names: string[]
}

function parseCommit({ fields, rest }: LogEntry): PinCommit {
  const [commit = '', parents = '', message = ''] = fields
  const names = rest.split('\n').filter((name) => name !== '')
  return { commit, parents: parents.split(' ').filter((parent) => parent !== ''), message, names }
}

type Reasons = Pick<HistoryRecord, 'pullRequest' | 'overrides' | 'emergency'>

/** What the messages of commits say; those of a merge are of the commits that it brought, too. */
async function reasonsOf(
  { git }: GitRepository,
  commits: readonly PinCommit[],
  wanted: ReadonlySet<string>,
): Promise<Map<string, Reasons>> {
  const said = new Map<string, Reasons>()
  for (const { commit, parents, message } of commits) {
    if (!wanted.has(commit)) continue
    const [first, ...merged] = parents
    const brought =
      merged.length === 0 || first === undefined
        ? ''
        : await git(['log', '--no-show-signature', '--format=%B', ...merged, `^${first}`])
    const text = `${message}\n${brought}`
    const overrides = new Map(readOverrideTrailers(text).map((override) => [override.gate, override]))
    const lines = text.split('\n')
    const emergency = lines.find((line) => line.startsWith(`${EMERGENCY}: `))?.slice(EMERGENCY.length + 2)
    const pullRequest = numberOf(message)
    said.set(commit, {
      ...(pullRequest !== undefined && { pullRequest }),
      ...(overrides.size > 0 && { overrides: [...overrides.values()] }),
      ...(emergency !== undefined && { emergency }),
    })
  }
  return said
}

/** As a merge or a squash of GitHub and Gitea names it in the subject, and a merge of GitLab at the end. */
function numberOf(message: string): number | undefined {
  const [subject = ''] = message.split('\n', 1)
  const [, ...numbers] =
    /^Merge pull request (?:#(\d+) |'.*' \(#(\d+)\) )|\(#(\d+)\)$/.exec(subject) ??
    /^See merge request \S*!(\d+)$/m.exec(message) ??
    []
  const number = numbers.find((digits) => digits !== undefined)
  return number === undefined ? undefined : Number(number)
}

function recordsOf(file: string, entries: readonly HistoryEntry[]): History {
  const environment = file.split('/')[1] ?? ''
  const { events } = pinHistory(file, entries)
  const records = events.reverse().map(({ kind, state, stable, candidate }): HistoryRecord => {
    const { date, author, commit } = state
    return {
      environment,
      kind,
      date,
      author,
      commit,
      ...(stable !== undefined && { stable }),
      ...(candidate && { candidate }),
    }
  })
  return { records, isCut: entries.some(({ boundary }) => boundary) }
}
