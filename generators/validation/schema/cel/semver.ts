/** A version as semver.org has it; builds do not count in comparisons. */
export interface Version {
  numbers: [major: bigint, minor: bigint, patch: bigint]
  /** `alpha.1` in parts. */
  before: string[]
}

const NUMBER = '(0|[1-9]\\d*)'
const BEFORE = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${BEFORE}(?:\\.${BEFORE})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
)
const MOST = 2n ** 64n

/** Undefined for what is no version. `normalize` lets "v1.0" and "01.2.3" pass. */
export function parseVersion(text: string, normalize = false): Version | undefined {
  const [, major, minor, patch, before] = SEMVER.exec(normalize ? normalized(text) : text) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  const numbers: Version['numbers'] = [BigInt(major), BigInt(minor), BigInt(patch)]
  return numbers.some((number) => number >= MOST) ? undefined : { numbers, before: before?.split('.') ?? [] }
}

/** Three numbers without zeros before them. A short version that has more than numbers stays what it is: none. */
function normalized(text: string): string {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length === 0 ? [] : [rest.join('.')])]
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) return text
  const numbers = parts.map((part) => part.replace(/^0+(?=\d)/, ''))
  return [...numbers, '0', '0'].slice(0, 3).join('.')
}

export function compareVersions(a: Version, b: Version): bigint {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n
    if (number !== other) return number < other ? -1n : 1n
  }
  // Without a part before the release, a version is the release.
  if (a.before.length === 0 || b.before.length === 0) return BigInt(Math.sign(b.before.length - a.before.length))
  for (const [index, part] of a.before.entries()) {
    const other = b.before[index]
    if (other === undefined) return 1n
    const order = compareParts(part, other)
    if (order !== 0n) return order
  }
  return a.before.length === b.before.length ? 0n : -1n
}

function compareParts(a: string, b: string): bigint {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumber !== isOtherNumber) return isNumber ? -1n : 1n
  const [mine, others] = isNumber ? [BigInt(a), BigInt(b)] : [a, b]
  return mine === others ? 0n : mine < others ? -1n : 1n
}
