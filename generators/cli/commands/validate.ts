import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { Failure, type Finding } from '../../findings/index.ts'
import type { MeasuredVersion } from '../../gates/index.ts'
import {
  LAYERS,
  type Layer,
  type ManifestOptions,
  validateManifests,
  validateRepository,
} from '../../validation/index.ts'
import { budgetLines } from '../budget-lines.ts'
import { contextOf, withCommonOptions } from '../context.ts'
import type { Fixed } from '../fix-manifests.ts'
import type { Output } from '../output.ts'
import { expectShortRun } from '../v8-tuning.ts'
import { FORMATS, type FormatOptions, outputFor, tell } from '../validation-report.ts'

interface Options extends FormatOptions, Omit<ManifestOptions, 'server'> {
  server?: boolean
  fix?: boolean
  dryRun?: boolean
  kubeconfig?: string
  context?: string
  offline?: boolean
  measure?: boolean
  since?: string
}

const SERVER_OPTIONS = ['server', 'kubeconfig', 'context'] as const
const MANIFEST_OPTIONS = ['complete', 'config', 'ignoreMissingSchemas', 'kubernetesVersion', 'only', 'schema'] as const

export function validateCommand(program: Command): void {
  withCommonOptions(
    program
      .command('validate')
      .argument('[input...]', 'folders and files of manifests, - for standard input (default: the whole repository)')
      .summary('check the repository, or any Kubernetes manifests')
      .description(
        'Without inputs, one pass over the repository: definitions and pins, sealed releases, dist/ against synth, every object\n' +
          'against its JSON Schema and the objects it names, every artifact against its digest and frozen interface.\n' +
          'With inputs, the objects in them, wherever they are from: no repository and no configuration is needed.\n' +
          'Exit 1 with errors, 2 when something could not be checked.',
      )
      .option('--offline', 'leave the artifacts of the repository out')
      .option('--measure', 'run each deployed version, and say its latency and memory here beside its budget')
      .option(
        '--since <ref>',
        'say too what the change since this branch or commit does: to clusters, to facts, to the order of promotion',
      )
      .option('--complete', 'the inputs are all there is: a name that they do not hold is an error')
      .option('--only <layers>', `of ${LAYERS.join(', ')} only these, with commas between them`, layersOf)
      .option('--kubernetes-version <minor>', 'check against this minor of Kubernetes (default: the newest known)')
      .option('--schema <path...>', 'JSON Schemas or CustomResourceDefinitions of other kinds: files or folders')
      .option('--ignore-missing-schemas', 'leave objects of unknown kinds alone')
      .option('--fix', 'repair what is mechanical, in the files that are named or by synth, and say what is left')
      .option('--dry-run', 'with --fix, say what would be repaired, and write nothing')
      .option('--server', 'ask an API server too, by a dry run of each object; kubectl connects to it')
      .option('--kubeconfig <file>', 'with --server, the kubeconfig (default: KUBECONFIG, else as kubectl does)')
      .option('--context <name>', 'with --server, the context in it (default: the current one)')
      .option('--config <file>', 'severities and suppressions (default: modelyard.yaml of the current folder, or none)')
      .addOption(
        new Option('--format <format>', 'how the findings are printed; --json is short for --format json')
          .choices(FORMATS)
          .default('text'),
      ),
  ).action((inputs: string[], options: Options) => {
    if (options.dryRun && !options.fix) {
      throw new Failure('--dry-run is about repairs, and validate writes nothing without --fix', {
        fix: 'Add --fix, or leave --dry-run out.',
      })
    }
    return inputs.length > 0 ? validateInputs(inputs, options) : validateHere(options)
  })
}

function layersOf(text: string): Layer[] {
  const names = text.split(',')
  const unknown = names.find((name) => !LAYERS.some((layer) => layer === name))
  if (unknown === undefined) return LAYERS.filter((layer) => names.includes(layer))
  throw new InvalidArgumentError(`"${unknown}" is no layer: name some of ${LAYERS.join(',')}.`)
}

