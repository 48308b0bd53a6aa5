import { PatternError, translated } from './go-pattern.ts'

/**
 * A pattern of a CustomResourceDefinition, which is Go's, or one of a JSON Schema, which may be JavaScript's. Throws a
 * PatternError for what is neither.
 */
export function goRegExp(pattern: string, flags: string): RegExp {
  const found = attempt(() => {
    const { source, ignoresCase } = translated(pattern)
    return new RegExp(source, ignoresCase ? `${flags}i` : flags)
  })
  if (found instanceof RegExp) return found
  const asWritten = attempt(() => new RegExp(pattern, flags))
  if (asWritten instanceof RegExp) return asWritten
  throw new PatternError(found instanceof PatternError ? found.message : 'it is no regular expression')
}

/** For the engines: what cannot be checked matches nothing, so that the finding about it can say so. */
export function schemaRegExp(pattern: string, flags: string): RegExp {
  const found = attempt(() => goRegExp(pattern, flags))
  return found instanceof RegExp ? found : /(?!)/
}
schemaRegExp.code = 'new RegExp'

/** Why nobody knows whether a text matches; undefined for a pattern that can be checked. */
export function whyUnchecked(pattern: string): string | undefined {
  const found = attempt(() => goRegExp(pattern, 'u'))
  return found instanceof RegExp ? undefined : found.message
}

function attempt(make: () => RegExp): RegExp | Error {
  try {
    return make()
  } catch (error) {
    return error as Error
  }
}
