import type { Command } from 'commander'
import { type HistoryRecord, readHistory } from '../../promotion/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { table } from '../table.ts'

interface Options extends CommonOptions {
  env?: string
  ref: string
}

export function historyCommand(program: Command): void {
  withCommonOptions(
    program
      .command('history')
      .summary('what ran when, by whom, by which pull request')
      .description(
        'Read from the history of the pins in Git, and from nothing else. The last change of the branch first.',
      )
      .argument('<model>', 'folder name under models/, also one that is gone')
      .option('--env <environment>', 'this environment only')
      .option('--ref <revision>', 'the line of history to read', 'HEAD'),
  ).action(async (model: string, { env, ref, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const history = await readHistory(root, { model, from: ref, ...(env !== undefined && { environment: env }) })
    output.data(history)
    const rows = history.records.map((record) => [
      record.date.slice(0, 16).replace('T', ' '),
      record.environment,
      record.kind,
      record.stable ?? '-',
      candidateOf(record),
      record.author,
      record.pullRequest === undefined ? record.commit.slice(0, 7) : `#${record.pullRequest}`,
    ])
    const heading = ['WHEN', 'ENVIRONMENT', 'WHAT', 'STABLE', 'CANDIDATE', 'WHO', 'BY']
    for (const line of table([heading, ...rows])) output.line(line)
    for (const line of history.records.flatMap(reasonsOf)) output.line(line)
    if (history.isCut) output.line('Older history is not in this shallow clone: git fetch --unshallow')
  })
}

function reasonsOf({ environment, stable, commit, overrides = [], emergency }: HistoryRecord): string[] {
  const what = `${environment} ${stable ?? '-'} (${commit.slice(0, 7)})`
  return [
    ...(emergency === undefined ? [] : [`${what} pushed past review: ${emergency}`]),
    ...overrides.map(({ gate, reason }) => `${what} gate ${gate} overridden: ${reason}`),
  ]
}

function candidateOf({ candidate }: HistoryRecord): string {
  return candidate ? `${candidate.release} ${candidate.mode} ${candidate.weight} %` : '-'
}
