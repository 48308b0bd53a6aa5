import { resolvePlainScalar } from './plain-scalar.ts'

/** What the fast reader gives for a text that it leaves to the full parser. It never says that a text is wrong. */
export const NOT_PLAIN = Symbol('not plain YAML')

/** UTF-16 code units of a text, with END behind the last: an array is read in a fraction of the time of charCodeAt. */
export type Units = Uint8Array | Uint16Array

/** No text that the fast reader takes has this character. */
export const END = 0

// biome-ignore lint/suspicious/noControlCharactersInRegex: a range of code units
const WIDE = /[^\x00-\xff]/

let narrow = Buffer.alloc(2 ** 16)

/** Valid until the next call: most texts share their memory. */
export function unitsOf(text: string): Units {
  if (WIDE.test(text)) return Uint16Array.from({ length: text.length + 1 }, (_, at) => text.charCodeAt(at) || END)
  if (narrow.length <= text.length) narrow = Buffer.alloc(2 * text.length)
  narrow.write(text, 'latin1')
  narrow[text.length] = END
  return narrow
}

const SLOTS = 4096
const LONGEST = 40
const texts = Array.from({ length: SLOTS }, () => '')
const values: (string | number | boolean | null)[] = Array.from({ length: SLOTS }, () => null)

/**
 * resolvePlainScalar() of a part of a text. Names of fields, API versions, labels and numbers repeat from object to object: each
 * is looked up by its hash, without a string for it being made, and its value is the same one every time.
 */
export function plainScalarAt(
  text: string,
  start: number,
  end: number,
  hash: number,
): string | number | boolean | null {
  if (end - start > LONGEST) return resolved(text.slice(start, end))
  const slot = hash & (SLOTS - 1)
  const known = texts[slot] as string
  if (known.length === end - start && text.startsWith(known, start)) return values[slot] as string
  const scalar = text.slice(start, end)
  const value = resolved(scalar)
  texts[slot] = scalar
  values[slot] = value
  return value
}

/** Throws NOT_PLAIN for a number that JSON does not have. */
function resolved(scalar: string): string | number | boolean | null {
  const value = resolvePlainScalar(scalar)
  if (typeof value === 'number' && !Number.isFinite(value)) throw NOT_PLAIN
  return value
}

/** Goes on with the hash of plainScalarAt(), which begins with 0. */
export function hashed(hash: number, unit: number): number {
  return (hash * 31 + unit) & 0xffffff
}
