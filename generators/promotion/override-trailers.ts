import type { GateOverride } from '../gates/index.ts'
import { lineOf } from '../text/index.ts'

const KEY = 'Gate-override'

/** Lines for the end of a commit's message: `Gate-override: soak: the fix of #481 must not wait`. */
export function overrideTrailers(overrides: readonly GateOverride[] = []): string {
  return overrides.map(({ gate, reason }) => `${KEY}: ${gate}: ${lineOf(reason)}\n`).join('')
}

/** The overrides that a message ends with. Its lines are those that git sees: a carriage return or U+2028 begins none. */
export function readOverrideTrailers(message: string): GateOverride[] {
  return message.split('\n').flatMap((line) => {
    const [, gate, reason] = /^Gate-override: ([\w-]+): (.+)$/s.exec(line) ?? []
    return gate === undefined || reason === undefined ? [] : [{ gate, reason }]
  })
}
