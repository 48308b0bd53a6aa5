import { CharacterClass } from './go-class.ts'

/** Why a pattern of Go cannot be said in JavaScript; mostly, because it is none of Go's. */
export class PatternError extends Error {}

interface Flags {
  i: boolean
  m: boolean
  s: boolean
  U: boolean
}

const REPEAT = /[*+?]|\{(0|[1-9]\d*)(?:,(0|[1-9]\d*)?)?\}/y
const GROUP = /\(\?P?<[A-Za-z0-9_]+>|\(\?([imsU]*)(?:-([imsU]+))?([:)])|\((?!\?)/y
const MAX_REPEAT = 1000
const ANY: Record<string, string> = { true: '[^]', false: '[^\\n]' }
const CONTROLS: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** A pattern of Go's package regexp (RE2) as one of JavaScript's with the flag u. https://pkg.go.dev/regexp/syntax */
export function translated(pattern: string): { source: string; ignoresCase: boolean } {
  const parts = new Translation(pattern).parts()
  const classes = parts.filter((part) => part instanceof CharacterClass)
  const ignoresCase = classes.some((part) => part.isFolded) && !classes.some((part) => part.mindsCase)
  const sources = parts.map((part) => (part instanceof CharacterClass ? part.source(!ignoresCase) : part))
  if (sources.includes(undefined)) throw new PatternError('a part of it ignores the case of letters other than a to z')
  return { source: sources.join(''), ignoresCase }
}

class Translation {
  private readonly text: string
  private at = 0
  private flags: Flags = { i: false, m: false, s: false, U: false }
  private readonly outer: Flags[] = []
  private readonly result: (string | CharacterClass)[] = []
  private canRepeat = false

  constructor(text: string) {
    this.text = text
  }

  parts(): (string | CharacterClass)[] {
    while (this.at < this.text.length) if (!this.repeat()) this.step()
    if (this.outer.length > 0) throw new PatternError('a parenthesis is not closed')
    return this.result
  }

  private step(): void {
    const character = this.text[this.at]
    if (character === '(') this.open()
    else if (character === ')') this.close()
    else if (character === '[') this.bracket()
    else if (character === '\\') this.escape()
    else if (character === '|') this.push('|', { length: 1, canRepeat: false })
    else if (character === '.') this.push(ANY[String(this.flags.s)] ?? '', { length: 1 })
    else if (character === '^') this.push(this.flags.m ? '(?:(?<![^\\n]))' : '(?:^)', { length: 1 })
    else if (character === '$') this.push(this.flags.m ? '(?:(?![^\\n]))' : '(?:$)', { length: 1 })
    else this.character(this.take())
  }

  private push(part: string | CharacterClass, { length = 0, canRepeat = true } = {}): void {
    this.result.push(part)
    this.at += length
    this.canRepeat = canRepeat
  }

  private character(point: number): void {
    this.push(this.newClass().add([point, point]))
  }

  private newClass(): CharacterClass {
    return new CharacterClass(this.flags.i)
  }

  private repeat(): boolean {
    const [text, least, most] = this.match(REPEAT) ?? []
    if (text === undefined) return false
    if (!this.canRepeat) throw new PatternError(`there is nothing that ${text} could repeat`)
    if (Number(least ?? 0) > MAX_REPEAT || Number(most ?? 0) > MAX_REPEAT) throw new PatternError(`${text} is too much`)
    const isLazy = this.text[this.at] === '?'
    this.push(isLazy === this.flags.U ? text : `${text}?`, { length: isLazy ? 1 : 0, canRepeat: false })
    return true
  }

  private open(): void {
    const [text, set = '', cleared = '', end] = this.match(GROUP) ?? []
    if (text === undefined) throw new PatternError(`Go has no group ${this.text.slice(this.at, this.at + 3)}`)
    if (end === ')') this.canRepeat = false
    else {
      this.outer.push(this.flags)
      this.push('(?:', { canRepeat: false })
    }
    this.flags = { ...this.flags }
    for (const flag of set) this.flags[flag as keyof Flags] = true
    for (const flag of cleared) this.flags[flag as keyof Flags] = false
  }

  private close(): void {
    const flags = this.outer.pop()
    if (!flags) throw new PatternError('a parenthesis is not opened')
    this.flags = flags
    this.push(')', { length: 1 })
  }

  private escape(): void {
    const letter = this.text[this.at + 1] ?? ''
    const found = this.newClass()
    if (letter === 'A') this.push('(?:^)', { length: 2 })
    else if (letter === 'z') this.push('(?:$)', { length: 2 })
    else if (/[bB]/.test(letter)) this.push(`(?:\\${letter})`, { length: 2 })
    else if (letter === 'Q') this.quoted()
    else if (this.classEscape(found)) this.push(found)
    else this.character(this.escapedCharacter())
  }

  private quoted(): void {
    const end = this.text.indexOf('\\E', this.at)
    const quoted = this.text.slice(this.at + 2, end === -1 ? undefined : end)
    for (const character of quoted) this.character(character.codePointAt(0) as number)
    this.at = end === -1 ? this.text.length : end + 2
  }

  /** `[...]`, where a `]` at the start is one of the characters, and a `-` that ends no range another. */
  private bracket(): void {
    const found = this.newClass()
    this.at++
    found.isNegated = this.match(/\^/y) !== undefined
    const start = this.at
    while (this.text[this.at] !== ']' || this.at === start) {
      if (this.at >= this.text.length) throw new PatternError('a bracket is not closed')
      if (!this.namedClass(found) && !this.classEscape(found)) this.range(found)
    }
    this.push(found, { length: 1 })
  }

  private range(found: CharacterClass): void {
    const first = this.classCharacter()
    const last = this.match(/-(?=[^\]])/y) ? this.classCharacter() : first
    if (last < first) throw new PatternError('a range of characters ends before it begins')
    found.add([first, last])
  }

  private classCharacter(): number {
    return this.text[this.at] === '\\' ? this.escapedCharacter() : this.take()
  }

  private namedClass(found: CharacterClass): boolean {
    const [text, not, name = ''] = this.match(/\[:(\^?)(.*?):\]/sy) ?? []
    if (text === undefined) return false
    if (!found.addNamed(name, not === '^')) throw new PatternError(`Go has no ${text}`)
    return true
  }

  /** `\d`, `\pL`, `\p{^Greek}`. */
  private classEscape(found: CharacterClass): boolean {
    const [, perl] = this.match(/\\([dDsSwW])/y) ?? []
    if (perl !== undefined) return found.addPerl(perl)
    const [, letter, not, long, short = ''] = this.match(/\\([pP])(?:\{(\^?)(\w+)\}|(\w))/y) ?? []
    if (letter === undefined) return false
    const isNegated = (letter === 'P') !== (not === '^')
    // JavaScript takes the complement before it looks at the case, Go after it.
    if (isNegated && this.flags.i) throw new PatternError('it ignores the case of what a class of Unicode leaves')
    found.addProperty(long ?? short, isNegated)
    return true
  }

  private escapedCharacter(): number {
    const [, long, hexadecimal = long, octal] =
      this.match(/\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/y) ?? []
    if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16)
    if (octal !== undefined) return Number.parseInt(octal, 8)
    const [text, letter, other] = this.match(/\\(?:([afnrtv])|([^0-9A-Za-z\P{ASCII}]))/uy) ?? []
    if (letter !== undefined) return CONTROLS[letter] ?? 0
    if (text === undefined || other === undefined) {
      throw new PatternError(`Go has no escape ${this.text.slice(this.at, this.at + 2)}`)
    }
    return other.charCodeAt(0)
  }

  private take(): number {
    const point = this.text.codePointAt(this.at) as number
    this.at += point > 0xffff ? 2 : 1
    return point
  }

  private match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text) ?? undefined
    if (found) this.at += found[0].length
    return found
  }
}
