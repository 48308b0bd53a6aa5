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
function matcher(pattern: string): RegExp {
  const isAnchored = pattern.replace(/\/$/, '').includes('/')
  const body = pattern
    .replace(/^\//, '')
    .replace(/\\(.)/g, '$1')
    .split(/(\*\*\/|\/\*\*$|\*\*|\*|\?)/)
    .map((part) => WILDCARDS[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('')
  // A name is the file or everything below the folder; `x/` only what is below, and `x/*` only what is right there.
  const end = pattern.endsWith('/') ? '.+' : pattern.endsWith('/*') ? '' : '(?:/.*)?'
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}${end}$`)
}

const WILDCARDS: Record<string, string> = {
  '**/': '(?:.*/)?',
  '/**': '/.*',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
}
