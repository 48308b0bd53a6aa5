import { goRegExp } from '../go-reg-exp.ts'
import { spend } from './budget.ts'

/** As the API server weighs it: a tenth of the text times a quarter of the pattern. */
function spendOn(text: string, pattern: string): void {
  spend(Math.ceil((text.length + 1) * 0.1) * Math.ceil(pattern.length * 0.25))
}

/** Whether the pattern matches somewhere in the text. */
export function matches(text: string, pattern: string): boolean {
  spendOn(text, pattern)
  return goRegExp(pattern).test(text)
}

/** Every match, or the first ones. Go leaves out an empty match where the one before it ends. */
export function findAll(text: string, pattern: string, most = Number.POSITIVE_INFINITY): string[] {
  spendOn(text, pattern)
  const matcher = goRegExp(pattern).matcher(text)
  const all: string[] = []
  for (let end = -1; all.length < most && matcher.find(); end = matcher.end()) {
    const match = matcher.group() ?? ''
    if (match !== '' || matcher.start() !== end) all.push(match)
  }
  return all
}
