import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import {
  askFiles,
  type FileReport,
  type ListReport,
  needsCredentials,
  type OnFile,
  type OpenStore,
  openStore,
  placeOf,
  pushFiles,
} from '../../artifacts/index.ts'
import type { ArtifactStore } from '../../definitions/index.ts'
import { storesAt } from '../../observe/index.ts'
import { requireEnvironment } from '../../pins/index.ts'
import { loadRepository, type PlannedEnvironment, type Repository, requirePlan } from '../../repository/index.ts'
import { count, formatBytes } from '../../review/index.ts'
import { baseRefOf } from '../base-branch.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT, type Output } from '../output.ts'
import { table } from '../table.ts'

interface Options extends CommonOptions {
  pins?: string
  base?: string
  directory?: string
}

/** What became of the files of one environment. */
interface EnvironmentReport {
  environment: string
  store: string
  files: FileReport[]
  /** Manifests that a registry got, or did not take. */
  lists: ListReport[]
  /** Why the store was not asked. */
  refused?: { reason: string; fix: string }
}

interface Progress {
  begin(environment: string, store: string): void
  onFile: OnFile
  end(report: EnvironmentReport): void
}

type Task = (
  repository: Repository,
  environment: PlannedEnvironment,
  store: OpenStore,
  onFile: OnFile,
) => Promise<Pick<EnvironmentReport, 'files' | 'lists'>>

const ask =
  (full: boolean): Task =>
  async (_, environment, store, onFile) => ({ files: await askFiles(environment, store, { full, onFile }), lists: [] })

const push: Task = (repository, environment, store, onFile) => pushFiles(repository, environment, store, onFile)

export function artifactCommand(program: Command): void {
  const command = program
    .command('artifact')
    .summary('put the files of models where pods fetch them, and see what is there')

  withOptions(
    command
      .command('push')
      .summary('upload what the store of an environment lacks')
      .description(
        'Uploads every file that the pins of an environment lead to and its store lacks: model, external data, golden samples and\n' +
          'baseline. Each is compared with the digest of its version before the upload and after it. Exit 0: all are there; 1: a file is\n' +
          'missing here or damaged; 2: the store could not be asked or written to.',
      ),
  ).action((names: string[], options: Options) => run(names, options, push))

  withOptions(
    command
      .command('verify')
      .summary('ask the store of an environment for every file')
      .description(
        'Asks for every file that the pins of an environment lead to. Exit 0: all are there; 1: a file is missing or damaged; 2: the\n' +
          'store could not be asked.',
      )
      .option('--full', 'download each file and compare its digest'),
  ).action((names: string[], { full = false, ...options }: Options & { full?: boolean }) =>
    run(names, options, ask(full)),
  )

  withOptions(
    command
      .command('list')
      .summary('list the files of an environment with size and digest')
      .description(
        'Lists every file that the pins of an environment lead to, and whether its store has it. Exit 0, or 2 when the store could not\n' +
          'be asked.',
      ),
  ).action(listFiles)
}

function withOptions(command: Command): Command {
  return withCommonOptions(
    command
      .argument('[environment...]', 'whose stores (default: all)')
      .option('--pins <environment>', 'the files that the pins of this environment lead to (default: its own)')
      .option('--directory <path>', 'where the volume of files(...) is mounted on this machine')
      .option(
        '--base <ref>',
        'credentials go to the stores that this branch names (default: the default branch of origin); HEAD trusts what you have committed',
      ),
  )
}

/** Its lines are its progress. */
async function run(names: string[], options: Options, task: Task): Promise<void> {
  const { output } = contextOf(options)
  const reports = await reportsOf(names, options, task, {
    begin: (environment, store) => output.line(output.bold(`${environment}, ${store}`)),
    onFile: tellFile(output),
    end: (report) => tellSummary(output, report),
  })
  output.data(reports)
  process.exitCode = exitCode(reports)
}

async function listFiles(names: string[], options: Options): Promise<void> {
  const { output } = contextOf(options)
  const reports = await output.during('Asking', () =>
    reportsOf(names, options, ask(false), { begin() {}, onFile() {}, end() {} }),
  )
  output.data(reports)
  const rows = reports.flatMap(({ environment, files }) =>
    files.map(({ model, version, name, size, sha256, result }) => {
      return [environment, `${model} ${version}`, name, formatBytes(size), sha256, result]
    }),
  )
  for (const line of table([['ENVIRONMENT', 'VERSION', 'FILE', 'SIZE', 'SHA256', 'STORE'], ...rows])) output.line(line)
  for (const report of reports) tellRefused(output, report)
  const isAnswered = reports.every(({ files, refused }) => !refused && files.every(({ result }) => result !== 'failed'))
  process.exitCode = isAnswered ? EXIT.ok : EXIT.failure
}

