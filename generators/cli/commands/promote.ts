import { writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { Failure } from '../../findings/index.ts'
import type { CandidateMode } from '../../pins/index.ts'
import { formatPlan, type PlanEntry, type ProposalOptions, promotableModels, promote } from '../../promotion/index.ts'
import { type Context, contextOf } from '../context.ts'
import {
  type GateFlags,
  judgingOptions,
  type ProposalFlags,
  parseDigest,
  parsePercent,
  printPlanned,
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
  plan?: string
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
        .requiredOption('--from <environment>', 'environment to promote from')
        .requiredOption('--to <environment>', 'environment to promote to')
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
        .option('--image <digest>', 'the serving image that runs there, and not the version: sha256:...', parseDigest)
        .addOption(
          new Option(
            '--plan <file>',
            'decide and check, and write the pull requests to a file for `modelyard publish`; requires no token',
          ).conflicts(['dryRun', 'push', 'replaceBranch']),
        ),
    ),
  ).action(async (models: string[], options: Options) => {
    const context = contextOf(options)
    const settings = { ...(await proposalOptions(context, options)), judging: judgingOptions(options) }
    if (options.plan !== undefined) {
      await writePlan(context, models, { ...options, plan: options.plan }, settings)
      return
    }
    const chosen = await chosenModels(models, options, settings)
    const results = await promoteEach(context, chosen, options, settings)
    context.output.data(isOne(chosen, options) ? results[0] : results)
  })
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

/** Writes what was decided, also where some of several were refused. */
async function writePlan(
  context: Context,
  models: string[],
  options: Options & { plan: string },
  settings: ProposalOptions,
): Promise<void> {
  const entries: PlanEntry[] = []
  const planning = { ...settings, forge: undefined, collect: (entry: PlanEntry) => void entries.push(entry) }
  const results = await promoteEach(context, await chosenModels(models, options, planning), options, planning)
  const { text, digest } = formatPlan(settings.baseBranch, entries)
  await writeFile(options.plan, text)
  context.output.line(`${options.plan}  ${digest}`)
  context.output.data({ plan: options.plan, digest, models: results })
}

function isOne(models: readonly string[], { all = false }: Options): boolean {
  return models.length === 1 && !all
}

/** A pull request each. Of several, one that fails does not keep the others from theirs. @returns the result of each, for a program */
async function promoteEach(
  context: Context,
  models: readonly string[],
  options: Options,
  settings: ProposalOptions,
): Promise<object[]> {
  const { from, to, image, all = false } = options
  const { output } = context
  const candidate = candidateOf(options)
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
      if (settings.collect && proposal) printPlanned(context, proposal)
      else printProposal(context, proposal, nothing)
    } catch (error) {
      if (isOne(models, options) || !(error instanceof Failure)) throw error
      results.push({ model, ...failureData(error) })
      reportFailure(error)
    }
  }
  if (all && models.length === 0)
    output.line(image ? `${to} runs in that image: nothing to promote.` : `Nothing to promote from ${from} to ${to}.`)
  return results
}
