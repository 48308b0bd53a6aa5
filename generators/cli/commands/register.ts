import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { describeObstacle } from 'modelyard-serving/batcher'
import { hasErrors } from '../../findings/index.ts'
import { planRegistration, type Registration, writeRegistration } from '../../registry/index.ts'
import { loadRepository } from '../../repository/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT, exitCodeOf } from '../output.ts'

interface Options extends CommonOptions {
  version: string
  metrics?: string
  samples?: string
  baseline?: string
  lineage?: string
  dryRun?: boolean
}

export function registerCommand(program: Command): void {
  withCommonOptions(
    program
      .command('register')
      .summary('add a version of a model from an ONNX file')
      .description(
        'Reads the graph of an ONNX file, freezes the interface of model.ts against it, runs the golden samples, applies the\n' +
          'validation gates and writes models/<model>/versions/<version>.yaml. The same call twice changes nothing.',
      )
      .argument('<model>', 'folder name under models/')
      .argument('<file.onnx>', 'the model; external data files are expected beside it')
      .requiredOption('--version <x.y.z>', 'the version to register')
      .option(
        '--metrics <file>',
        'metrics and the data set they were measured on (default: metrics.json beside the model)',
      )
      .option('--samples <file>', 'golden samples with expected outputs (default: samples.json beside the model)')
      .option(
        '--baseline <file>',
        'distributions that drift is measured against (default: baseline.json beside the model)',
      )
      .option('--lineage <file>', 'run, data set, code, who and when (default: lineage.json beside the model)')
      .option('--dry-run', 'judge and print, write nothing'),
  ).action(async (model: string, onnx: string, options: Options) => {
    const { root, output } = contextOf(options)
    const repository = await output.during('Loading definitions', () => loadRepository(root))
    const request = registration(model, onnx, options)
    const plan = await output.during('Checking the model', () => planRegistration(repository, request))
    if (!options.dryRun) await writeRegistration(repository, plan)

    output.findings(plan.findings)
    for (const { result, name, detail } of plan.gates) output.line(`  gate ${name}: ${result} (${detail})`)
    if (plan.golden) {
      const { samples, maxToleranceShare } = plan.golden
      const percent = Number((maxToleranceShare * 100).toPrecision(2))
      output.line(`  golden samples: ${samples} run, largest error ${percent} % of the tolerance`)
    }
    if (plan.joining) {
      const { joining } = plan
      output.line(`  requests share calls: ${joining.joined ? 'yes' : `no (${describeObstacle(joining.obstacle)})`}`)
    }
    const done = {
      new: options.dryRun ? 'would be registered' : 'registered',
      unchanged: 'is registered already, unchanged',
    }
    if (plan.outcome) output.line(`${model} ${options.version} ${done[plan.outcome.kind]}: ${plan.outcome.file}`)
    const { findings, gates, golden, joining, outcome } = plan
    output.data({ findings, gates, golden, joining, outcome: outcome && { kind: outcome.kind, file: outcome.file } })
    process.exitCode = hasErrors(findings) ? EXIT.findings : exitCodeOf(findings)
  })
}

function registration(model: string, onnx: string, options: Options): Registration {
  const beside = (name: string) => join(dirname(onnx), name)
  const optional = (given: string | undefined, name: string) =>
    given ?? (existsSync(beside(name)) ? beside(name) : undefined)
  const samples = optional(options.samples, 'samples.json')
  const baseline = optional(options.baseline, 'baseline.json')
  return {
    model,
    onnx,
    version: options.version,
    metrics: options.metrics ?? beside('metrics.json'),
    lineage: options.lineage ?? beside('lineage.json'),
    ...(samples !== undefined && { samples }),
    ...(baseline !== undefined && { baseline }),
  }
}