async function validateInputs(inputs: string[], options: Options): Promise<void> {
  for (const option of ['offline', 'measure', 'since', 'root'] as const) {
    if (options[option] !== undefined) {
      throw new Failure(`--${option} is for the repository, and ${inputs[0]} was named`, {
        fix: 'Leave one of them out.',
      })
    }
  }
  expectShortRun()
  const output = outputFor(options)
  const manifestOptions = { ...options, server: serverOf(options) }
  const validation = await output.during('Validating', async () => {
    if (!options.fix) return validateManifests(inputs, manifestOptions)
    return (await import('../fix-manifests.ts')).fixManifests(inputs, manifestOptions, options.dryRun ?? false)
  })
  tellFixed(validation, output)
  const { counts, server } = validation
  const others = counts.otherDocuments === 0 ? '' : ` (${count(counts.otherDocuments, 'other document')} left out)`
  const looked = `${count(counts.objects, 'object')} in ${count(counts.files, 'file')}${others}`
  const noted = [
    ...(options.only ? [`only ${options.only.join(', ')}`] : []),
    ...(server === undefined ? [] : [`with ${server}`]),
  ]
  const note = noted.length === 0 ? '' : ` (${noted.join('; ')})`
  await tell(validation, { looked, note, root: '.' }, options)
}

/** What was repaired, or would be, before what is left. */
function tellFixed(
  validation: object & { fixed?: readonly Fixed[]; wouldFix?: readonly Fixed[] },
  output: Output,
): void {
  const verb = validation.wouldFix ? 'would fix' : 'fixed'
  for (const { file, line, rule, says } of validation.wouldFix ?? validation.fixed ?? [])
    output.line(`${verb} ${file}:${line}: ${says} [${rule}]`)
}

function serverOf({ server = false, kubeconfig, context }: Options): ManifestOptions['server'] {
  if (server) return { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) }
  const option = kubeconfig !== undefined ? 'kubeconfig' : context !== undefined ? 'context' : undefined
  if (option === undefined) return undefined
  throw new Failure(`--${option} requires --server`, { fix: 'Add --server.' })
}

async function validateHere(options: Options): Promise<void> {
  const serverOption = SERVER_OPTIONS.find((name) => options[name] !== undefined)
  if (serverOption !== undefined) {
    throw new Failure(`--${serverOption} is about one cluster, and dist/ holds the objects of every environment`, {
      fix: 'Name the folder of one: modelyard validate dist/<environment> --server --context <context>',
    })
  }
  const manifestOption = MANIFEST_OPTIONS.find((name) => options[name] !== undefined)
  if (manifestOption !== undefined) {
    throw new Failure('the repository is checked whole: options for manifests need an input', {
      fix: `Name what to check${existsSync('dist') ? ': modelyard validate dist/' : '.'}`,
    })
  }
  const { root } = contextOf(options)
  const { offline = false, measure = false, since } = options
  if (offline && measure) {
    throw new Failure('--measure runs the artifacts that --offline leaves out', { fix: 'Leave one of them out.' })
  }
  if (options.fix && since !== undefined) {
    throw new Failure('--fix cannot be combined with --since', { fix: 'Do one after the other.' })
  }
  const output = outputFor(options)
  const validation = await output.during('Validating', async () => {
    const validate = () => validateRepository(root, { offline })
    if (options.fix) {
      return (await import('../fix-repository.ts')).fixRepository(root, { dryRun: options.dryRun ?? false, validate })
    }
    if (since === undefined) return validate()
    // Only this needs Git, which nothing else should wait for.
    const { openRepository, withBase } = await import('../../git/index.ts')
    return withBase(await openRepository(root), since, (base) => validateRepository(root, { offline, base }))
  })
  tellFixed(validation, output)
  const { counts, artifactsChecked } = validation
  const looked = `${counts.environments} environments, ${counts.models} models, ${counts.versions} versions, ${counts.objects} objects`
  const note = artifactsChecked ? '' : ' (artifacts not checked: --offline)'
  if (!measure) return tell(validation, { looked, note, root }, options)
  const measured = await outputFor(options).during('Measuring', () => measureHere(root, validation.findings))
  await tell({ ...validation, measured }, { looked, note, root, lines: budgetLines(measured) }, options)
}

async function measureHere(root: string, findings: readonly Finding[]): Promise<MeasuredVersion[]> {
  const { measureDeployed } = await import('../../gates/index.ts')
  const { loadRepository, resolvePlan } = await import('../../repository/index.ts')
  const repository = await loadRepository(root)
  const refused = new Set(findings.flatMap(({ file, severity }) => (severity === 'error' ? [file] : [])))
  return measureDeployed(repository, resolvePlan(repository), (file) => !refused.has(file))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
