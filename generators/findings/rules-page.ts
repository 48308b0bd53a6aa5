import { type Rule, sentenceOf } from './rule.ts'
import { RULES } from './rules.ts'

const FIXED = {
  always: '\n\nAlways reported: neither a suppression nor a configuration changes it.',
  severity: '\n\nMay be suppressed at one place, with a reason; its severity is not for a configuration to say.',
}

/** docs/rules.md: every rule with its reason and repair, in the order of their ids. */
export function rulesPage(): string {
  const rules = Object.entries<Rule>(RULES).sort(([a], [b]) => (a < b ? -1 : 1))
  const sections = rules.map(([id, rule]) => {
    const { reason, repair, couldNotCheck, fixed } = rule
    const note = couldNotCheck ? '\n\nThis is "could not check": without errors beside it the exit code is 2.' : ''
    return `## ${id}\n\n${sentenceOf(rule)}\n\n**Why:** ${reason}\n\n**Repair:** ${repair}${note}${fixed ? FIXED[fixed] : ''}\n`
  })
  const head =
    '# Rules\n\nWhat `modelyard validate`, `synth`, `register` and `promote` report. `modelyard explain <rule>` prints the same.\n'
  return `${head}\n${sections.join('\n')}`
}
