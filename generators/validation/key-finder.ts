/** Finds which of the keys that it was made for stand in a value, at any depth: one walk, however many are asked for then. */
export class KeyFinder {
  /** The round in which each key was seen last. */
  readonly #seen = new Map<string, number>()
  #round = 0

  constructor(keys: Iterable<string>) {
    for (const key of keys) this.#seen.set(key, 0)
  }

  /** Forgets the value before. */
  lookInto(value: unknown): void {
    this.#round++
    this.#walk(value)
  }

  #walk(value: unknown): void {
    if (value === null || typeof value !== 'object') return
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) this.#walk(value[index])
      return
    }
    for (const key in value) {
      if (this.#seen.has(key)) this.#seen.set(key, this.#round)
      this.#walk((value as Record<string, unknown>)[key])
    }
  }

  /** Whether one of the keys stands in the value that was looked into last. */
  hasAny(keys: readonly string[]): boolean {
    for (let index = 0; index < keys.length; index++) {
      if (this.#seen.get(keys[index] as string) === this.#round) return true
    }
    return false
  }
}
