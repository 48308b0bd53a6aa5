import { ownValue } from '../fields.ts'
import { formats } from './formats.ts'
import type { Pattern } from './go-reg-exp.ts'
import { isSchema, type Schema } from './schema-tree.ts'

/** True: the value certainly satisfies the schema. False: it does not, or nobody knows; ajv has the word. */
export type QuickCheck = (value: unknown) => boolean

const never: QuickCheck = () => false

/**
 * Says of nearly every valid object that it is valid, and of no other. Closures, made when a definition is first met: a
 * Deployment is checked 4 ms after its schema was read, and in a few microseconds after that. ajv's own standalone code takes
 * 1.2 MB for each minor of Kubernetes and some 50 ms to load. ajv is asked for whatever is not plainly valid, and explains it.
 */
export function quickChecks(definitions: Record<string, Schema>, patterns: (source: string) => Pattern) {
  const byReference = new Map<string, QuickCheck>()

  function reference(name: string): QuickCheck {
    const known = byReference.get(name)
    if (known) return known
    // Definitions refer to themselves, so that each is made when a value is there to check.
    let check: QuickCheck | undefined
    const lazy: QuickCheck = (value) => {
      check ??= compile(definitions[name])
      return check(value)
    }
    byReference.set(name, lazy)
    return lazy
  }

  function compile(schema: unknown): QuickCheck {
    if (schema === true) return () => true
    if (!isSchema(schema)) return never
    const checks: QuickCheck[] = []
    for (const [keyword, argument] of Object.entries(schema)) {
      if (IGNORED.has(keyword) || (keyword === 'additionalProperties' && 'properties' in schema)) continue
      const make = ownValue(KEYWORDS, keyword)
      if (!make) return never
      checks.push(make(argument as never, schema))
    }
    const [first, second, third, ...others] = checks
    if (!first) return () => true
    if (!second) return first
    if (!third) return (value) => first(value) && second(value)
    if (others.length === 0) return (value) => first(value) && second(value) && third(value)
    return (value) => {
      for (let index = 0; index < checks.length; index++) if (!(checks[index] as QuickCheck)(value)) return false
      return true
    }
  }

  const KEYWORDS: Record<string, (argument: never, schema: Schema) => QuickCheck> = {
    $ref: (name: string) => (name.startsWith('#/$defs/') ? reference(unescaped(name.slice(8))) : never),
    type: (type: string | string[], { nullable }) => typeCheck([type].flat(), nullable === true),
    const: (wanted: unknown) => (value) => value === wanted,
    enum: (allowed: unknown[]) => {
      const set = new Set(allowed)
      return (value) => set.has(value)
    },
    format: (name: string) => {
      const format = ownValue(formats, name)
      return format ? (value) => format.validate(value as string) : never
    },
    pattern: (source: string) => {
      const pattern = patterns(source)
      return (value) => typeof value !== 'string' || pattern.test(value)
    },
    minimum: (limit: number) => (value) => typeof value !== 'number' || value >= limit,
    maximum: (limit: number) => (value) => typeof value !== 'number' || value <= limit,
    // Every character is one or two units of UTF-16.
    minLength: (limit: number) => (value) => typeof value !== 'string' || value.length >= limit * (limit > 1 ? 2 : 1),
    maxLength: (limit: number) => (value) => typeof value !== 'string' || value.length <= limit,
    minItems: (limit: number) => (value) => !Array.isArray(value) || value.length >= limit,
    maxItems: (limit: number) => (value) => !Array.isArray(value) || value.length <= limit,
    minProperties: (limit: number) => (value) => !isSchema(value) || Object.keys(value).length >= limit,
    maxProperties: (limit: number) => (value) => !isSchema(value) || Object.keys(value).length <= limit,
    required: (names: string[]) => (value) => {
      if (!isSchema(value)) return true
      if (names.some((name) => name in Object.prototype)) return names.every((name) => Object.hasOwn(value, name))
      for (let index = 0; index < names.length; index++) if (value[names[index] as string] === undefined) return false
      return true
    },
    properties: (properties: Record<string, unknown>, { additionalProperties }) =>
      fieldsCheck(properties, additionalProperties),
    additionalProperties: (additional: unknown) => fieldsCheck({}, additional),
    propertyNames: (schema: unknown) => {
      const check = compile(schema)
      return (value) => !isSchema(value) || Object.keys(value).every(check)
    },
    items: (schema: unknown) => {
      const check = compile(schema)
      return (value) => {
        if (!Array.isArray(value)) return true
        for (let index = 0; index < value.length; index++) if (!check(value[index])) return false
        return true
      }
    },
    // The bundle's one condition: a name, unless the API server makes one up. `if` must hold before `then` is asked.
    if: (_: unknown, { then }) => (then === undefined ? () => true : compile(then)),
    allOf: (schemas: unknown[]) => {
      const checks = schemas.map(compile)
      return (value) => checks.every((check) => check(value))
    },
    anyOf: (schemas: unknown[]) => {
      const checks = schemas.map(compile)
      return (value) => checks.some((check) => check(value))
    },
  }

  function fieldsCheck(properties: Record<string, unknown>, additional: unknown): QuickCheck {
    const fields = new Map(Object.entries(properties).map(([name, schema]) => [name, compile(schema)]))
    const other = additional === undefined ? () => true : additional === false ? never : compile(additional)
    return (value) => {
      if (!isSchema(value)) return true
      for (const name in value) {
        const check = fields.get(name) ?? other
        if (!check(value[name])) return false
      }
      return true
    }
  }

  return compile
}

/** Annotations, rules that are checked elsewhere (cel.ts, list-keys.ts), and what the keyword beside it takes care of. */
const IGNORED = new Set(
  `then nullable description title default example
   x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys`.split(/\s+/),
)

function typeCheck(types: string[], isNullable: boolean): QuickCheck {
  const checks = types.map((type) => ownValue(TYPES, type) ?? never)
  if (isNullable) checks.push((value) => value === null)
  const [only, ...others] = checks
  return only && others.length === 0 ? only : (value) => checks.some((check) => check(value))
}

const TYPES: Record<string, QuickCheck> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  number: Number.isFinite,
  array: Array.isArray,
  object: isSchema,
  null: (value) => value === null,
}

function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
