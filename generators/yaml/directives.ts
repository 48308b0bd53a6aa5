import { withQuotedLinesIndented } from './quoted-lines.ts'
import { lexemesOf } from './yaml-library.ts'

/** A comment that speaks to this program: `# modelyard-ignore run-as-root: the vendor's image`. */
export interface Directive {
  /** 1-based line of the comment. */
  line: number
  /** 1-based line that it is about: its own, or the next one that is no comment where it stands alone. */
  about: number
  /** What follows the name. */
  text: string
  /** The comment, which is the end of its line. */
  comment: string
}

const NAME = 'modelyard-ignore'
const COMMENT = new RegExp(`^#\\s*${NAME}\\b(.*)$`)

export function mayHoldDirectives(text: string): boolean {
  return text.includes(NAME)
}

/**
 * Every directive of a document of YAML, whose lines begin at 1; a text without the name costs one search. What stands in a scalar
 * is no comment: it must neither suppress anything nor be removed as one that suppresses nothing.
 */
export function directivesIn(text: string): Directive[] {
  if (!mayHoldDirectives(text)) return []
  const lines = text.split('\n')
  const directives: Directive[] = []
  let line = 1
  for (const { lexeme, isComment } of lexemesOf(withQuotedLinesIndented(text))) {
    const said = isComment ? COMMENT.exec(lexeme)?.[1] : undefined
    if (said !== undefined) {
      let about = line - 1
      while (/^\s*(?:#|$)/.test(lines[about] ?? '-')) about++
      directives.push({ line, about: about + 1, text: said.trim(), comment: lexeme })
    }
    for (let at = lexeme.indexOf('\n'); at >= 0; at = lexeme.indexOf('\n', at + 1)) line++
  }
  return directives
}
