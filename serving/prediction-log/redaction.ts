import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ModelInterface, Redaction } from '../contract/index.ts'

/** A keyed hash of a feature's value, 128 bits: equal values of one feature stay equal, those of two features do not meet. */
export type HashValue = (feature: string, value: string) => string

/** Hashes with the secret in a mounted file; throws when it cannot be read or is empty. */
export function createHashValue(saltFile: string): HashValue {
  const salt = readFileSync(saltFile, 'utf8').trim()
  if (salt === '') throw new Error('it is empty')
  return (feature, value) => {
    const digest = createHmac('sha256', salt).update(feature).update('\0').update(value).digest('hex')
    return `hmac-sha256:${digest.slice(0, 32)}`
  }
}

/** What an interface has under a name of its own: features, and inputs without any. */
function valuesOf({ inputs }: ModelInterface): { name: string; sensitive?: Redaction }[] {
  return inputs.flatMap((input) => input.columns ?? [{ name: input.name }])
}

/** Names that are to be redacted and that an interface does not have: mistyped, and then logged as they are. */
export function unknownRedactions(
  modelInterface: ModelInterface,
  configured: readonly Readonly<Record<string, Redaction>>[],
): string[] {
  const known = new Set(valuesOf(modelInterface).map(({ name }) => name))
  return configured.flatMap(Object.keys).filter((name) => !known.has(name))
}

/**
 * What happens to which feature or raw input of an interface: as the interface says, as the configurations say, and the
 * strictest where they differ. Without a hash to use, what is to be hashed is dropped.
 */
export function redactionsOf(
  modelInterface: ModelInterface,
  configured: readonly Readonly<Record<string, Redaction>>[],
  canHash: boolean,
): Map<string, Redaction> {
  const redactions = new Map<string, Redaction>()
  for (const { name, sensitive } of valuesOf(modelInterface)) {
    const asked = [sensitive, ...configured.map((names) => (Object.hasOwn(names, name) ? names[name] : undefined))]
    if (asked.includes('drop') || (asked.includes('hash') && !canHash)) redactions.set(name, 'drop')
    else if (asked.includes('hash')) redactions.set(name, 'hash')
  }
  return redactions
}
