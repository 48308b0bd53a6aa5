import type { Datatype } from '../contract/index.ts'
import { toFloat16 } from './float16.ts'

/** How one JSON value becomes one element of a tensor. Nothing is coerced: "5" is not 5 and true is not 1. */
export interface Scalar {
  /** Why the value cannot be encoded, as a clause; undefined when it can. `shown` are the digits that were sent, where known. */
  problem(value: unknown, shown?: string): string | undefined
  /** The element; only for a value without a problem. */
  encode(value: unknown): number | bigint | string
  /** The element that stands for a missing value; undefined for types that have none. */
  missing?: number | string
}

const asNumber = (value: unknown) => value as number

function float(fits: (value: number) => boolean, name: string): Scalar {
  return {
    problem(value, shown) {
      if (typeof value !== 'number') return `must be a number, not ${typeName(value)}`
      return fits(value) ? undefined : `must be finite as a ${name}, got ${shown ?? value}`
    },
    encode: asNumber,
    missing: Number.NaN,
  }
}

function integer(min: number, max: number, name: string): Scalar {
  return {
    problem(value, shown) {
      if (typeof value !== 'number') return `must be a number, not ${typeName(value)}`
      if (!Number.isInteger(value)) return `must be a whole number, got ${value}`
      return value >= min && value <= max ? undefined : `must be from ${min} to ${max} (${name}), got ${shown ?? value}`
    },
    encode: asNumber,
  }
}

/** Beyond 2^53 a JSON number has already lost digits when it is parsed, so it is refused rather than changed. */
function bigInteger(min: number, name: string): Scalar {
  const small = integer(min, Number.MAX_SAFE_INTEGER, name)
  return { problem: small.problem, encode: (value) => BigInt(value as number) }
}

const SCALARS: Record<Datatype, Scalar> = {
  float32: float((value) => Number.isFinite(Math.fround(value)), 'float32'),
  float64: float((value) => Number.isFinite(value), 'float64'),
  float16: {
    ...float((value) => Math.abs(value) < 65520, 'float16'),
    encode: (value) => toFloat16(value as number),
    missing: toFloat16(Number.NaN),
  },
  int8: integer(-128, 127, 'int8'),
  int16: integer(-32768, 32767, 'int16'),
  int32: integer(-(2 ** 31), 2 ** 31 - 1, 'int32'),
  int64: bigInteger(Number.MIN_SAFE_INTEGER, 'int64'),
  uint8: integer(0, 255, 'uint8'),
  uint16: integer(0, 65535, 'uint16'),
  uint32: integer(0, 2 ** 32 - 1, 'uint32'),
  uint64: bigInteger(0, 'uint64'),
  bool: {
    problem: (value) => (typeof value === 'boolean' ? undefined : `must be true or false, not ${typeName(value)}`),
    encode: (value) => (value === true ? 1 : 0),
  },
  string: {
    problem: (value) => (typeof value === 'string' ? textProblem(value) : `must be a string, not ${typeName(value)}`),
    encode: (value) => value as string,
    missing: '',
  },
}

/** What is wrong with a text that no UTF-8 can be made of, as a clause. */
export const UNPAIRED_SURROGATE = 'must be Unicode text, but has an unpaired surrogate'

/** False for a text with half of a surrogate pair: written as UTF-8 it becomes U+FFFD. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** onnxruntime-node hands texts over as C strings, which end at U+0000: the model would see a part of what was sent. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'must not hold the character U+0000'
  return isWellFormed(text) ? undefined : UNPAIRED_SURROGATE
}

export function scalarOf(datatype: Datatype): Scalar {
  return SCALARS[datatype]
}

/** A JSON value's type as a caller would call it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'absent'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}
