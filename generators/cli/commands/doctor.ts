import type { Command } from 'commander'
import { hasErrors } from '../../findings/index.ts'
import { type Diagnosis, diagnose } from '../../observe/index.ts'
import { loadRepository, type Plan, resolvePlan } from '../../repository/index.ts'
import { baseBranchOf } from '../base-branch.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../output.ts'
import { table } from '../table.ts'

interface Options extends CommonOptions {
  remote: string
  base?: string
  apiUrl?: string
}

export function doctorCommand(program: Command): void {
  withCommonOptions(
    program
      .command('doctor')
      .summary('what Modelyard needs from this machine, the forge and the clusters, and whether it is there')
      .description(
        'Node.js, the depth of the Git history, the forge token and whether what it opens starts checks, the protection of the base\n' +
          'branch, Argo CD, Prometheus and the artifacts of each environment. Exit 1: something is wrong; what cannot be seen from\n' +
          'here is unknown, and no failure.',
      )
      .option('--remote <name>', 'the Git remote', 'origin')
      .option('--base <branch>', 'the branch that Argo CD reads (default: of the remote)')
      .option('--api-url <url>', 'API of the forge (default: GITHUB_API_URL, else of the remote); token: GITHUB_TOKEN'),
  ).action(async ({ remote, base, apiUrl, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const settings = {
      remote,
      baseBranch: await baseBranchOf(root, remote, base),
      ...(apiUrl !== undefined && { apiUrl }),
    }
    const { plan, definitions } = await readPlan(root)
    const found = await output.during('Looking', () => diagnose(root, plan, settings))
    const diagnoses = [...definitions, ...found]
    output.data(diagnoses)
    for (const line of table(diagnoses.map(({ result, what, detail }) => [result, what, detail]))) output.line(line)
    for (const { what, fix, result } of diagnoses)
      if (fix !== undefined && result !== 'ok') output.line(`\n${what}: ${fix}`)
    process.exitCode = diagnoses.some(({ result }) => result === 'wrong') ? EXIT.findings : EXIT.ok
  })
}

/** Definitions with errors are a diagnosis too: what can be read of the rest is still looked at. */
async function readPlan(root: string): Promise<{ plan: Plan; definitions: Diagnosis[] }> {
  const repository = await loadRepository(root)
  const plan = resolvePlan(repository)
  const findings = [...repository.findings, ...plan.findings]
  const what = 'definitions'
  if (!hasErrors(findings))
    return { plan, definitions: [{ what, result: 'ok', detail: `${repository.models.size} models` }] }
  return {
    plan,
    definitions: [
      { what, result: 'wrong', detail: `${findings.length} findings`, fix: 'modelyard validate names them.' },
    ],
  }
}
