import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'
import type { RE2JS } from 're2js'

/** What the checks need of a pattern. */
export interface Pattern {
  test(text: string): boolean
  /** The pattern itself: ajv tells patterns apart by this. */
  toString(): string
}

/** Why nobody knows whether a text matches. */
export class PatternError extends Error {}

/** A pattern of Go's package regexp (RE2), whose time grows with the text and not with its powers: https://github.com/google/re2/wiki/Syntax */
export type GoRegExp = RE2JS

let library: typeof import('re2js') | undefined
const compiled = new Map<string, GoRegExp | PatternError>()

/** Beyond these they are nonsense, which must not fill the memory. */
const MAX_PATTERNS = 10_000

/** @throws PatternError for what is no pattern of Go */
export function goRegExp(pattern: string): GoRegExp {
  let found = compiled.get(pattern)
  if (found === undefined) {
    if (compiled.size > MAX_PATTERNS) compiled.clear()
    found = attempt(pattern)
    compiled.set(pattern, found)
  }
  if (found instanceof PatternError) throw found
  return found
}

function attempt(pattern: string): GoRegExp | PatternError {
  try {
    // Loaded when the first pattern of somebody else is met: that takes longer than most manifests to check.
    library ??= createRequire(import.meta.url)('re2js') as typeof import('re2js')
    return library.RE2JS.compile(pattern)
  } catch (error) {
    return new PatternError((error as Error).message.replace('error parsing regexp: ', ''))
  }
}

/**
 * A pattern of a CustomResourceDefinition, which is Go's, or one of a JSON Schema, which may be JavaScript's; it is compiled when a
 * text comes. What cannot be checked matches nothing, so that the finding about it can say so.
 */
export function schemaPattern(pattern: string): Pattern {
  let engine: Pick<Pattern, 'test'> | undefined
  return {
    test(text) {
      engine ??= engineOf(pattern)
      return engine.test(text)
    },
    toString: () => pattern,
  }
}

function engineOf(pattern: string): Pick<Pattern, 'test'> {
  try {
    return goRegExp(pattern)
  } catch {
    return javaScriptPattern(pattern) ?? { test: () => false }
  }
}

/** Texts up to this length are matched by V8, whose time is at most their square: a pattern of the bundle has no more. */
const SHORT = 256

/** A pattern of the bundle, which is known to be harmless for short texts: V8 compiles it in a hundredth of the time. */
export function trustedPattern(pattern: string): Pattern {
  const linear = schemaPattern(pattern)
  const quick = nativeRegExp(pattern)
  if (!quick) return linear
  return {
    test: (text) => (text.length <= SHORT ? quick.test(text) : linear.test(text)),
    toString: () => pattern,
  }
}

/** Why nobody knows whether a text matches; undefined for a pattern that can be checked. */
export function whyUnchecked(pattern: string): string | undefined {
  if (slow.has(pattern)) return `it takes longer than ${MAX_TIME} ms`
  try {
    goRegExp(pattern)
    return undefined
  } catch (error) {
    return nativeRegExp(pattern) ? undefined : (error as Error).message
  }
}

function nativeRegExp(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return undefined
  }
}

const MAX_TIME = 1000
const slow = new Set<string>()

/** What Go does not have, such as a look ahead: V8 goes back and forth, and is stopped when that takes too long. */
function javaScriptPattern(pattern: string): Pick<Pattern, 'test'> | undefined {
  const expression = nativeRegExp(pattern)
  if (!expression) return undefined
  const context = createContext({ expression, text: '' })
  return {
    test(text) {
      if (slow.has(pattern)) return false
      context['text'] = text
      try {
        return runInContext('expression.test(text)', context, { timeout: MAX_TIME }) as boolean
      } catch {
        slow.add(pattern)
        return false
      }
    },
  }
}

/** For ajv, which asks for patterns by this. */
export const schemaRegExp = Object.assign((pattern: string) => schemaPattern(pattern), { code: 'new RegExp' })
export const trustedRegExp = Object.assign((pattern: string) => trustedPattern(pattern), { code: 'new RegExp' })
