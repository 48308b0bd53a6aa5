import type { Command } from 'commander'
import { Failure } from '../../findings/index.ts'
import { stepCandidate } from '../../promotion/index.ts'
import { contextOf } from '../context.ts'
import {
  type GateFlags,
  judgingOptions,
  type ProposalFlags,
  parsePercent,
  proposalOptions,
  showProposal,
  withGateOptions,
  withProposalOptions,
} from '../proposal.ts'

interface Options extends ProposalFlags, GateFlags {
  env: string
  weight?: number
  finish?: boolean
  abort?: boolean
}

export function candidateCommand(program: Command): void {
  withGateOptions(
    withProposalOptions(
      program
        .command('candidate')
        .summary('open a pull request that widens, finishes or aborts a candidate')
        .description(
          'A candidate is started by `modelyard promote ... --candidate`. Another weight restarts no pod; --finish makes it the stable\n' +
            'version, judged by the same gates as a promotion; --abort takes it away and works while other things are broken.',
        )
        .argument('<model>', 'folder name under models/')
        .requiredOption('--env <environment>', 'where it is a candidate')
        .option('--weight <percent>', 'share of requests, 0 to 100', parsePercent)
        .option('--finish', 'make it the stable version')
        .option('--abort', 'end it; the stable version answers everything'),
    ),
  ).action(async (model: string, options: Options) => {
    const context = contextOf(options)
    const { env: environment, reason } = options
    const request = { model, environment, step: stepOf(options), ...(reason !== undefined && { reason }) }
    const settings = { ...(await proposalOptions(context, options)), judging: judgingOptions(options) }
    const proposal = await context.output.during('Changing the candidate', () => stepCandidate(request, settings))
    showProposal(context, proposal, `The candidate of ${model} in ${environment} has that weight already.`)
  })
}

function stepOf({ weight, finish, abort }: Options): { weight: number } | 'finish' | 'abort' {
  const steps = [
    ...(weight === undefined ? [] : [{ weight }]),
    ...(finish ? (['finish'] as const) : []),
    ...(abort ? (['abort'] as const) : []),
  ]
  const [step] = steps
  if (step === undefined || steps.length > 1) {
    throw new Failure('candidate takes exactly one of --weight, --finish and --abort', {
      fix: 'modelyard candidate <model> --env production --weight 25',
    })
  }
  return step
}
