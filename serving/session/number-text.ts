import type { Datatype } from '../contract/index.ts'
import { scalarOf } from './scalar.ts'

const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/** No number of 64 bits has more digits; a page of them is not worth a BigInt. */
const INTEGER = /^-?\d{1,20}$/

/** More digits than JSON's readers keep, no more than a double has before its point. */
const LONG_INTEGER = /^-?\d{16,309}$/

const MAX_DIGITS_SHOWN = 40

const RANGES: Partial<Record<Datatype, [min: bigint, max: bigint]>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

/**
 * The element that a text stands for where JSON has no number for it, as the JSON mapping of Protocol Buffers writes them: "NaN",
 * "Infinity" and "-Infinity" for floats, digits for integers of 64 bits, which JSON numbers hold up to 2^53 only, and for floats
 * where there are more than 15. Undefined for any other text and any other type.
 */
export function numberFromText(text: string, datatype: Datatype): number | bigint | string | undefined {
  const range = RANGES[datatype]
  if (range !== undefined) {
    const value = INTEGER.test(text) ? BigInt(text) : undefined
    return value !== undefined && value >= range[0] && value <= range[1] ? value : undefined
  }
  if (!datatype.startsWith('float')) return undefined
  const { encode, problem } = scalarOf(datatype)
  const special = NOT_FINITE.get(text)
  if (special !== undefined) return encode(special)
  const number = LONG_INTEGER.test(text) ? Number(text) : undefined
  return problem(number) === undefined ? encode(number) : undefined
}

/**
 * The element that a long run of digits stands for in named features: an integer of 16 digits or more, which arrives as text
 * because a double may not hold it. Undefined for any other text, and where the type cannot hold the integer.
 */
export function longIntegerFromText(text: string, datatype: Datatype): number | bigint | undefined {
  const element = LONG_INTEGER.test(text) ? numberFromText(text, datatype) : undefined
  return typeof element === 'string' ? undefined : element
}

/** Why digits that arrived as text are out of the range of a type, with the digits that were sent; undefined for any other text. */
export function digitsProblem(text: string, datatype: Datatype): string | undefined {
  const range = RANGES[datatype]
  if (datatype === 'string' || datatype === 'bool' || !(range ? /^-?\d+$/ : LONG_INTEGER).test(text)) return undefined
  const shown = text.length > MAX_DIGITS_SHOWN ? `${text.slice(0, MAX_DIGITS_SHOWN)}...` : text
  if (range !== undefined && numberFromText(text, datatype) !== undefined) return undefined
  if (range !== undefined) return `must be from ${range[0]} to ${range[1]} (${datatype}), got ${shown}`
  return scalarOf(datatype).problem(Number(text), shown)
}
