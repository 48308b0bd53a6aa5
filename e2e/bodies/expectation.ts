/** A number that a text shows: the value that it stands for, in full. */
export interface Shown {
  value: number
  /** Significant digits, for what is not a whole number. */
  digits: number
  /** A plus before what is above zero. */
  isSigned?: true
  /** A fixed number of decimals instead of digits. */
  decimals?: number
  /** Nothing may differ, as for a count. */
  isExact?: true
}

/** A text that must stand somewhere, its numbers by value: what is shown may only be rounded. */
export type Expected = (string | Shown)[]

export const count = (value: number): Shown => ({ value, digits: 0, isExact: true })
export const number = (value: number, digits = 3): Shown => ({ value, digits })
export const signed = (value: number, digits: number): Shown => ({ value, digits, isSigned: true })
export const fixed = (value: number, decimals: number): Shown => ({ value, digits: 0, decimals })

const NUMBER = '([+-]?\\d[\\d,]*(?:\\.\\d+)?(?:e[+-]?\\d+)?)'

/** What is wrong with a text; undefined where it says what is expected and nothing else. */
export function mismatch(text: string, expected: Expected): string | undefined {
  const pattern = expected.map((part) => (typeof part === 'string' ? literal(part) : NUMBER)).join('')
  const found = new RegExp(`^${pattern}$`).exec(text)
  const wanted = expected.map((part) => (typeof part === 'string' ? part : String(part.value))).join('')
  if (!found) return `"${text}"\n      should be "${wanted}"`
  const numbers = expected.filter((part) => typeof part !== 'string')
  const wrong = numbers.filter((part, index) => !shows(found[index + 1] ?? '', part))
  return wrong.length === 0
    ? undefined
    : `"${text}"\n      should be "${wanted}" (${wrong.map(({ value }) => value).join(', ')})`
}

function shows(text: string, { value, digits, isSigned, decimals, isExact }: Shown): boolean {
  if (/^0\d/.test(text) || text.startsWith('+') !== (isSigned === true && Number(text.replaceAll(',', '')) > 0))
    return false
  const shown = Number(text.replaceAll(',', ''))
  if (isExact) return shown === value && text === value.toLocaleString('en-US')
  if (decimals !== undefined)
    return (
      text.replace(/^\+/, '') === shown.toFixed(decimals) && Math.abs(shown - value) <= 0.51 * 10 ** -decimals + 1e-9
    )
  if (value === 0) return shown === 0
  // Half a unit of the last digit, and what float32 adds.
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1)
  return Math.sign(shown) === Math.sign(value) && Math.abs(shown - value) <= 0.51 * unit + 1e-6
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
