import { randomBytes } from 'node:crypto'

const ID_BYTES = 16
const ID_LENGTH = 2 * ID_BYTES

/** Digits of the next ids: to ask for the random bytes of each costs many times what cutting it off does. */
let digits = ''
let taken = 0

/** True for an id that a caller may give its request: harmless in a log, a header and a label. */
export function isRequestId(given: unknown): given is string {
  return typeof given === 'string' && /^[\w.:/+=-]{1,128}$/.test(given)
}

/** The caller's id where it may give it, else a new one: 128 random bits in hexadecimal. */
export function requestId(given: unknown): string {
  if (isRequestId(given)) return given
  if (taken === digits.length) {
    digits = randomBytes(256 * ID_BYTES).toString('hex')
    taken = 0
  }
  taken += ID_LENGTH
  return digits.slice(taken - ID_LENGTH, taken)
}
