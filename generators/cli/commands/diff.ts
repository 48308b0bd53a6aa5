import type { Command } from 'commander'
import { Failure, hasErrors, sortFindings } from '../../findings/index.ts'
import { compareWithDist, type FileChange, formatDiff, type Manifests, renderManifests } from '../../manifests/index.ts'
import { planSince } from '../../promotion/index.ts'
import {
  loadRepository,
  type Plan,
  type PlannedModel,
  podSettings,
  resolvePlan,
  settingChanges,
} from '../../repository/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT, type Output } from '../output.ts'
import { selectionOf } from './synth.ts'

interface Options extends CommonOptions {
  env?: string
  model?: string
  since?: string
  text?: boolean
}

export function diffCommand(program: Command): void {
  withCommonOptions(
    program
      .command('diff')
      .summary('what synth would change, or how two environments differ')
      .description(
        'Without arguments: the unified diff between dist/ and what synth would write. With two environments: for each model\n' +
          'what differs between them, in words. With --since: for each environment and model what this branch changes.',
      )
      .argument('[from]', 'an environment')
      .argument('[to]', 'another environment')
      .option('--env <environment>', 'this environment only')
      .option('--model <model>', 'this model only')
      .option('--since <ref>', 'what this branch changes since it left that commit: what runs where, in words')
      .option('--text', 'with --since: the unified diff of dist/ too'),
  ).action(async (from: string | undefined, to: string | undefined, options: Options) => {
    const { root, output } = contextOf(options)
    const repository = await loadRepository(root)
    const plan = resolvePlan(repository)
    const findings = sortFindings([...repository.findings, ...plan.findings])
    output.findings(findings)
    if (hasErrors(findings)) {
      output.data({ findings })
      process.exitCode = EXIT.findings
      return
    }
    if (options.since !== undefined) {
      await showSince(root, output, plan, { ...options, since: options.since })
      return
    }
    if (from !== undefined) {
      if (to === undefined)
        throw new Failure('diff takes zero or two environments', { fix: 'modelyard diff staging production' })
      const differences = compareEnvironments(modelsOf(plan, from), modelsOf(plan, to), options.model)
      output.data({ findings, differences })
      for (const { model, field, from: before, to: after } of differences)
        output.line(`${model}: ${field} ${before} -> ${after}`)
      if (differences.length === 0) output.line(`${from} and ${to} run the same`)
      return
    }
    const selection = selectionOf(repository, plan, options)
    const changes = await compareWithDist(root, renderManifests(plan, selection), selection)
    output.data({ findings, changes })
    output.raw(formatDiff(changes))
    output.line(changes.length === 0 ? 'dist/ is what synth writes' : `${changes.length} files differ`)
  })
}

/** Each environment as it is now beside itself when the branch left. */
async function showSince(
  root: string,
  output: Output,
  plan: Plan,
  options: Options & { since: string },
): Promise<void> {
  const { commit, plan: former, dist } = await planSince(root, options.since)
  const names = new Set([...former.environments, ...plan.environments].map(({ definition }) => definition.name))
  const differences = [...names]
    .filter((name) => options.env === undefined || name === options.env)
    .flatMap((environment) =>
      compareEnvironments(modelsIn(former, environment), modelsIn(plan, environment), options.model).map(
        (difference) => ({
          environment,
          ...difference,
        }),
      ),
    )
  const selection = { ...(options.env && { environment: options.env }), ...(options.model && { model: options.model }) }
  const rendered = renderManifests(plan, selection)
  const files = options.text ? changesSince(dist, rendered, options) : []
  output.data({ since: commit, differences, ...(options.text && { changes: files }) })
  for (const { environment, model, field, from, to } of differences) {
    output.line(`${environment}/${model}: ${field} ${from} -> ${to}`)
  }
  output.raw(formatDiff(files))
  if (differences.length === 0) output.line(`every environment runs what it did at ${commit.slice(0, 7)}`)
}

/** dist/ as it was against what synth writes now. */
function changesSince(dist: Map<string, string>, rendered: Manifests, { env, model }: Options): FileChange[] {
  const prefix = env === undefined ? '' : `dist/${env}/`
  const isChosen = (path: string) =>
    path.startsWith(prefix) && (model === undefined || path.includes(`/models/${model}/`))
  return [...new Set([...dist.keys(), ...rendered.keys()])]
    .filter(isChosen)
    .sort()
    .flatMap((path) => {
      const [before, after] = [dist.get(path), rendered.get(path)]
      if (before === after) return []
      return [{ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }]
    })
}

function modelsIn(plan: Plan, name: string): Map<string, PlannedModel> {
  const environment = plan.environments.find(({ definition }) => definition.name === name)
  return new Map(environment?.models.map((model) => [model.name, model]))
}

function modelsOf(plan: Plan, name: string): Map<string, PlannedModel> {
  const environment = plan.environments.find(({ definition }) => definition.name === name)
  if (!environment) {
    const known = plan.environments.map(({ definition }) => definition.name).join(', ')
    throw new Failure(`there is no environment "${name}"`, { fix: `Name one of ${known}.` })
  }
  return new Map(environment.models.map((model) => [model.name, model]))
}

/** Which version runs and beside which, as text; the settings of the pods are compared by their type. */
function factsOf(model: PlannedModel | undefined): Record<string, string> {
  if (!model) return { version: 'not pinned' }
  const { stable, candidate } = model
  return {
    version: stable.facts.version,
    digest: stable.facts.bundle.model.sha256.slice(0, 12),
    release: stable.release ?? 'follows model.ts',
    candidate: candidate ? `${candidate.version.reference} ${candidate.mode} ${candidate.weight} %` : 'none',
  }
}

function compareEnvironments(from: Map<string, PlannedModel>, to: Map<string, PlannedModel>, only: string | undefined) {
  const names = [...new Set([...from.keys(), ...to.keys()])].sort()
  return names
    .filter((name) => only === undefined || name === only)
    .flatMap((model) => {
      const [before, after] = [from.get(model), to.get(model)]
      const facts = settingChanges(factsOf(before), factsOf(after))
      const changes =
        before && after
          ? [...facts, ...settingChanges(podSettings(before), podSettings(after))]
          : facts.filter(({ field }) => field === 'version')
      return changes.map(({ field, from = 'none', to = 'none' }) => ({ model, field, from, to }))
    })
}
