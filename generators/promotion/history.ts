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
import { pinMessages, readOverrideTrailers, textAbout } from './override-trailers.ts'

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
  const byId = new Map(commits.map((one) => [one.commit, one]))
  const numberBy = fetchedNumbers(git)
  const told: HistoryRecord[] = []
  for (const record of records) {
    const commit = byId.get(record.commit)
    const pin = paths.pin(record.environment, model)
    told.push(commit ? { ...record, ...(await reasonsOf(git, commit, pin, numberBy)) } : record)
  }
  return {
    records: told,
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

/** What the message of a commit says of a pin; that of a merge is of the commits that it brought, too, where they change the pin. */
async function reasonsOf(
  git: GitRepository,
  { commit, parents, message }: PinCommit,
  pin: string,
  numberBy: (commit: string) => Promise<number | undefined>,
): Promise<Reasons> {
  const [first, ...merged] = parents
  const brought = merged.length === 0 || first === undefined ? [] : await pinMessages(git, [...merged, `^${first}`])
  const text = `${message}\n${textAbout(pin, brought)}`
  const overrides = new Map(readOverrideTrailers(text).map((override) => [override.gate, override]))
  const lines = text.split('\n')
  const emergency = lines.find((line) => line.startsWith(`${EMERGENCY}: `))?.slice(EMERGENCY.length + 2)
  const pullRequest = numberOf(message) ?? (await numberBy(commit))
  return {
    ...(pullRequest !== undefined && { pullRequest }),
    ...(overrides.size > 0 && { overrides: [...overrides.values()] }),
    ...(emergency !== undefined && { emergency }),
  }
}

/**
 * Numbers of pull requests whose heads were fetched (`refs/pull/7/head` of GitHub and Gitea, `refs/merge-requests/7/head` of GitLab, in
 * any place below refs/): a merge by rebase keeps author, date and subject of the head, and says no number.
 */
function fetchedNumbers({ git }: GitRepository): (commit: string) => Promise<number | undefined> {
  const fields = '%(authoremail)%00%(authordate:raw)%00%(contents:subject)'
  let heads: Promise<Map<string, number>> | undefined
  const read = async () => {
    const output = await git(['for-each-ref', `--format=%(refname)%00${fields}`])
    return new Map(
      output.split('\n').flatMap((line): [string, number][] => {
        const [name = '', ...key] = line.split('\0')
        const number = /\/(?:pull|merge-requests|pr)\/(\d+)(?:\/head)?$/.exec(name)?.[1]
        return number === undefined ? [] : [[key.join('\0'), Number(number)]]
      }),
    )
  }
  return async (commit) => {
    heads ??= read()
    if ((await heads).size === 0) return undefined
    const key = await git(['log', '-1', '--no-show-signature', '--date=raw', '--format=<%ae>%x00%ad%x00%s', commit])
    return (await heads).get(key.trimEnd())
  }
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
