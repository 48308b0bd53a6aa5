import { PathPattern, type Wildcard } from './path-pattern.ts'

const WILDCARDS: ReadonlyMap<string, Wildcard> = new Map([
  ['**/', 'folders'],
  ['**', 'path'],
  ['*', 'name'],
  ['?', 'character'],
])

/** A path pattern: `*` and `?` stay in a folder, `**` crosses folders (`dist/**`, `**\/values.yaml`). The whole path must match. */
export function globPattern(glob: string): PathPattern {
  return new PathPattern(
    glob.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => {
      const wildcard = WILDCARDS.get(part)
      return wildcard === undefined ? { text: part } : { wildcard }
    }),
  )
}
