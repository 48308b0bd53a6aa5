import { visibleLine, visibleText } from '../text/index.ts'

/** Longest line of a code block, in characters: what a phone shows without scrolling sideways. */
export const CODE_WIDTH = 36

/**
 * A stranger's text as Markdown that shows exactly that text, on one line: no emphasis, link, HTML, table cell, formula
 * or mention comes out of it.
 */
export function escapeText(text: string): string {
  return (
    oneLine(text)
      .replace(/[\\`*[\]<|~$&]/g, '\\$&')
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      .replace(/^(#|>|[-+](?=\s))/, '\\$1')
      .replace(/^(\d+)([.)])(?=\s)/, '$1\\$2')
      // Mentions and :emoji: are found after Markdown's escapes are gone, so only another character stops them.
      .replace(/@(?=\w)|:(?=[\w+-]*[a-z][\w+-]*:)/gi, '$&\u200b')
  )
}

/** Text in code style, for prose: in a table cell a `|` would end it. */
export function inlineCode(text: string): string {
  const plain = oneLine(text)
  if (plain === '') return ''
  const fence = '`'.repeat(longestRun(plain) + 1)
  // A space beside the fence is taken off again by the reader's renderer.
  const padding = /^`|`$|^ .* $/.test(plain) ? ' ' : ''
  return `${fence}${padding}${plain}${padding}${fence}`
}

/** At most `length` characters, the last an ellipsis when something was cut. */
export function clip(text: string, length: number): string {
  const shown = visibleLine(text)
  const characters = Array.from(shown)
  return characters.length <= length ? shown : `${characters.slice(0, length - 1).join('')}…`
}

/** @param rows cells that are Markdown already. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [row(heading), `|${'---|'.repeat(heading.length)}`, ...rows.map(row)].join('\n')
}

/** A fenced block around lines that are short enough already; the fence is longer than any inside. */
export function codeBlock(lines: readonly string[], language = ''): string {
  const fence = '`'.repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)))
  return [`${fence}${language}`, ...lines.map(visibleText), fence].join('\n')
}

/** Folded until the reader opens it. The empty lines make what is inside Markdown. */
export function details(summary: string, body: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>\n\n${body}\n\n</details>`
}

function escapeHtml(text: string): string {
  return oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** On one line, with everything in it seen. */
function oneLine(text: string): string {
  return visibleLine(text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim())
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
