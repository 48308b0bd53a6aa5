/** First and last code point. */
export type Range = readonly [number, number]

const LAST = 0x10ffff

/** Sets that Go knows by a name, all of ASCII. https://pkg.go.dev/regexp/syntax */
const POSIX: Record<string, string> = {
  alnum: '09AZaz',
  alpha: 'AZaz',
  ascii: '\0\x7f',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  word: '09AZaz__',
  xdigit: '09AFaf',
}
/** JavaScript's `\s` knows the spaces of Unicode as well, and a vertical tab. */
const PERL: Record<string, string> = { d: '09', s: '\t\n\f\r  ', w: '09AZaz__' }

const CATEGORY = /^(Any|C[cfnos]?|L[Cclmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/

/** What one place of a pattern may hold. */
export class CharacterClass {
  readonly ignoresCase: boolean
  isNegated = false
  private readonly ranges: Range[] = []
  /** Complements, which were made of what case makes no difference to. */
  private readonly complements: Range[] = []
  private readonly properties: string[] = []
  private hasCase = false

  constructor(ignoresCase: boolean) {
    this.ignoresCase = ignoresCase
  }

  add(range: Range): this {
    this.ranges.push(range)
    this.hasCase ||= isCased(range)
    return this
  }

  /** False for a name that Go does not know. */
  addNamed(name: string, isNegated: boolean): boolean {
    const ranges = rangesOf(POSIX[name])
    if (ranges) this.addSet(ranges, isNegated)
    return ranges !== undefined
  }

  /** The letter after the backslash; false when it names no class. */
  addPerl(letter: string): boolean {
    const ranges = rangesOf(PERL[letter.toLowerCase()])
    if (ranges) this.addSet(ranges, letter < 'a')
    return ranges !== undefined
  }

  /** `L`, `Greek`; JavaScript refuses a name that Unicode does not have. */
  addProperty(name: string, isNegated: boolean): void {
    this.properties.push(`\\${isNegated ? 'P' : 'p'}{${CATEGORY.test(name) ? name : `Script=${name}`}}`)
    this.hasCase = true
  }

  /** Whether it matters to this class that the whole pattern ignores case. */
  get mindsCase(): boolean {
    return this.hasCase && !this.ignoresCase
  }

  get isFolded(): boolean {
    return this.hasCase && this.ignoresCase
  }

  /** Undefined when the letters of the other case are not known here. */
  source(writesCases: boolean): string | undefined {
    const cases = writesCases && this.isFolded
    if (cases && (this.properties.length > 0 || this.ranges.some(([, last]) => last > 0x7f))) return undefined
    const ranges = [...(cases ? folded(this.ranges) : this.ranges), ...this.complements]
    const members = ranges.map(([first, last]) =>
      first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`,
    )
    return `[${this.isNegated ? '^' : ''}${members.join('')}${this.properties.join('')}]`
  }

  private addSet(ranges: Range[], isNegated: boolean): void {
    if (!isNegated) for (const range of ranges) this.add(range)
    else {
      this.complements.push(...complement(this.ignoresCase ? folded(ranges) : ranges))
      this.hasCase ||= ranges.some(isCased)
    }
  }
}

function rangesOf(ends: string | undefined): Range[] | undefined {
  const points = [...(ends ?? '')].map((end) => end.charCodeAt(0))
  const pairs = points.flatMap((first, index): Range[] =>
    index % 2 === 0 ? [[first, points[index + 1] ?? first]] : [],
  )
  return ends === undefined ? undefined : pairs
}

function isCased([first, last]: Range): boolean {
  return last > 0x7f || (first <= 0x5a && last >= 0x41) || (first <= 0x7a && last >= 0x61)
}

/** Ranges of ASCII with the letters of the other case, two of which are not of ASCII: those for s and for k. */
function folded(ranges: readonly Range[]): Range[] {
  const all = [...ranges]
  for (const [first, last] of ranges) {
    for (let point = first; point <= last; point++) {
      const character = String.fromCharCode(point)
      if (!/[A-Za-z]/.test(character)) continue
      all.push([point ^ 0x20, point ^ 0x20])
      if (/s/i.test(character)) all.push([0x17f, 0x17f])
      if (/k/i.test(character)) all.push([0x212a, 0x212a])
    }
  }
  return all
}

function complement(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  let next = 0
  for (const [first, last] of [...ranges].sort(([one], [other]) => one - other)) {
    if (first > next) result.push([next, first - 1])
    next = Math.max(next, last + 1)
  }
  return next > LAST ? result : [...result, [next, LAST]]
}

function escaped(point: number): string {
  const character = String.fromCodePoint(point)
  return /[0-9A-Za-z]/.test(character) ? character : `\\u{${point.toString(16)}}`
}
