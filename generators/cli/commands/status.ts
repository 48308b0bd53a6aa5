import type { Command } from 'commander'
import { Failure } from '../../findings/index.ts'
import { describeLoaded, type ModelStatus, readStatus, recipientsAt } from '../../observe/index.ts'
import { loadRepository, resolvePlan } from '../../repository/index.ts'
import { parseAddress } from '../address.ts'
import { baseRefOf } from '../base-branch.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { table } from '../table.ts'

interface Options extends CommonOptions {
  env?: string
  base?: string
  prometheus?: string
}

export function statusCommand(program: Command): void {
  withCommonOptions(
    program
      .command('status')
      .summary('what Git, Argo CD and the pods say of every model, and what is next')
      .description(
        'Each column has a source of its own, and says "unknown" where that is not given: Git the pins of this work tree; Argo CD its\n' +
          'API (argocd.server in environment.ts, token ARGOCD_AUTH_TOKEN) or kubectl; loaded and soak the Prometheus of the\n' +
          'environment (prometheus in environment.ts, token PROMETHEUS_TOKEN).',
      )
      .option('--env <environment>', 'this environment only')
      .option(
        '--base <ref>',
        'tokens go to the servers that this branch names, and to --prometheus (default: the default branch of origin)',
      )
      .option('--prometheus <url>', 'ask this server instead of those in environment.ts', parseAddress),
  ).action(async ({ env, base: named, prometheus, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const base = await baseRefOf(root, named)
    const repository = await loadRepository(root)
    const plan = resolvePlan(repository)
    const chosen = plan.environments.filter(({ definition }) => env === undefined || definition.name === env)
    if (chosen.length === 0) {
      const known = plan.environments.map(({ definition }) => definition.name).join(', ')
      throw new Failure(`there is no environment "${env}"`, { fix: `Name one of ${known}.` })
    }
    const recipients = await recipientsAt(root, base, [prometheus])
    const asked = { recipients, ...(prometheus !== undefined && { prometheus }) }
    const statuses = await output.during('Asking', () =>
      Promise.all(chosen.map((environment) => readStatus(repository, plan, environment, asked))),
    )
    output.data(statuses.flat())
    const heading = ['ENVIRONMENT', 'MODEL', 'GIT', 'ARGO', 'LOADED', 'NEXT']
    for (const line of table([heading, ...statuses.flat().map(row)])) output.line(line)
    for (const reason of reasons(statuses.flat())) output.line(output.dim(reason))
  })
}

function row(status: ModelStatus): string[] {
  const { environment, model, git = '-', argo, candidate } = status
  const sync =
    'unknown' in argo
      ? 'unknown'
      : `${argo.value.sync}${argo.value.health === 'Healthy' ? '' : `, ${argo.value.health}`}`
  const share = candidate ? ` + ${candidate.reference.split('-')[0]} ${candidate.mode} ${candidate.weight} %` : ''
  return [environment, model, `${version(git)}${share}`, sync, describeLoaded(status), nextOf(status)]
}

function nextOf({ next }: ModelStatus): string {
  if (!next) return '-'
  return `${version(next.reference)}${next.waits.length === 0 ? '' : `: ${next.waits.join('; ')}`}`
}

const version = (reference: string) => reference.split('-')[0] || reference

/** Why something is unknown, once. */
function reasons(statuses: readonly ModelStatus[]): string[] {
  const found = statuses.flatMap(({ environment, argo, loaded }) => [
    ...('unknown' in argo ? [`${environment}, Argo CD: ${argo.unknown}`] : []),
    ...('unknown' in loaded ? [`${environment}, loaded: ${loaded.unknown}`] : []),
  ])
  return [...new Set(found)]
}
