import type { Command } from 'commander'
import { Failure, hasErrors, sortFindings } from '../../findings/index.ts'
import {
  applyChanges,
  compareCodeOwners,
  formatDiff,
  inspectDist,
  renderManifests,
  type Selection,
} from '../../manifests/index.ts'
import { loadRepository, type Plan, type Repository, resolvePlan } from '../../repository/index.ts'
import { visibleLine } from '../../text/index.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../output.ts'

interface Options extends CommonOptions {
  env?: string
  model?: string
  check?: boolean
  dryRun?: boolean
}

export function synthCommand(program: Command): void {
  withCommonOptions(
    program
      .command('synth')
      .summary('write the manifests of every environment to dist/')
      .description(
        'Turns models/ and environments/ into Kubernetes manifests, one file an object. Only files that differ are written, and\n' +
          'only files that Modelyard wrote are removed; any other file in dist/ is an error. Reads the repository alone: no network, no cluster.',
      )
      .option('--env <environment>', 'this environment only')
      .option('--model <model>', 'this model only')
      .option('--check', 'write nothing; fail with the difference when dist/ is not what synth would write')
      .option('--dry-run', 'write nothing; list what would change'),
  ).action(async (options: Options) => {
    const { root, output } = contextOf(options)
    const repository = await output.during('Loading definitions', () => loadRepository(root))
    const plan = resolvePlan(repository)
    const selection = selectionOf(repository, plan, options)
    const findings = sortFindings([...repository.findings, ...plan.findings])
    output.findings(findings)
    if (hasErrors(findings)) {
      output.data({ findings, changes: [] })
      output.line('Nothing was written.')
      process.exitCode = EXIT.findings
      return
    }
    const manifests = await output.during('Rendering', async () => renderManifests(plan, selection))
    const everything = options.env === undefined && options.model === undefined
    const dist = await inspectDist(root, manifests, selection)
    const changes = [...(everything ? await compareCodeOwners(repository) : []), ...dist.changes]
    const writes = !options.check && !options.dryRun
    if (writes) await applyChanges(root, changes)

    output.data({
      findings: [...findings, ...dist.foreign],
      objects: manifests.size,
      changes: changes.map(({ path, before, after }) => ({ path, change: kindOf(before, after) })),
    })
    if (options.check) output.raw(formatDiff(changes))
    else
      for (const { path, before, after } of changes)
        output.line(`  ${kindOf(before, after).padEnd(7)} ${visibleLine(path)}`)
    const verb = options.check ? 'stale' : writes ? 'written' : 'would change'
    output.line(`${manifests.size} objects, ${changes.length} ${changes.length === 1 ? 'file' : 'files'} ${verb}`)
    output.findings(dist.foreign)
    if (dist.foreign.length > 0) process.exitCode = EXIT.findings
    if (options.check && changes.length > 0) {
      output.line('Run modelyard synth and commit what it writes.')
      process.exitCode = EXIT.findings
    }
  })
}

/** `--env` and `--model`, refused when the repository has no such thing. */
export function selectionOf(repository: Repository, plan: Plan, options: Options): Selection {
  const environments = plan.environments.map(({ definition }) => definition.name)
  if (options.env !== undefined && !environments.includes(options.env) && !hasErrors(repository.findings)) {
    throw new Failure(`there is no environment "${options.env}"`, { fix: `Name one of ${environments.join(', ')}.` })
  }
  const models = [...repository.models.keys()]
  if (options.model !== undefined && !models.includes(options.model)) {
    throw new Failure(`there is no model "${options.model}"`, { fix: `Name one of ${models.join(', ')}.` })
  }
  return {
    ...(options.env !== undefined && { environment: options.env }),
    ...(options.model !== undefined && { model: options.model }),
  }
}

function kindOf(before: string | undefined, after: string | undefined): 'added' | 'changed' | 'removed' {
  if (before === undefined) return 'added'
  return after === undefined ? 'removed' : 'changed'
}
