import type { Command } from 'commander'
import { promote } from '../../pull-request/index.ts'
import { contextOf } from '../context.ts'
import { type ProposalFlags, printProposal, proposalOptions, withProposalOptions } from '../proposal.ts'

interface Options extends ProposalFlags {
  from: string
  to: string
}

export function promoteCommand(program: Command): void {
  withProposalOptions(
    program
      .command('promote')
      .summary('open a pull request that moves a model to the next environment')
      .description(
        'Seals what runs in one environment as a release, names it in the pin of the next, synthesizes and validates, commits\n' +
          'on branch promote/<model>/<environment>, pushes it and opens the pull request, or updates the open one. All of it\n' +
          'happens in a scratch work tree of the base branch: your own files are neither read nor touched.',
      )
      .argument('<model>', 'folder name under models/')
      .requiredOption('--from <environment>', 'where it runs')
      .requiredOption('--to <environment>', 'where it shall run'),
  ).action(async (model: string, options: Options) => {
    const context = contextOf(options)
    const { from, to } = options
    const settings = await proposalOptions(context, options)
    const proposal = await context.output.during('Promoting', () => promote({ model, from, to }, settings))
    printProposal(context, proposal, `${to} runs the ${model} of ${from} already: nothing to promote.`)
  })
}
