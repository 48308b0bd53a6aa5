import { lexemesOf } from './yaml-library.ts'

/** Characters that are looked at again at the most: a document with a hundred such scalars is shorter. */
const MAX_READ_AGAIN = 8 * 2 ** 20

/**
 * Go's reader of YAML lets the lines of a quoted scalar begin anywhere, where YAML 1.2 wants them indented; CustomResourceDefinitions
 * of Istio are written so. The text with those lines indented, which means the same. Every line stays where it is, columns do not.
 */
export function withQuotedLinesIndented(text: string): string {
  let read = text
  for (let left = MAX_READ_AGAIN; left >= 0; left -= read.length) {
    const start = cutScalar(read)
    const end = start === undefined ? undefined : closingQuote(read, start)
    if (start === undefined || end === undefined) break
    const scalar = read.slice(start, end)
    // A marker ends the document even here.
    if (/\n(?:---|\.\.\.)(?:\s|$)/.test(scalar)) break
    const indent = ' '.repeat(start - read.lastIndexOf('\n', start))
    read = read.slice(0, start) + scalar.replaceAll(/\n[ \t]*(?=[^\n])/g, `\n${indent}`) + read.slice(end)
  }
  return read
}

/** Offset of the first quoted scalar that ends before its quote for the library, since a line of it is not indented. */
function cutScalar(text: string): number | undefined {
  let offset = 0
  for (const { lexeme, isQuoted } of lexemesOf(text)) {
    if (isQuoted && closingQuote(lexeme, 0) !== lexeme.length) return offset
    offset += lexeme.length
  }
  return undefined
}

/** Offset behind the quote that ends the scalar which begins at `start`. */
function closingQuote(text: string, start: number): number | undefined {
  const quote = text.charAt(start)
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    if (quote === '"') {
      let before = at
      while (text[before - 1] === '\\') before--
      if ((at - before) % 2 === 0) return at + 1
    } else if (text[at + 1] === quote) at++
    else return at + 1
  }
  return undefined
}
