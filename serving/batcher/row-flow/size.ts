import { MixesRows } from './mixes-rows.ts'

/**
 * A size that a graph computes with, as a product: a whole number times the names of free dimensions. The number of rows of a
 * call is one of the names; all others are equal for requests that may share a call.
 */
export interface Size {
  factor: number
  /** Sorted; a name stands once for each power. */
  names: readonly string[]
}

/** Products of more names are not followed: a graph that squares a size again and again would fill the memory. */
const MAX_NAMES = 32

/** The name of the number of rows. No dimension of an interface can have it. */
const ROWS_NAME = '\u0000rows'

export const ROWS: Size = { factor: 1, names: [ROWS_NAME] }
export const ONE: Size = number(1)

export function number(factor: number): Size {
  return { factor, names: [] }
}

export function named(name: string): Size {
  return { factor: 1, names: [name] }
}

/** The number when it is one; undefined for a size with names. */
export function asNumber({ factor, names }: Size): number | undefined {
  return names.length === 0 ? factor : undefined
}

export function isOne(size: Size): boolean {
  return asNumber(size) === 1
}

export function equal(one: Size, other: Size): boolean {
  return (
    one.factor === other.factor &&
    one.names.length === other.names.length &&
    one.names.every((name, at) => name === other.names[at])
  )
}

export function dependsOnRows({ names }: Size): boolean {
  return names.includes(ROWS_NAME)
}

export function multiply(one: Size, other: Size): Size {
  if (one.names.length + other.names.length > MAX_NAMES) throw new MixesRows('has sizes that cannot be followed')
  return { factor: one.factor * other.factor, names: [...one.names, ...other.names].sort() }
}

export function product(sizes: readonly Size[]): Size {
  return sizes.reduce(multiply, ONE)
}

/** The quotient when the divisor goes into it whatever the names stand for; undefined otherwise. */
export function divide(dividend: Size, divisor: Size): Size | undefined {
  if (divisor.factor === 0 || !Number.isInteger(dividend.factor / divisor.factor)) return undefined
  const names = [...dividend.names]
  for (const name of divisor.names) {
    const at = names.indexOf(name)
    if (at === -1) return undefined
    names.splice(at, 1)
  }
  return { factor: dividend.factor / divisor.factor, names }
}
