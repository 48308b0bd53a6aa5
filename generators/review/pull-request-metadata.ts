const KINDS = ['promotion', 'rollback', 'candidate', 'retirement'] as const

/** What later runs read from a pull request's body. */
export interface HiddenBlock {
  v: 1
  kind: (typeof KINDS)[number]
  model: string
  env: string
  /** Release, or version in a first environment. */
  to: string
  from?: string
  /** Full id of the commit that everything was checked at. */
  base: string
}

/** An HTML comment with JSON in it, in which nothing can end the comment. */
export function formatHiddenBlock(block: HiddenBlock): string {
  const json = JSON.stringify(block).replaceAll('--', '-\\u002d').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
  return `<!-- modelyard:${json} -->`
}

/**
 * The block of a pull request's body; undefined when there is none that can be understood. The last one counts, since
 * text before it (a diff) may quote another. People can edit bodies: treat what it says as a hint.
 */
export function readHiddenBlock(body: string): HiddenBlock | undefined {
  const json = [...body.matchAll(/<!-- modelyard:(\{[^\n]*?\}) -->/g)].pop()?.[1]
  if (json === undefined) return undefined
  try {
    const value = JSON.parse(json) as Record<string, unknown>
    const texts = [value['model'], value['env'], value['to'], value['base'], value['from'] ?? '']
    const known = value['v'] === 1 && KINDS.some((kind) => kind === value['kind'])
    return known && texts.every((text) => typeof text === 'string') ? (value as unknown as HiddenBlock) : undefined
  } catch {
    return undefined
  }
}
