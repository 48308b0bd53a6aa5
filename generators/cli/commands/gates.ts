import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Moment } from '../../gates/index.ts'
import { type JudgedBranch, judgeBranch } from '../../promotion/index.ts'
import { formatForTerminal, gatesSection } from '../../review/index.ts'
import { parseAddress } from '../address.ts'
import { baseRefOf } from '../base-branch.ts'
import { type CommonOptions, contextOf, withCommonOptions } from '../context.ts'
import { exitCodeOf } from '../output.ts'

interface Options extends CommonOptions {
  base?: string
  moment: Moment
  approvals?: number
  prometheus?: string
  memory: boolean
}

export function gatesCommand(program: Command): void {
  withCommonOptions(
    program
      .command('gates')
      .summary('judge the pins that this branch changes, by the gates of its base')
      .description(
        'For the checks of a pull request: whatever a branch does to gates, those of the base judge it. Overrides are read from the\n' +
          'Gate-override trailers of its commits. A rollback is not judged, and neither is what ends a candidate.',
      )
      .option('--base <ref>', 'what the pull request goes into (default: the default branch of origin)')
      .addOption(
        new Option('--moment <moment>', 'freezes and approvals count at the merge')
          .choices(['open', 'merge'])
          .default('open'),
      )
      .option('--approvals <number>', 'with --moment merge: reviews that approve, as the forge says', parseCount)
      .option(
        '--prometheus <url>',
        'ask this server instead of those in environment.ts; token: PROMETHEUS_TOKEN',
        parseAddress,
      )
      .option('--no-memory', 'do not measure the memory of both versions'),
  ).action(async ({ base: named, moment, approvals, prometheus, memory, ...options }: Options) => {
    const { root, output } = contextOf(options)
    const base = await baseRefOf(root, named)
    const judged = await output.during('Judging', () =>
      judgeBranch(root, base, {
        moment,
        offline: false,
        measureMemory: memory,
        ...(approvals !== undefined && { approvals }),
        ...(prometheus !== undefined && { prometheus }),
      }),
    )
    output.data(judged)
    const findings = [...judged.findings, ...judged.pins.flatMap((pin) => pin.findings)]
    output.raw(shown(judged))
    output.findings(findings)
    process.exitCode = exitCodeOf(findings)
  })
}

function shown({ base, pins }: JudgedBranch): string {
  if (pins.length === 0) return 'no pin lets a version answer that did not before: nothing to judge\n'
  const parts = pins.map(({ model, environment, from, to, gates, note }) => {
    const title = `${model} in ${environment}: ${from === undefined ? '' : `${from} -> `}${to}`
    return `${title}\n\n${note === undefined ? formatForTerminal(gatesSection({ gates })) : `${note}\n`}`
  })
  return `${parts.join('\n')}\nGates were read at base ${base.slice(0, 7)}.\n`
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}
