import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { requireEnvironment, requirePinned } from '../../pins/index.ts'
import { prepareLocalPod } from '../../registry/index.ts'
import { loadRepository, type Plan, requirePlan } from '../../repository/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { parsePort, startLocalServer, untilStopped } from '../local-server.ts'

interface Options extends CommonOptions {
  env?: string
  port: string
  host: string
}

export function serveCommand(program: Command): void {
  withCommonOptions(
    program
      .command('serve')
      .summary('run the server on this machine as a pod of an environment runs it')
      .description(
        'Starts the server with the very configuration that dist/ carries for a model in an environment. Artifacts of the\n' +
          'repository are put into its cache by digest; others are fetched from where the environment has them.',
      )
      .argument('<model>', 'folder name under models/')
      .option('--env <environment>', 'whose configuration (default: the first environment)')
      .option('--port <number>', 'port; 0 for a free one', '8080')
      .option('--host <address>', 'address to listen on', '127.0.0.1'),
  ).action(async (name: string, options: Options) => {
    const { root, output } = contextOf(options)
    const port = parsePort(options.port)
    const repository = await loadRepository(root)
    const plan = requirePlan(repository)
    const model = requirePinned(requireEnvironment(plan, options.env ?? firstEnvironment(plan)), name)

    const directory = await mkdtemp(join(tmpdir(), 'modelyard-serve-'))
    try {
      const pod = await prepareLocalPod(repository, model, directory)
      const server = await startLocalServer({ ...pod, host: options.host, port, logger: !output.json })
      output.line(`${name} ${model.stable.reference} as in ${model.environment.name}: ${server.address}`)
      output.line(`  curl ${server.address}/readyz`)
      output.line('Ctrl-C stops it.')
      output.data({ address: server.address, model: name, reference: model.stable.reference })
      await untilStopped(server)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
}

function firstEnvironment(plan: Plan): string {
  return plan.environments[0]?.definition.name ?? ''
}
