/**
 * What Kubernetes reads in a scalar without quotes. kubectl, Argo CD and the API server use go-yaml v2 (by sigs.k8s.io/yaml),
 * which is neither YAML 1.1 nor 1.2: `yes`, `on` and `y` are true, `012` is ten and `1_000` is a thousand, but `12:30` and
 * `2026-11-21` are text. Restates its resolve.go.
 */
export function resolvePlainScalar(text: string): string | number | boolean | null {
  const first = text.charCodeAt(0)
  // Most scalars begin with a letter that starts no word and no number.
  if (!MAY_RESOLVE[first] && text !== '') return text
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (first === DOT) return POINT_NUMBER.test(text) ? Number(text) : text
  return first <= NINE ? resolveNumber(text) : text
}

const DOT = 46
const NINE = 57

/** By the code of the first character; `~`, digits, signs, the point, and the first letters of the words. */
const MAY_RESOLVE = Array.from({ length: 128 }, (_, code) =>
  '+-.0123456789yYnNtTfFoO~'.includes(String.fromCharCode(code)),
)

const WORDS = new Map<string, boolean | null | number>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
])

const POINT_NUMBER = /^\.\d+([eE][-+]?\d+)?$/
const DECIMAL = /^[-+]?(0|[1-9]\d*)$/
const OCTAL = /^[-+]?0o?[0-7]+$/
const HEXADECIMAL_OR_BINARY = /^[-+]?0([xX][\da-fA-F]+|[bB][01]+)$/
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/

function resolveNumber(text: string): string | number {
  const plain = text.includes('_') ? text.replaceAll('_', '') : text
  if (DECIMAL.test(plain)) return Number(plain)
  if (OCTAL.test(plain)) return signed(plain, (digits) => Number.parseInt(digits.replace(/^0o?/, ''), 8))
  if (HEXADECIMAL_OR_BINARY.test(plain)) return signed(plain, Number)
  return FLOAT.test(plain) ? Number(plain) : text
}

function signed(text: string, read: (digits: string) => number): number {
  const value = read(text.replace(/^[-+]/, ''))
  return text.startsWith('-') ? -value : value
}
