import type { Command } from 'commander'
import { retire } from '../../promotion/index.ts'
import { parseAddress } from '../address.ts'
import { contextOf } from '../context.ts'
import { type ProposalFlags, proposalOptions, showProposal, withProposalOptions } from '../proposal.ts'

interface Options extends ProposalFlags {
  env: string
  reason?: string
  prometheus?: string
}

export function retireCommand(program: Command): void {
  withProposalOptions(
    program
      .command('retire')
      .summary('open a pull request that ends a model in an environment')
      .description(
        'Removes the pin and what was synthesized from it; Argo CD prunes what is merged, never a Namespace or a volume. Versions and\n' +
          'releases stay, so that `modelyard rollback` brings the model back.',
      )
      .argument('<model>', 'folder name under models/')
      .requiredOption('--env <environment>', 'where it shall not run any more')
      .option(
        '--prometheus <url>',
        'ask this server, not that of environment.ts, who called it in the last seven days',
        parseAddress,
      )
      .option('--reason <text>', 'why; stands in the pull request'),
  ).action(async (model: string, options: Options) => {
    const context = contextOf(options)
    const { env: environment, reason, prometheus } = options
    const request = { model, environment, ...(reason && { reason }), ...(prometheus && { prometheus }) }
    const settings = await proposalOptions(context, options)
    const proposal = await context.output.during('Retiring', () => retire(request, settings))
    showProposal(context, proposal, `${model} does not run in ${environment}: nothing to retire.`)
  })
}
