/** No object of Kubernetes comes near. */
export const MAX_NESTING = 200

const OPENING = new Set(['[', '{'])
const CLOSING = new Set([']', '}'])

/**
 * Whether a YAML text may nest deeper than MAX_NESTING, told without parsing: by its brackets, its indentation, and the dashes
 * at the start of a line. The full parser is recursive, and near the end of the stack V8 ends the whole process rather than
 * throw, when a regular expression happens to be compiled there; so that it must not be tried.
 */
export function isDeep(text: string): boolean {
  let brackets = 0
  const columns: number[] = []
  for (const line of text.split('\n')) {
    const lead = /^(?: *[-?:](?= ))* */.exec(line)?.[0] ?? ''
    const dashes = lead.replaceAll(' ', '').length
    if (lead.length === line.length && dashes === 0) continue
    const column = lead.length
    while (columns.length > 0 && (columns.at(-1) ?? 0) >= column) columns.pop()
    columns.push(column)
    for (const character of line) {
      if (OPENING.has(character)) brackets++
      else if (CLOSING.has(character)) brackets = Math.max(0, brackets - 1)
      if (brackets > MAX_NESTING) return true
    }
    if (columns.length + dashes > MAX_NESTING) return true
  }
  return false
}
