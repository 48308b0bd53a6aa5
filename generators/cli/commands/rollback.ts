import type { Command } from 'commander'
import { Failure } from '../../findings/index.ts'
import { rollback } from '../../promotion/index.ts'
import { contextOf } from '../context.ts'
import { type ProposalFlags, proposalOptions, showProposal, withProposalOptions } from '../proposal.ts'

interface Options extends ProposalFlags {
  env: string
  to?: string
  reason?: string
  emergency?: string
}

export function rollbackCommand(program: Command): void {
  withProposalOptions(
    program
      .command('rollback')
      .summary('open a pull request that takes a model back to what ran before')
      .description(
        'Finds in the history of the pin what ran there before and restores it, with the manifests it had. Needs Git alone:\n' +
          'with the remote down it works from the last known base and leaves the commit on a local branch.',
      )
      .argument('<model>', 'folder name under models/')
      .requiredOption('--env <environment>', 'where to roll back')
      .option(
        '--to <release>',
        'a release or version that ran there (default: the one before; a candidate ends either way)',
      )
      .option('--reason <text>', 'why; stands in the pull request')
      .option(
        '--emergency <reason>',
        'push straight to the base branch where protection lets it, and open the review afterwards',
      ),
  ).action(async (model: string, options: Options) => {
    const context = contextOf(options)
    const { env: environment, to, reason, emergency } = options
    const settings = await proposalOptions(context, options)
    if (emergency?.trim() === '') {
      throw new Failure('--emergency needs a reason', { fix: 'Say why, in a few words: it stands in the commit.' })
    }
    const request = {
      ...{ model, environment },
      ...(to !== undefined && { to }),
      ...(reason !== undefined && { reason }),
      ...(emergency !== undefined && { emergency }),
    }
    const proposal = await context.output.during('Rolling back', () => rollback(request, settings))
    showProposal(context, proposal, `${environment} runs that already: nothing to roll back.`)
  })
}
