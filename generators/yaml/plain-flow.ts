import { END, hashed, NOT_PLAIN, plainScalarAt, type Units, unitsOf } from './plain-units.ts'

/** Lines of a document's parts, by map or list and then by key or index; 1-based within the text that was read. */
export type Positions = Map<object, Map<string | number, number>>

/** Deeper documents go to the full parser, which refuses them. */
export const MAX_DEPTH = 100

const LF = 10
const TAB = 9
const SPACE = 32
const QUOTE = 34
const HASH = 35
const APOSTROPHE = 39
const COMMA = 44
const DASH = 45
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_MAP = 123
const CLOSE_MAP = 125

/** Characters that begin something else than a plain scalar: indicators of YAML, quotes included. */
export const INDICATORS = tableOf('!"#%&\'*,>?@[]`{|}')
/** Where a plain scalar inside a flow collection ends. */
const FLOW_ENDS = tableOf(',[]{}\n')

function tableOf(characters: string): boolean[] {
  return Array.from({ length: 128 }, (_, code) => characters.includes(String.fromCharCode(code)))
}

/** A cursor in a text, and what stands on one line: quoted scalars and flow collections. Throws NOT_PLAIN. */
export class FlowReader {
  readonly text: string
  readonly units: Units
  readonly positions: Positions | undefined
  /** Offset of the character that is read next. */
  at = 0
  line = 1
  depth = 0

  constructor(text: string, positions: Positions | undefined) {
    this.text = text
    this.units = unitsOf(text)
    this.positions = positions
  }

  note(container: object): Map<string | number, number> | undefined {
    if (!this.positions) return undefined
    const lines = new Map<string | number, number>()
    this.positions.set(container, lines)
    return lines
  }

  isQuestion(code: number): boolean {
    return (code === DASH || code === COLON) && this.isBlankAt(this.at + 1)
  }

  isBlankAt(at: number): boolean {
    const code = this.units[at]
    return code === SPACE || code === LF || code === TAB || code === END
  }

  /** A dash or a colon right before the end of an item, which is no scalar. */
  endsFlow(next: number, code: number): boolean {
    return (code === DASH || code === COLON) && FLOW_ENDS[this.units[next] as number] === true
  }

  /** A quoted scalar that ends on this line. */
  quoted(quote: number): string {
    const { text, units } = this
    const start = this.at + 1
    let isEscaped = false
    for (let at = start; ; at++) {
      const code = units[at]
      if (code === LF || code === END) throw NOT_PLAIN
      if (code === BACKSLASH && quote === QUOTE) {
        isEscaped = true
        at++
      } else if (code === quote) {
        if (quote === APOSTROPHE && units[at + 1] === APOSTROPHE) {
          isEscaped = true
          at++
          continue
        }
        this.at = at + 1
        if (!isEscaped) return text.slice(start, at)
        return quote === APOSTROPHE
          ? text.slice(start, at).replaceAll("''", "'")
          : unescaped(text.slice(start - 1, at + 1))
      }
    }
  }

  /** A flow collection; over several lines only when it is the whole document. */
  flow(isDocument: boolean): unknown {
    if (++this.depth > MAX_DEPTH) throw NOT_PLAIN
    const value = this.units[this.at] === OPEN_MAP ? this.flowMap(isDocument) : this.flowList(isDocument)
    this.depth--
    return value
  }

  flowMap(isDocument: boolean): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    const lines = this.note(map)
    this.at++
    this.flowBlanks(isDocument)
    if (this.units[this.at] === CLOSE_MAP) {
      this.at++
      return map
    }
    for (;;) {
      const name = this.flowKey()
      if (map[name] !== undefined && (Object.hasOwn(map, name) || name === '__proto__')) throw NOT_PLAIN
      lines?.set(name, this.line)
      this.flowBlanks(isDocument)
      map[name] = this.flowValue(isDocument)
      if (this.flowEnds(CLOSE_MAP, isDocument)) return map
    }
  }

  flowList(isDocument: boolean): unknown[] {
    const items: unknown[] = []
    const lines = this.note(items)
    this.at++
    this.flowBlanks(isDocument)
    if (this.units[this.at] === CLOSE_LIST) {
      this.at++
      return items
    }
    for (;;) {
      lines?.set(items.length, this.line)
      items.push(this.flowValue(isDocument))
      if (this.flowEnds(CLOSE_LIST, isDocument)) return items
    }
  }

  /** After an item: true when the collection ends, false when another item follows. */
  flowEnds(close: number, isDocument: boolean): boolean {
    this.flowBlanks(isDocument)
    const code = this.units[this.at++]
    if (code === close) return true
    if (code !== COMMA) throw NOT_PLAIN
    this.flowBlanks(isDocument)
    return false
  }

  flowBlanks(isDocument: boolean): void {
    for (;;) {
      const code = this.units[this.at]
      if (code === LF && isDocument) this.line++
      else if (code !== SPACE && !(code === TAB && isDocument)) return
      this.at++
    }
  }

  flowKey(): string {
    const { units } = this
    const code = units[this.at] as number
    let key: unknown
    if (code === QUOTE || code === APOSTROPHE) {
      key = this.quoted(code)
      // A quoted key may stand right before its value; a plain one may not.
      if (units[this.at] !== COLON) throw NOT_PLAIN
    } else {
      if (INDICATORS[code] || this.isQuestion(code) || this.endsFlow(this.at + 1, code)) throw NOT_PLAIN
      key = this.flowPlain()
      if (units[this.at] !== COLON || !this.isBlankAt(this.at + 1)) throw NOT_PLAIN
    }
    if (typeof key !== 'string' || key === '<<') throw NOT_PLAIN
    this.at++
    return key
  }

  flowValue(isDocument: boolean): unknown {
    const code = this.units[this.at] as number
    if (code === QUOTE || code === APOSTROPHE) return this.quoted(code)
    if (code === OPEN_MAP || code === OPEN_LIST) return this.flow(isDocument)
    if (INDICATORS[code] || this.isQuestion(code) || this.endsFlow(this.at + 1, code)) throw NOT_PLAIN
    return this.flowPlain()
  }

  flowPlain(): unknown {
    const { units } = this
    const start = this.at
    let hash = 0
    let at = start
    for (; ; at++) {
      const code = units[at] as number
      if (FLOW_ENDS[code] || (code === COLON && (this.isBlankAt(at + 1) || FLOW_ENDS[units[at + 1] as number]))) break
      if (code === HASH || code === TAB || code === END) throw NOT_PLAIN
      hash = hashed(hash, code)
    }
    this.at = at
    while (units[at - 1] === SPACE) at--
    // Alone on a line, even an indented one, these end the document to some readers.
    if (at <= start || this.text.startsWith('...', start) || this.text.startsWith('---', start)) throw NOT_PLAIN
    return plainScalarAt(this.text, start, at, hash)
  }
}

/** Escapes that YAML and JSON share; the others are the full parser's. */
function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw NOT_PLAIN
  }
}
