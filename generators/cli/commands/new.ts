import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { Failure, hasErrors } from '../../findings/index.ts'
import { readEvidence, readGraph } from '../../registry/index.ts'
import { loadRepository, paths } from '../../repository/index.ts'
import { environmentDefinition, modelDefinition, writeNew } from '../../scaffold/index.ts'
import { type CommonOptions, type Context, contextOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../output.ts'

interface ModelOptions extends CommonOptions {
  onnx: string
  owner: string
  samples?: string
  baseline?: string
}

export function newCommand(program: Command): void {
  const command = program.command('new').summary('write the definition of a model or an environment, or a first pin')

  withCommonOptions(
    command
      .command('model')
      .summary('write model.ts from an ONNX file')
      .description(
        'Reads names, types and shapes from the graph, and ranges, categories and missing values from golden samples and\n' +
          'baseline, and writes models/<name>/model.ts.',
      )
      .argument('<name>', 'folder name under models/')
      .requiredOption('--onnx <file>', 'the exported model')
      .option('--owner <team>', 'the team that answers for the model', 'team')
      .option('--samples <file>', 'golden samples (default: samples.json beside the model)')
      .option('--baseline <file>', 'baseline (default: baseline.json beside the model)'),
  ).action(async (name: string, options: ModelOptions) => {
    const context = contextOf(options)
    const beside = (given: string | undefined, file: string) => {
      const found = join(dirname(options.onnx), file)
      return given ?? (existsSync(found) ? found : undefined)
    }
    const samples = beside(options.samples, 'samples.json')
    const baseline = beside(options.baseline, 'baseline.json')
    const facts = await readGraph(options.onnx)
    const evidence = await readEvidence({
      ...(samples !== undefined && { samples }),
      ...(baseline !== undefined && { baseline }),
    })
    if (hasErrors(evidence.findings)) {
      context.output.findings(evidence.findings)
      process.exitCode = EXIT.findings
      return
    }
    const { text, notes } = modelDefinition({ name, owner: options.owner }, facts, evidence)
    await write(context, paths.model(checkedName(name)), text)
    for (const note of notes) context.output.line(`  note: ${note}`)
    context.output.line(`Next: modelyard register ${name} ${options.onnx} --version 1.0.0`)
  })

  withCommonOptions(
    command
      .command('environment')
      .summary('write environment.ts')
      .argument('<name>', 'folder name under environments/')
      .option('--from <environment>', 'the environment that releases come from'),
  ).action(async (name: string, options: CommonOptions & { from?: string }) => {
    const context = contextOf(options)
    const { environments } = await loadRepository(context.root)
    if (options.from !== undefined && !environments.has(options.from)) {
      throw new Failure(`there is no environment "${options.from}"`, {
        fix: `Name one of ${[...environments.keys()].join(', ')}.`,
      })
    }
    const text = environmentDefinition({ name, previous: options.from, approvals: false })
    await write(context, paths.environment(checkedName(name)), text)
  })

  withCommonOptions(
    command
      .command('pin')
      .summary('write the first pin of a model in the first environment')
      .argument('<model>', 'a model with a registered version')
      .requiredOption('--env <environment>', 'an environment that follows model.ts')
      .requiredOption('--version <x.y.z>', 'a registered version'),
  ).action(async (model: string, options: CommonOptions & { env: string; version: string }) => {
    const context = contextOf(options)
    const repository = await loadRepository(context.root)
    const environment = repository.environments.get(options.env)
    if (!environment)
      throw new Failure(`there is no environment "${options.env}"`, { fix: 'modelyard status lists them.' })
    if (environment.definition?.value.promotesFrom !== undefined) {
      throw new Failure(`${options.env} runs releases that another environment ran before`, {
        fix: `Promote into it: modelyard promote ${model} --from ${environment.definition.value.promotesFrom.name} --to ${options.env}`,
      })
    }
    if (!repository.models.get(model)?.versions.has(options.version)) {
      throw new Failure(`${model} ${options.version} is not registered`, {
        fix: `Register it: modelyard register ${model} <file.onnx> --version ${options.version}`,
      })
    }
    await write(context, paths.pin(options.env, model), `stable: ${options.version}\n`)
    context.output.line('Next: modelyard synth')
  })
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/

/** Before it becomes part of a path. */
function checkedName(name: string): string {
  if (NAME.test(name)) return name
  throw new Failure(`invalid name: ${JSON.stringify(name)}`, {
    fix: 'Use lower-case letters, digits and -, at most 52 characters.',
  })
}

async function write({ root, output }: Context, path: string, text: string): Promise<void> {
  await writeNew(root, new Map([[path, text]]))
  output.data({ file: path })
  output.line(`  written ${path}`)
}
