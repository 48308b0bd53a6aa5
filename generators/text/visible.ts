/**
 * Characters that nobody sees, or that change how others are seen: control characters, formats such as bidirectional overrides and
 * zero-width joiners, separators of lines, fillers, private use and halves of surrogate pairs.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]|\u034f/gu

/** `\u001b` for an escape: text of others must not move a cursor, end a line or turn the direction of what stands beside it. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** A text on one line in which everything is seen. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, escaped)
}

/** A text of any shape as one line: white space of every kind becomes one space, and everything else is seen. */
export function lineOf(text: string): string {
  return visibleLine(text.replace(/[\s\p{Zl}\p{Zp}\u0085]+/gu, ' ').trim())
}

/** Markdown as this program composed it: line ends stay, and the zero-width spaces that keep a mention from being one. */
export function visibleMarkdown(text: string): string {
  return text.split('\u200b').map(visibleText).join('\u200b')
}

/** A text of several lines in which everything else is seen; tabs stay. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

/** JSON that says the same, in which everything is seen. */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN, (character) => {
    if (character === '\n') return character
    return [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join('')
  })
}

/** Weight and colour as this program sets them; others hide text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const STYLE = /\u001b\[(?:1|2|22|31|33|36|39)m/g

/**
 * Text for a terminal, as this program composed it: its own styles stay where there are `styles`, and all else that a terminal would
 * obey is shown.
 */
export function forTerminal(text: string, { styles }: { styles: boolean }): string {
  if (!styles) return visibleText(text)
  const parts = text.split(STYLE)
  const between = text.match(STYLE) ?? []
  return parts.map((part, index) => visibleText(part) + (between[index] ?? '')).join('')
}

/**
 * Text for the log of a CI service. GitHub obeys a line that starts with `::`, behind white space too, and `##[` anywhere (as Azure obeys
 * `##vso[`); neither is left for a file's name or content to write.
 */
export function forLog(text: string): string {
  return text.replace(/^([^\S\n]*)::/gm, '$1\\u003a:').replaceAll(/##(?=\[|vso\[)/g, '#\\u0023')
}
