const QUOTE = 0x22
const COMMA = 0x2c
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Part of a CSV file that begins and ends with whole rows. */
export interface CsvPiece {
  text: string
  /** A row that is wrong, and where in `text` it begins; nothing comes after it. */
  wrong?: { from: number; message: string }
}

/** UTF-16 units of a row: what follows an open quote, or a file of one line, would be taken to pieces in one turn. */
const LONGEST_ROW = 262_144
const TOO_LONG = `is longer than ${LONGEST_ROW} characters`
const OPEN = 'has a quoted field that is not closed as it should be'

/**
 * Cuts a CSV file at ends of rows into pieces of at least `size` UTF-16 units, the last one aside. A quoted field begins with a
 * quote and ends with one before a comma, an end of line or the end (RFC 4180, 2.5 to 2.7); where one does not, the piece says so.
 */
export function* csvPieces(text: string, size: number): Generator<CsvPiece> {
  let start = 0
  let row = 0
  let fieldBegins = true
  let at = 0
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    const end = unit === QUOTE && fieldBegins ? closingQuote(text, at) : at
    if (end === undefined || end - row >= LONGEST_ROW) {
      const message = end === undefined ? OPEN : TOO_LONG
      yield { text: text.slice(start), wrong: { from: row - start, message } }
      return
    }
    at = end + 1
    fieldBegins = unit === COMMA || unit === LINE_FEED || unit === CARRIAGE_RETURN
    if (unit !== LINE_FEED) continue
    row = at
    if (at - start < size) continue
    yield { text: text.slice(start, at) }
    start = at
  }
  if (start < text.length) yield { text: text.slice(start) }
}

/** Of the field whose first quote is at `from`; undefined where it has none, or one that something else follows. */
function closingQuote(text: string, from: number): number | undefined {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    const next = text.charCodeAt(at + 1)
    if (next === QUOTE) continue
    return Number.isNaN(next) || next === COMMA || next === LINE_FEED || next === CARRIAGE_RETURN ? at : undefined
  }
  return undefined
}
