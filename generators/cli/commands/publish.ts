import { open } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { Failure } from '../../findings/index.ts'
import { MAX_PLAN_BYTES, type PlanEntry, publishPlanned, readPlan } from '../../promotion/index.ts'
import { contextOf } from '../context.ts'
import { type ProposalFlags, parseDigest, printProposal, proposalOptions, withProposalOptions } from '../proposal.ts'
import { failureData, reportFailure } from '../report-failure.ts'

interface Options extends ProposalFlags {
  digest: string
  env?: string
  override?: string[]
}

export function publishCommand(program: Command): void {
  withProposalOptions(
    program
      .command('publish')
      .summary('open the pull requests that `promote --plan` decided')
      .description(
        'Reads a plan as data, and opens or updates its pull requests. Evaluates no definition and opens no model, so that the\n' +
          'process with the token runs no code of the repository. Refuses a plan with another digest, a file that a promotion\n' +
          'does not change, and a base branch that has changed since what the plan was decided on.',
      )
      .argument('<plan>', 'the file that `promote --plan` wrote')
      .requiredOption('--digest <digest>', 'what `promote --plan` printed: sha256:...', parseDigest)
      .option('--env <environment>', 'refuse changes of any other environment', environmentName)
      .option(
        '--override <gate>',
        'publish a change although it overrides this gate; repeatable',
        (gate: string, all: string[] = []) => [...all, gate],
      ),
  ).action(async (file: string, options: Options) => {
    const context = contextOf(options)
    const settings = await proposalOptions(context, options)
    const bounds = { digest: options.digest, baseBranch: settings.baseBranch }
    const content = await readAtMost(file, MAX_PLAN_BYTES)
    const { entries } = readPlan(file, content, {
      ...bounds,
      ...(options.env !== undefined && { environment: options.env }),
      ...(options.override && { overrides: options.override }),
    })
    const results: object[] = []
    for (const entry of entries) {
      const { model } = entry
      try {
        const proposal = await context.output.during(`Publishing ${model}`, () => publishPlanned(entry, settings))
        results.push({ model, ...(proposal ?? { nothing: nothingOf(entry) }) })
        printProposal(context, proposal, nothingOf(entry))
      } catch (error) {
        if (entries.length === 1 || !(error instanceof Failure)) throw error
        results.push({ model, ...failureData(error) })
        reportFailure(error)
      }
    }
    if (entries.length === 0) context.output.line('Nothing to publish.')
    context.output.data(results)
  })
}

function nothingOf({ model, environment }: PlanEntry): string {
  return `${model} in ${environment}: nothing to change.`
}

function environmentName(text: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(text)) throw new InvalidArgumentError('Write the name of an environment.')
  return text
}

async function readAtMost(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new Failure(`${file} cannot be read: ${(cause as Error).message}`, {
      fix: 'Name the file that promote --plan wrote.',
      cause,
    })
  })
  try {
    const { size } = await handle.stat()
    if (size > bytes)
      throw new Failure(`${file} has ${size} bytes; at most ${bytes} are read`, { fix: 'Plan fewer models at once.' })
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}
