/** A JSON number, or one of the words that Python and Triton write where JSON has none. */
const NUMBER = /-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN/y

/** Digits that a double may not hold; shorter ones always fit. */
const LONG_INTEGER = /^-?\d{16,}$/

/** The same anywhere in a body, most of whose long numbers are fractions. */
const MAY_HOLD_LONG_INTEGER = /(?:^|[\s:,[-])\d{16}/

const [QUOTE, BACKSLASH, MINUS, ZERO, NINE] = [0x22, 0x5c, 0x2d, 0x30, 0x39]
const [CAPITAL_I, CAPITAL_N] = [0x49, 0x4e]

/** True for nearly every text that has an integer which `quoteNumbers` quotes; true for some that have none. */
export function hasLongInteger(text: string): boolean {
  return MAY_HOLD_LONG_INTEGER.test(text)
}

/**
 * JSON text with every number that JSON.parse would change (integers of 16 digits and more) as a string instead, which a tensor of
 * floats or of 64-bit integers takes, and with `notFinite` those that it would refuse (NaN, Infinity). Triton reads such numbers
 * and its Python client sends them. One pass by hand: an expression that skips strings backtracks through a body of megabytes.
 */
export function quoteNumbers(text: string, notFinite = true): string {
  let quoted = ''
  let copied = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    NUMBER.lastIndex = at
    const number = startsNumber(code) ? NUMBER.exec(text)?.[0] : undefined
    if (number === undefined) {
      at += 1
      continue
    }
    if (LONG_INTEGER.test(number) || (notFinite && /[IN]/.test(number))) {
      quoted += `${text.slice(copied, at)}"${number}"`
      copied = at + number.length
    }
    at += number.length
  }
  return quoted + text.slice(copied)
}

function startsNumber(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === MINUS || code === CAPITAL_I || code === CAPITAL_N
}

/** The index after the string that starts at `start`; the end of the text for one that does not end. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at + 1
  }
  return text.length
}
