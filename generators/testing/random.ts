/** Numbers for property tests: the same seed gives the same values on every machine, so that a failure repeats. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  /** `times` results of `make`, from 0 to `most`. */
  list<T>(most: number, make: () => T): T[]
}

/** Mulberry32, a public-domain generator by Tommy Ettinger. */
export function random(seed: number): Random {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: (items) => items[below(items.length)] as never,
    list: (most, make) => Array.from({ length: below(most + 1) }, make),
  }
}

/** Calls `property` with `runs` generators of their own and names the seed that fails. */
export function forAll(runs: number, property: (random: Random) => void): void {
  for (let seed = 1; seed <= runs; seed++) {
    try {
      property(random(seed))
    } catch (error) {
      if (error instanceof Error) error.message = `with seed ${seed}: ${error.message}`
      throw error
    }
  }
}
