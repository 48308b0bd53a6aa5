import { basename, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { newRepository, writeNew } from '../../scaffold/index.ts'
import { outputOf } from '../context.ts'
import { packageVersion } from '../package-version.ts'

interface Options {
  environments: string[]
  forge: 'github' | 'gitlab' | 'none'
  repository: string
  artifacts: string
  team?: string
  json?: boolean
  quiet?: boolean
}

export function initCommand(program: Command): void {
  program
    .command('init')
    .summary('write a new repository of models and environments')
    .description(
      'Writes the files of a repository that holds your models and environments and nothing of the tool. Never overwrites a\n' +
        'file: where one is there already, nothing is written.',
    )
    .argument('[folder]', 'where the repository is or will be', '.')
    .option('--environments <names>', 'in the order of promotion, separated by commas', names, [
      'development',
      'staging',
      'production',
    ])
    .addOption(
      new Option('--forge <forge>', 'what reviews changes').choices(['github', 'gitlab', 'none']).default('github'),
    )
    .option('--repository <url>', 'the remote that Argo CD reads', 'https://git.example.com/your-team/models.git')
    .option(
      '--artifacts <store>',
      'where pods fetch artifacts from: https://, s3:// or oci://',
      'https://models.example.com',
    )
    .option(
      '--team <owner>',
      'who reviews changes, such as @example/ml-platform; requires a review in the last environment',
    )
    .option('--json', 'print the result as JSON, for programs')
    .option('--quiet', 'print nothing but errors')
    .action(async (folder: string, options: Options) => {
      const output = outputOf(options)
      const root = resolve(folder)
      const files = newRepository({
        name: packageName(basename(root)),
        environments: options.environments,
        forge: options.forge,
        repoURL: options.repository,
        artifacts: store(options.artifacts),
        ...(options.team !== undefined && { team: options.team }),
        version: packageVersion(),
      })
      await writeNew(root, files)
      output.data({ root, files: [...files.keys()] })
      for (const path of files.keys()) output.line(`  written ${path}`)
      output.line(
        `\nNext: ${folder === '.' ? '' : `cd ${folder}, `}npm install, then modelyard new model <name> --onnx <file>. README.md has the rest.`,
      )
    })
}

const ENVIRONMENT = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/

function names(value: string): string[] {
  const list = value.split(',').map((name) => name.trim())
  for (const name of list) {
    if (!ENVIRONMENT.test(name)) {
      throw new InvalidArgumentError(
        `Invalid environment name: ${JSON.stringify(name)}. Use lower-case letters, digits and -.`,
      )
    }
  }
  if (new Set(list).size < list.length) throw new InvalidArgumentError('An environment is named twice.')
  return list
}

/** The definition of a store from its address. */
function store(address: string): string {
  const quoted = (text: string) => `'${text}'`
  const [, scheme, rest = ''] = /^(https|s3|oci):\/\/([\w./:@-]+)$/.exec(address) ?? []
  if (scheme === 'https') return `https(${quoted(address)})`
  if (scheme !== undefined) return `${scheme}(${quoted(rest)})`
  throw new InvalidArgumentError(
    `Invalid --artifacts: ${address}. Write https://host/path, s3://bucket/prefix or oci://host/repository.`,
  )
}

/** npm's rules: lower case, URL-safe. */
function packageName(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'models'
  )
}
