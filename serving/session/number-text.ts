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