/** One environment after the other: two that share a store upload nothing twice. */
async function reportsOf(
  names: string[],
  options: Options,
  task: Task,
  { begin, onFile, end }: Progress,
): Promise<EnvironmentReport[]> {
  const { root } = contextOf(options)
  const repository = await loadRepository(root)
  const plan = requirePlan(repository)
  const chosen = names.length > 0 ? names.map((name) => requireEnvironment(plan, name)) : plan.environments
  const pins = options.pins === undefined ? undefined : requireEnvironment(plan, options.pins)
  const base = await baseRefOf(root, options.base)
  const known = chosen.some(({ definition }) => needsCredentials(definition.artifacts))
    ? await storesAt(root, base)
    : new Map<string, ArtifactStore>()
  const reports: EnvironmentReport[] = []
  for (const { definition, models } of chosen) {
    const { name, artifacts: store } = definition
    const directory = options.directory === undefined ? undefined : resolve(options.directory)
    const place = store.kind === 'files' && directory !== undefined ? directory : placeOf(store)
    const report = { environment: name, store: place, files: [], lists: [] }
    const opened =
      needsCredentials(store) && !isDeepStrictEqual(store, known.get(name))
        ? untrusted(store, base)
        : await openStore(store, directory)
    begin(name, place)
    const environment = { definition, models: pins?.models ?? models }
    const done: EnvironmentReport =
      'client' in opened
        ? { ...report, ...(await task(repository, environment, opened, onFile)) }
        : { ...report, refused: opened }
    end(done)
    reports.push(done)
  }
  return reports
}

function untrusted(store: ArtifactStore, base: string): { reason: string; fix: string } {
  return {
    reason: `${base} does not name ${placeOf(store)}, which would get the credentials of this machine`,
    fix: 'Merge its environment.ts first; or commit it, and trust it yourself: --base HEAD',
  }
}

/** A line as soon as a file is done: uploads take a while. */
function tellFile(output: Output): OnFile {
  return ({ model, version, name, size, sha256, ...outcome }) => {
    const [line = ''] = table([
      [
        `  ${outcome.result.padEnd(8)}`,
        sha256.slice(0, 12),
        formatBytes(size).padStart(8),
        `${model} ${version} ${name}`,
      ],
    ])
    output.line(line)
    if ('reason' in outcome) tellReason(output, outcome)
  }
}

function tellSummary(output: Output, report: EnvironmentReport): void {
  const { files, lists } = report
  if (report.refused) {
    tellRefused(output, report)
    return
  }
  for (const list of lists) {
    if (list.result === 'listed') output.line(`  listed    ${list.reference}`)
    else {
      output.line(`  failed    manifest of ${list.model} ${list.version}`)
      tellReason(output, list)
    }
  }
  const counts = [...new Set(files.map(({ result }) => result))].map((result) => {
    const some = files.filter((file) => file.result === result)
    const bytes = result === 'uploaded' ? ` (${formatBytes(some.reduce((sum, { size }) => sum + size, 0))})` : ''
    return `${some.length} ${result}${bytes}`
  })
  const summary = files.length === 0 ? 'no model is pinned' : `${count(files.length, 'file')}: ${counts.join(', ')}`
  output.line(`  ${summary}`)
}

function tellReason(output: Output, { reason, fix }: { reason: string; fix: string }): void {
  output.line(`            ${reason}`)
  output.line(`            ${fix}`)
}

function tellRefused(output: Output, { environment, refused }: EnvironmentReport): void {
  if (!refused) return
  output.line(`  ${environment} was not asked`)
  tellReason(output, refused)
}

function exitCode(reports: readonly EnvironmentReport[]): number {
  const results = reports.flatMap(({ files, lists }) => [...files, ...lists].map(({ result }) => result))
  if (results.some((result) => result === 'missing' || result === 'damaged')) return EXIT.findings
  return results.includes('failed') || reports.some(({ refused }) => refused) ? EXIT.failure : EXIT.ok
}
