import type { Command } from 'commander'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { runDemo } from '../demo.ts'
import { parsePort, untilStopped } from '../local-server.ts'

interface Options extends CommonOptions {
  model: string
  from: string
  to: string
  port: string
  once?: boolean
}

export function demoCommand(program: Command): void {
  withCommonOptions(
    program
      .command('demo')
      .summary('the whole path on this repository: synth, validate, promote, serve, predict')
      .description(
        'Works in a scratch copy whose remote is a local bare repository and whose forge is embedded: no account, no cluster, no\n' +
          'network. Opens a promotion, prints the pull request, merges it, serves the model with the configuration that the\n' +
          'manifests carry, sends a request and stays up until Ctrl-C.',
      )
      .option('--model <model>', 'which model to promote', 'diabetes-progression')
      .option('--from <environment>', 'environment to promote from', 'staging')
      .option('--to <environment>', 'environment to promote to', 'production')
      .option('--port <number>', 'port of the server; 0 for a free one', '0')
      .option('--once', 'stop after the prediction'),
  ).action(async ({ once = false, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const port = parsePort(options.port)
    const { model, from, to } = options
    const demo = await runDemo({ root, model, from, to, port }, output)
    try {
      if (once) await demo.close()
      else {
        output.line(output.bold('Look around'))
        output.line(`  ${demo.address}/          a page that asks the model`)
        output.line(`  ${demo.address}/docs      the API, from its OpenAPI document`)
        output.line(`  ${demo.address}/readyz    state of each model`)
        output.line(`  ${demo.address}/metrics   Prometheus metrics`)
        output.line('Ctrl-C stops the server and removes the scratch copy.')
        await untilStopped(demo)
      }
    } finally {
      await demo.remove()
    }
  })
}
