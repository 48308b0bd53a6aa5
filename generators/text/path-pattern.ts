/** What a wildcard stands for, with the regular expression that it is. */
export type Wildcard =
  /** `[^/]` */
  | 'character'
  /** `[^/]*` */
  | 'name'
  /** `.*` */
  | 'path'
  /** `.+` */
  | 'below'
  /** `(?:.*\/)?` */
  | 'folders'
  /** `(?:/.*)?` */
  | 'folder-or-file'

export type PatternPart = { text: string } | { wildcard: Wildcard }

type Step = { takes: string } | { takes: 'any' | 'no-slash'; repeats: boolean } | { to: number }

/**
 * A pattern of paths, which must match as a whole. The time is bounded by the product of both lengths, where a regular expression
 * of several wildcards may take longer than anybody waits: patterns come from files.
 */
export class PathPattern {
  readonly #steps: Step[] = []

  constructor(parts: readonly PatternPart[]) {
    for (const part of parts) this.#add(part)
  }

  #add(part: PatternPart): void {
    if ('text' in part) for (const character of part.text) this.#steps.push({ takes: character })
    else this.#addWildcard(part.wildcard)
  }

  #addWildcard(wildcard: Wildcard): void {
    const steps = this.#steps
    switch (wildcard) {
      case 'character':
        steps.push({ takes: 'no-slash', repeats: false })
        break
      case 'name':
        steps.push({ takes: 'no-slash', repeats: true })
        break
      case 'path':
        steps.push({ takes: 'any', repeats: true })
        break
      case 'below':
        steps.push({ takes: 'any', repeats: false }, { takes: 'any', repeats: true })
        break
      case 'folders':
        steps.push({ to: steps.length + 3 }, { takes: 'any', repeats: true }, { takes: '/' })
        break
      case 'folder-or-file':
        steps.push({ to: steps.length + 3 }, { takes: '/' }, { takes: 'any', repeats: true })
        break
    }
  }

  test(text: string): boolean {
    let at = this.#reached(new Set(), 0)
    for (const character of text) {
      const next = new Set<number>()
      for (const index of at) {
        const step = this.#steps[index]
        if (!step || 'to' in step) continue
        if (!('repeats' in step)) {
          if (step.takes === character) this.#reached(next, index + 1)
        } else if (step.takes === 'any' || character !== '/') this.#reached(next, step.repeats ? index : index + 1)
      }
      if (next.size === 0) return false
      at = next
    }
    return at.has(this.#steps.length)
  }

  /** Adds a step, and those that may come instead. */
  #reached(steps: Set<number>, index: number): Set<number> {
    if (steps.has(index)) return steps
    steps.add(index)
    const step = this.#steps[index]
    if (!step) return steps
    if ('to' in step) this.#reached(steps, step.to)
    if ('to' in step || ('repeats' in step && step.repeats)) this.#reached(steps, index + 1)
    return steps
  }
}
