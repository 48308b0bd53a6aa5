const SECOND = 1_000_000_000n
const MAX = 2n ** 63n - 1n
const UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
  d: 24n * 3600n * SECOND,
  w: 7n * 24n * 3600n * SECOND,
}
const GO = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const WORDS: [start: RegExp, unit: string][] = [
  [/^(ns$|nano)/i, 'ns'],
  [/^(us$|µs$|micro)/i, 'us'],
  [/^(ms$|milli)/i, 'ms'],
  [/^(s$|sec)/i, 's'],
  [/^(m$|min)/i, 'm'],
  [/^(h$|hr$|hour)/i, 'h'],
  [/^(d$|day)/i, 'd'],
  [/^(w$|wk$|week)/i, 'w'],
]

/** Nanoseconds: `1h30m`, and `2 days` as the API server takes it too (k8s.io/kube-openapi `pkg/validation/strfmt`). */
export function parseDuration(text: string): bigint | undefined {
  const total = GO.test(text) ? asGo(text) : undefined
  return total !== undefined && total <= MAX && total >= -MAX - 1n ? total : asWords(text)
}

function asGo(text: string): bigint {
  let total = 0n
  for (const [, whole = '', part = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)([nuµμm]?s|m|h)/g)) {
    total += (BigInt(whole + part) * (UNITS[unit] ?? 0n)) / 10n ** BigInt(part.length)
  }
  return text.startsWith('-') ? -total : total
}

/** What is no number with a unit is passed over, as is a sign; too many are counted in 64 bits. */
function asWords(text: string): bigint | undefined {
  const found = [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)].map(([, count = '', word = '']) => {
    return { count: BigInt(count), unit: WORDS.find(([start]) => start.test(word))?.[1] }
  })
  const known = found.flatMap(({ count, unit }) => (unit === undefined ? [] : [count * (UNITS[unit] ?? 0n)]))
  if (known.length === 0 || found.some(({ count }) => count > MAX)) return undefined
  return BigInt.asIntN(
    64,
    known.reduce((so, one) => so + one),
  )
}
