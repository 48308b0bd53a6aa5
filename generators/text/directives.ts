/** A comment that speaks to this program: `# modelyard-ignore run-as-root: the vendor's image`. */
export interface Directive {
  /** 1-based line of the comment. */
  line: number
  /** 1-based line that it is about: its own, or the next one that is no comment where it stands alone. */
  about: number
  /** What follows the name. */
  text: string
}

const NAME = 'modelyard-ignore'
const COMMENT = new RegExp(`(?:^|\\s)#\\s*${NAME}\\b(.*)$`)

/** Every directive of a text; a text without the name costs one search. */
export function directivesIn(text: string): Directive[] {
  if (!text.includes(NAME)) return []
  const lines = text.split('\n')
  return lines.flatMap((content, index) => {
    const said = COMMENT.exec(content)?.[1]
    if (said === undefined) return []
    let about = index
    while (/^\s*(?:#|$)/.test(lines[about] ?? '-')) about++
    return [{ line: index + 1, about: about + 1, text: said.trim() }]
  })
}
