import { NOT_PLAIN } from './plain-units.ts'

const LF = 10
const SPACE = 32
const PLUS = 43
const DASH = 45

/**
 * A literal block scalar, `|`, `|-` or `|+` at offset `start`, whose parent stands in column `column`. `end` is the start of the
 * line after it, `lines` how many lines further that is. Throws NOT_PLAIN for a block with an indentation of its own choosing.
 */
export function readLiteralBlock(
  text: string,
  start: number,
  column: number,
): { value: string; end: number; lines: number } {
  let at = start + 1
  const chomping = text.charCodeAt(at)
  const isStripped = chomping === DASH
  const isKept = chomping === PLUS
  if (isStripped || isKept) at++
  while (text.charCodeAt(at) === SPACE) at++
  if (text.charCodeAt(at) !== LF) throw NOT_PLAIN
  at++
  const content: string[] = []
  let lines = 1
  let margin = -1
  let blank = 0
  while (at < text.length) {
    let end = text.indexOf('\n', at)
    if (end < 0) end = text.length
    let first = at
    while (first < end && text.charCodeAt(first) === SPACE) first++
    if (first === end) {
      // Blanks beyond the margin are content; before the margin is known they are an error, or not.
      if (margin < 0 ? first > at : first - at > margin) throw NOT_PLAIN
      blank++
    } else {
      if (margin < 0) {
        margin = first - at
        if (margin <= column) break
      }
      if (first - at < margin) break
      for (; blank > 0; blank--) content.push('')
      content.push(text.slice(at + margin, end))
    }
    lines++
    at = end + 1
  }
  // Without a line break at its end, or without content, what a block is depends on the parser.
  if (content.length === 0 || at > text.length) throw NOT_PLAIN
  const body = content.join('\n')
  return { value: isStripped ? body : `${body}\n${isKept ? '\n'.repeat(blank) : ''}`, end: at, lines }
}
