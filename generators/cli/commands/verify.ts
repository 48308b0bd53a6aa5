import type { Command } from 'commander'
import { type Duration, parseDuration } from '../../definitions/index.ts'
import { Failure } from '../../findings/index.ts'
import { openRepository } from '../../git/index.ts'
import { recipientsAt, type VerifiedStep, verifyOnce, verifyUntil } from '../../observe/index.ts'
import { requireEnvironment, requirePinned } from '../../pins/index.ts'
import { loadRepository, resolvePlan } from '../../repository/index.ts'
import { parseAddress } from '../address.ts'
import { baseRefOf } from '../base-branch.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../output.ts'
import { table } from '../table.ts'

interface Options extends CommonOptions {
  env: string
  wait?: string | true
  base?: string
  prometheus?: string
  address?: string
}

export function verifyCommand(program: Command): void {
  withCommonOptions(
    program
      .command('verify')
      .summary('follow a release to its callers: merged, synced, loaded, golden samples through the Service')
      .description(
        'Looks whether the base branch names what this work tree does, Argo CD has synced it, every pod has it loaded, and the Service\n' +
          'answers the golden samples as promised. Exit 0: all of it; 1: not so, or not yet; 2: something could not be looked at.',
      )
      .argument('<model>', 'folder name under models/')
      .requiredOption('--env <environment>', 'where it runs')
      .option('--wait [duration]', 'look again until it is so, at most this long (default: 10m)')
      .option('--base <ref>', 'the branch that Argo CD reads (default: the default branch of origin)')
      .option(
        '--prometheus <url>',
        'ask this server instead of that in environment.ts; token: PROMETHEUS_TOKEN',
        parseAddress,
      )
      .option(
        '--address <url>',
        'of the Service (default: its name inside the cluster); key: MODELYARD_API_KEY',
        parseAddress,
      ),
  ).action(async (name: string, { env, wait, base: named, prometheus, address, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const base = await baseRefOf(root, named)
    const repository = await loadRepository(root)
    const model = requirePinned(requireEnvironment(resolvePlan(repository), env), name)
    const git = await openRepository(root)
    const recipients = await recipientsAt(root, base, [prometheus])
    const asked = {
      base,
      recipients,
      ...(prometheus !== undefined && { prometheus }),
      ...(address !== undefined && { address }),
    }
    const look = () => verifyOnce(repository, git, model, asked)
    const steps = await output.during(`Verifying ${name} ${model.stable.reference}`, () =>
      wait === undefined ? look() : verifyUntil(look, { timeout: timeoutOf(wait) }),
    )
    output.data({ model: name, environment: env, reference: model.stable.reference, steps })
    output.line(output.bold(`${name} ${model.stable.reference} in ${env}`))
    for (const line of table(steps.map(({ step, result, detail }) => [`  ${step}`, result, detail]))) output.line(line)
    process.exitCode = exitCode(steps)
  })
}

function timeoutOf(wait: string | true): number {
  if (wait === true) return 600_000
  const milliseconds = parseDuration(wait as Duration)
  if (Number.isFinite(milliseconds)) return milliseconds
  throw new Failure(`--wait ${wait} is no duration`, { fix: 'Write --wait 10m.' })
}

function exitCode(steps: readonly VerifiedStep[]): number {
  if (steps.some(({ result }) => result === 'fail' || result === 'waiting')) return EXIT.findings
  return steps.some(({ result }) => result === 'unknown') ? EXIT.failure : EXIT.ok
}
