import type { GateOverride } from '../gates/index.ts'

const KEY = 'Gate-override'

/** Lines for the end of a commit's message: `Gate-override: soak: the fix of #481 must not wait`. */
export function overrideTrailers(overrides: readonly GateOverride[] = []): string {
  return overrides.map(({ gate, reason }) => `${KEY}: ${gate}: ${reason.replace(/\s+/g, ' ').trim()}\n`).join('')
}

/** The overrides that a message ends with. */
export function readOverrideTrailers(message: string): GateOverride[] {
  return [...message.matchAll(/^Gate-override: ([\w-]+): (.+)$/gm)].map(([, gate = '', reason = '']) => ({
    gate,
    reason,
  }))
}
