import { type Command, InvalidArgumentError, Option } from 'commander'
import { Failure } from '../../findings/index.ts'
import type { CandidateMode } from '../../pins/index.ts'
import { type ProposalOptions, promotableModels, promote } from '../../promotion/index.ts'
import { type Context, contextOf } from '../context.ts'
import {
  type GateFlags,
  judgingOptions,
  type ProposalFlags,
  parsePercent,
  printProposal,
  proposalOptions,
  withGateOptions,
  withProposalOptions,
} from '../proposal.ts'
import { failureData, reportFailure } from '../report-failure.ts'

interface Options extends ProposalFlags, GateFlags {
  from: string
  to: string
  all?: boolean
  candidate?: CandidateMode['kind']
  weight?: number
  header?: string
  feature?: string
  image?: string
}

export function promoteCommand(program: Command): void {
  withGateOptions(
    withProposalOptions(
      program
        .command('promote')
        .summary('open a pull request that moves a model to the next environment')
        .description(
          'Seals what runs in one environment as a release, names it in the pin of the next, synthesizes and validates, commits\n' +
            'on branch promote/<model>/<environment>, pushes it and opens the pull request, or updates the open one. All of it\n' +
            'happens in a scratch work tree of the base branch: your own files are neither read nor touched.',
        )
        .argument('[models...]', 'folder names under models/; a pull request each')
        .requiredOption('--from <environment>', 'where it runs')
        .requiredOption('--to <environment>', 'where it shall run')
        .option('--all', 'every model that the two environments run differently')
        .addOption(
          new Option('--candidate <mode>', 'beside the stable version instead of in its place').choices([
            'canary',
            'ab',
            'shadow',
          ]),
        )
        .option('--weight <percent>', 'share of requests for the candidate', parsePercent)
        .option('--header <name>', 'with --candidate ab: the request header whose value decides')
        .option('--feature <name>', 'with --candidate ab: the named feature whose value decides')
        .option('--image <digest>', 'the serving image that runs there, and not the version: sha256:...', parseDigest),
    ),
  ).action(async (models: string[], options: Options) => {
    const context = contextOf(options)
    const settings = { ...(await proposalOptions(context, options)), judging: judgingOptions(options) }
    await promoteEach(context, await chosenModels(models, options, settings), options, settings)
  })
}

function parseDigest(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('Write sha256: and 64 hexadecimal digits.')
  return text
}

function candidateOf({ candidate, weight, header, feature }: Options): CandidateMode | undefined {
  if (candidate === undefined) {
    if (weight === undefined && header === undefined && feature === undefined) return undefined
    throw new Failure('--weight, --header and --feature are about a candidate, and there is none', {
      fix: 'Add --candidate canary, ab or shadow, or leave them out.',
    })
  }
  if (weight === undefined) throw new Failure('a candidate needs a share of requests', { fix: 'Add --weight 10.' })
  return { kind: candidate, weight, ...(header !== undefined && { header }), ...(feature !== undefined && { feature }) }
}

async function chosenModels(
  models: string[],
  { from, to, image, all = false }: Options,
  settings: ProposalOptions,
): Promise<string[]> {
  if (all === models.length > 0) {
    throw new Failure(all ? 'promote takes models or --all, not both' : 'promote needs a model, several, or --all', {
      fix: 'modelyard promote house-price --from staging --to production',
    })
  }
  return all
    ? await promotableModels({ from, to, ...(image !== undefined && { image }) }, settings)
    : [...new Set(models)]
}

/** A pull request each. Of several, one that fails does not keep the others from theirs. */
async function promoteEach(context: Context, models: readonly string[], options: Options, settings: ProposalOptions) {
  const { from, to, image, all = false } = options
  const { output } = context
  const candidate = candidateOf(options)
  const isOne = models.length === 1 && !all
  const results: object[] = []
  for (const model of models) {
    const request = { model, from, to, ...(candidate && { candidate }), ...(image !== undefined && { image }) }
    try {
      const proposal = await output.during(`Promoting ${model}`, () => promote(request, settings))
      const nothing = image
        ? `${to} runs ${model} in that image already: nothing to promote.`
        : candidate
          ? `${model} has that candidate in ${to} already, or runs it: nothing to promote.`
          : `${to} runs the ${model} of ${from} already: nothing to promote.`
      results.push({ model, ...(proposal ?? { nothing }) })
      printProposal(context, proposal, nothing)
    } catch (error) {
      if (isOne || !(error instanceof Failure)) throw error
      results.push({ model, ...failureData(error) })
      reportFailure(error)
    }
  }
  if (all && models.length === 0)
    output.line(image ? `${to} runs in that image: nothing to promote.` : `Nothing to promote from ${from} to ${to}.`)
  output.data(isOne ? results[0] : results)
}
