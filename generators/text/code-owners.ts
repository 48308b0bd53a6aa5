import { PathPattern, type PatternPart, type Wildcard } from './path-pattern.ts'

/** Where GitHub looks, in this order; the first that is there counts. */
export const CODE_OWNERS_PLACES = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']

/** Owners as the file writes them, `@user`, `@organisation/team` or an address, each once, in the order of the files. */
export function ownersOf(text: string, files: readonly string[]): string[] {
  const rules = text.split('\n').flatMap((line) => {
    const [pattern, ...owners] = line
      .replace(/(^|\s)#.*/, '')
      .trim()
      .split(/\s+/)
    return pattern ? [{ matches: matcher(pattern), owners }] : []
  })
  return [...new Set(files.flatMap((file) => rules.findLast(({ matches }) => matches.test(file))?.owners ?? []))]
}

/**
 * A pattern as GitHub reads it: like one of .gitignore, but `docs/*` does not reach into folders of docs, and there is neither
 * `!` nor `[a-z]`. https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
function matcher(pattern: string): PathPattern {
  const isAnchored = pattern.replace(/\/$/, '').includes('/')
  const body = pattern
    .replace(/^\//, '')
    .replace(/\\(.)/g, '$1')
    .split(/(\*\*\/|\/\*\*$|\*\*|\*|\?)/)
    .flatMap((part): PatternPart[] => {
      const wildcard = WILDCARDS.get(part)
      if (wildcard === undefined) return [{ text: part }]
      return part.startsWith('/') ? [{ text: '/' }, { wildcard }] : [{ wildcard }]
    })
  // A name is the file or everything below the folder; `x/` only what is below, and `x/*` only what is right there.
  const end: PatternPart[] = pattern.endsWith('/')
    ? [{ wildcard: 'below' }]
    : pattern.endsWith('/*')
      ? []
      : [{ wildcard: 'folder-or-file' }]
  return new PathPattern([...(isAnchored ? [] : [{ wildcard: 'folders' } as const]), ...body, ...end])
}

const WILDCARDS: ReadonlyMap<string, Wildcard> = new Map([
  ['**/', 'folders'],
  ['/**', 'path'],
  ['**', 'path'],
  ['*', 'name'],
  ['?', 'character'],
])
