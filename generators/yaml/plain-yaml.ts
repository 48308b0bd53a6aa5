import { FlowReader, INDICATORS, MAX_DEPTH, type Positions } from './plain-flow.ts'
import { readLiteralBlock } from './plain-literal.ts'
import { END, hashed, NOT_PLAIN, plainScalarAt } from './plain-units.ts'

export type { Positions } from './plain-flow.ts'
export { NOT_PLAIN } from './plain-units.ts'

/**
 * Reads the part of YAML that manifests are written in (block maps and lists, scalars on one line, `|` blocks, flow collections
 * on one line, JSON), an order of magnitude faster than a full parser. Anything else (anchors, tags, folded or multi-line
 * scalars, tabs, duplicate keys, every error) is NOT_PLAIN. Given `positions`, notes the line of every key and item.
 */
export function readPlainYaml(text: string, positions?: Positions): unknown {
  if (UNUSUAL.test(text)) return NOT_PLAIN
  const reader = new PlainReader(text, positions)
  try {
    return reader.document()
  } catch (error) {
    if (error === NOT_PLAIN) return NOT_PLAIN
    throw error
  }
}

/** Control characters, line breaks that are not `\n`, a byte order mark: the full parser's business. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNUSUAL = /[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]/

const LF = 10
const TAB = 9
const SPACE = 32
const QUOTE = 34
const HASH = 35
const APOSTROPHE = 39
const DASH = 45
const COLON = 58
const OPEN_LIST = 91
const BAR = 124
const OPEN_MAP = 123

class PlainReader extends FlowReader {
  /** Columns before the first character of the present line; -1 at the end of the text. */
  indent = 0

  document(): unknown {
    this.toContent()
    if (this.indent < 0) return null
    if (this.text.startsWith('---', this.at)) throw NOT_PLAIN
    const value = this.block(this.indent)
    if (this.indent >= 0) throw NOT_PLAIN
    return value
  }

  /** Moves from the start of a line to the first character that is neither blank nor comment, on this line or a later one. */
  toContent(): void {
    const { units } = this
    let at = this.at
    for (;;) {
      const start = at
      while (units[at] === SPACE) at++
      const code = units[at] as number
      if (code > HASH) {
        this.at = at
        this.indent = at - start
        return
      }
      if (code === LF) {
        at++
        this.line++
      } else if (code === HASH) {
        at = this.text.indexOf('\n', at) + 1
        if (at === 0) {
          this.indent = -1
          return
        }
        this.line++
      } else if (code === END) {
        this.indent = -1
        return
      } else {
        if (code === TAB) throw NOT_PLAIN
        this.at = at
        this.indent = at - start
        return
      }
    }
  }

  /** After a value: nothing but a comment may stand before the end of the line. */
  endLine(): void {
    const { units } = this
    let at = this.at
    while (units[at] === SPACE) at++
    const code = units[at]
    if (code === HASH && at > this.at) {
      at = this.text.indexOf('\n', at)
      if (at < 0) at = this.text.length
    } else if (code !== LF && code !== END) throw NOT_PLAIN
    this.at = at
    this.nextLine()
  }

  /** From the end of a line to the content that follows. */
  nextLine(): void {
    if (this.units[this.at] === END) {
      this.indent = -1
      return
    }
    this.at++
    this.line++
    this.toContent()
  }

  /** A node that begins at `at`, in column `column`, and is not inside a flow collection. */
  block(column: number): unknown {
    if (++this.depth > MAX_DEPTH) throw NOT_PLAIN
    const value = this.isItem() ? this.list(column) : this.mapOrScalar(column)
    this.depth--
    return value
  }

  /** A dash and a space, or a dash at the end of its line. */
  isItem(): boolean {
    if (this.units[this.at] !== DASH) return false
    const next = this.units[this.at + 1]
    return next === SPACE || next === LF || next === END
  }

  list(column: number): unknown[] {
    const items: unknown[] = []
    const lines = this.note(items)
    while (this.indent === column && this.isItem()) {
      lines?.set(items.length, this.line)
      this.at++
      const start = this.at
      while (this.units[this.at] === SPACE) this.at++
      const code = this.units[this.at]
      if (code === LF || code === HASH || code === END) {
        this.endLineAfter(start)
        items.push(this.indent > column ? this.block(this.indent) : null)
      } else if (code === TAB) throw NOT_PLAIN
      else {
        // What stands after the dash is indented as far as it stands.
        const inner = column + 1 + this.at - start
        this.indent = inner
        items.push(code === BAR ? this.blockScalar(column) : this.block(inner))
      }
    }
    if (this.indent > column) throw NOT_PLAIN
    // V8 makes room for seventeen at the first push; most lists have one or two, and are kept.
    return lines ? items : items.slice()
  }

  /** endLine() for a line whose last character before the blanks is at `start`. */
  endLineAfter(start: number): void {
    this.at = start
    this.endLine()
  }

  mapOrScalar(column: number): unknown {
    const key = this.key()
    if (key === undefined) return this.loneScalar(column)
    const map: Record<string, unknown> = {}
    const lines = this.note(map)
    let name: string | undefined = key
    for (;;) {
      // A value of undefined does not exist in YAML, so only inherited names need the second look.
      if (map[name] !== undefined && (Object.hasOwn(map, name) || name === '__proto__')) throw NOT_PLAIN
      lines?.set(name, this.line)
      map[name] = this.value(column)
      if (this.indent !== column) break
      if (this.isItem()) throw NOT_PLAIN
      name = this.key()
      if (name === undefined) throw NOT_PLAIN
    }
    if (this.indent > column) throw NOT_PLAIN
    return map
  }

  /** The key that begins here, read together with its colon; undefined, with nothing read, when there is none. */
  key(): string | undefined {
    const { units } = this
    const start = this.at
    const code = units[start] as number
    if (code === QUOTE || code === APOSTROPHE) {
      const key = this.quoted(code)
      if (units[this.at] === COLON && this.isBlankAt(this.at + 1)) {
        this.at++
        return key
      }
      this.at = start
      return undefined
    }
    if (INDICATORS[code] || this.isQuestion(code)) return undefined
    let hash = 0
    for (let at = start; ; at++) {
      const here = units[at] as number
      // What ends a key or forbids it comes before the letters.
      if (here <= COLON) {
        if (here === COLON && this.isBlankAt(at + 1)) {
          this.at = at + 1
          return this.plainKey(start, at, hash)
        }
        if (here === LF || here === END || (here === HASH && units[at - 1] === SPACE)) return undefined
        if (here === TAB) throw NOT_PLAIN
      }
      hash = hashed(hash, here)
    }
  }

  /** `<<` merges; `yes:`, `1:` and `~:` are keys of another type first. */
  plainKey(start: number, end: number, hash: number): string {
    const key = plainScalarAt(this.text, start, end, hash)
    if (typeof key !== 'string' || key === '<<' || this.units[end - 1] === SPACE) throw NOT_PLAIN
    return key
  }

  /** What stands after the colon of a key in column `column`; ends at the content of the next line. */
  value(column: number): unknown {
    const { units } = this
    const start = this.at
    while (units[this.at] === SPACE) this.at++
    const code = units[this.at]
    if (code === LF || code === HASH || code === END) {
      this.endLineAfter(start)
      if (this.indent > column) return this.block(this.indent)
      // A list may stand in the column of the key that it belongs to.
      if (this.indent === column && this.isItem()) {
        if (++this.depth > MAX_DEPTH) throw NOT_PLAIN
        const items = this.list(column)
        this.depth--
        return items
      }
      return null
    }
    if (code === BAR) return this.blockScalar(column)
    return this.inline(column)
  }

  /** A scalar or a flow collection on the rest of this line. */
  inline(column: number): unknown {
    const value = this.inlineValue()
    this.endLine()
    // A line that is indented further would continue the scalar.
    if (this.indent > column) throw NOT_PLAIN
    return value
  }

  inlineValue(): unknown {
    const code = this.units[this.at] as number
    if (code === QUOTE || code === APOSTROPHE) return this.quoted(code)
    if (code === OPEN_MAP || code === OPEN_LIST) return this.flow(false)
    if (INDICATORS[code] || code === TAB || this.isQuestion(code)) throw NOT_PLAIN
    return this.plain()
  }

  plain(): unknown {
    const { units } = this
    const start = this.at
    let hash = 0
    let at = start
    for (; ; at++) {
      const code = units[at] as number
      if (code <= COLON) {
        if (code === LF || code === END || (code === HASH && units[at - 1] === SPACE)) break
        if (code === TAB || (code === COLON && this.isBlankAt(at + 1))) throw NOT_PLAIN
      }
      hash = hashed(hash, code)
    }
    while (units[at - 1] === SPACE) at--
    this.at = at
    return plainScalarAt(this.text, start, at, hash)
  }

  /** A document or an item that is one scalar or one flow collection; only JSON may go over several lines. */
  loneScalar(column: number): unknown {
    const code = this.units[this.at] as number
    if (column === 0 && this.depth === 1 && (code === OPEN_MAP || code === OPEN_LIST)) {
      const value = this.flow(true)
      this.endLine()
      return value
    }
    // The line that follows would continue a scalar if it is not less indented: the list or the map around it sees to that.
    const value = this.inlineValue()
    this.endLine()
    if (this.indent >= column) throw NOT_PLAIN
    return value
  }

  blockScalar(column: number): string {
    const { value, end, lines } = readLiteralBlock(this.text, this.at, column)
    this.at = end
    this.line += lines
    this.toContent()
    if (this.indent > column) throw NOT_PLAIN
    return value
  }
}
