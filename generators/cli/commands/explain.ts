import type { Command } from 'commander'
import { Failure, RULES, type RuleId } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'
import { createOutput } from '../output.ts'

export function explainCommand(program: Command): void {
  program
    .command('explain')
    .summary('why a rule exists and what to do about its findings')
    .argument('[rule]', 'a rule id as findings show it in brackets; all of them when left out')
    .option('--json', 'print the result as JSON, for programs')
    .action((id: string | undefined, options: { json?: boolean }) => {
      const output = createOutput({ json: options.json ?? false, quiet: false })
      if (id === undefined) {
        output.data(RULES)
        for (const [rule, { summary }] of Object.entries(RULES)) output.line(`${rule.padEnd(26)} ${summary}`)
        return
      }
      if (!Object.hasOwn(RULES, id)) {
        const near = nearest(id, Object.keys(RULES))
        const fix = near ? `Did you mean ${near}?` : 'modelyard explain lists them.'
        throw new Failure(`there is no rule "${id}"`, { fix })
      }
      const rule = RULES[id as RuleId]
      output.data({ id, ...rule })
      output.line(`${output.bold(id)}: ${rule.summary}\n\nWhy: ${rule.reason}\n\nRepair: ${rule.repair}`)
    })
}
