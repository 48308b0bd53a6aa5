import { Environment, Optional } from '@marcbachmann/cel-js'
import type { DocumentPath } from '../../findings/index.ts'
import { beginCall, CostExceeded, counted, withBudget } from './cel/budget.ts'
import { addLibraries } from './cel/libraries.ts'
import { Refusal } from './cel/refusal.ts'
import { matches } from './cel/regex.ts'
import { formatted } from './cel/times.ts'
import { withDefaults } from './defaults.ts'
import { isSchema, resolveSchema, type Schema } from './schema-tree.ts'

/** A rule of a CustomResourceDefinition that an object breaks, or that could not be evaluated. */
export interface BrokenRule {
  path: DocumentPath
  rule: string
  message: string
  /** Why the rule could not be evaluated; absent when it was, and is not kept. */
  reason?: string
}

interface Rule {
  rule: string
  message?: string
  /** Relative to where the rule stands: `.port`. */
  fieldPath?: string
  /** On create too, when `oldSelf` is an optional value that is none. */
  optionalOldSelf?: boolean
}

/**
 * The Common Expression Language as the API server gives it to CustomResourceDefinitions when an object is created: nothing is
 * there that it could be compared with (`oldSelf`). https://kubernetes.io/docs/reference/using-api/cel/
 */
const environment = addLibraries(new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true }))
  .registerVariable('self', 'dyn')
  .registerVariable('oldSelf', 'optional<dyn>')
  .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) => matches(text, pattern))

type Evaluate = (context: { self: unknown; oldSelf: Optional }) => unknown
const programs = new Map<string, Evaluate | string>()

/** Compiled once; a text says why it cannot be. */
function programOf(rule: string): Evaluate | string {
  let program = programs.get(rule)
  if (program === undefined) {
    program = compiled(rule)
    programs.set(rule, program)
  }
  return program
}

function compiled(rule: string): Evaluate | string {
  try {
    const program = environment.parse(adapted(rule))
    const { valid, error } = program.check()
    if (!valid) return firstLine(error)
    counted(program.ast)
    return program
  } catch (error) {
    return firstLine(error)
  }
}

/** The library's `has()` takes no index before the field, and its patterns are JavaScript's, where a rule's are RE2's. */
function adapted(rule: string): string {
  return rule
    .replaceAll(/\bhas\(([\w.[\]]*\[\d+\](?:\.\w+)*)\.(\w+)\)/g, '$1.?$2.hasValue()')
    .replaceAll('.matches(', '.matchesRe2(')
}

/** Whether a rule is one that these can be evaluated; says why not. */
export function whyNot(rule: string): string | undefined {
  const program = programOf(rule)
  return typeof program === 'string' ? program : undefined
}

/**
 * Every rule of the schema that the value does not keep. The value must satisfy the schema; defaults are filled in first. Whole
 * numbers may be bigints.
 */
export function brokenRules(value: unknown, schema: Schema, definitions: Record<string, Schema>): BrokenRule[] {
  const found: BrokenRule[] = []
  withBudget(() => visit(withDefaults(value, schema, definitions), schema, []))
  return found

  /** Returns the value as rules see it. */
  function visit(given: unknown, unresolved: unknown, path: DocumentPath): unknown {
    const resolved = resolveSchema(unresolved, definitions)
    if (!resolved) return native(given)
    const self = inner(given, resolved, path)
    for (const rule of (resolved['x-kubernetes-validations'] as Rule[] | undefined) ?? []) {
      // Nothing is there yet that the new object could be compared with.
      if (rule.optionalOldSelf === true || !/\boldSelf\b/.test(rule.rule)) evaluate(rule, self, path)
    }
    return self
  }

  function inner(given: unknown, schema: Schema, path: DocumentPath): unknown {
    if (Array.isArray(given)) return given.map((item, index) => visit(item, schema['items'], [...path, index]))
    if (typeof given === 'string') return schema['type'] === 'string' ? formatted(given, schema['format']) : given
    // A number of the schema is a fraction to CEL, whatever is written.
    if (!isSchema(given)) return schema['type'] === 'number' ? Number(given) : native(given)
    const properties = (schema['properties'] ?? {}) as Record<string, unknown>
    const self: [string, unknown][] = []
    for (const [name, property] of Object.entries(properties)) {
      const item = Object.hasOwn(given, name) ? given[name] : undefined
      if (item !== undefined && item !== null) self.push([escaped(name), visit(item, property, [...path, name])])
    }
    for (const [name, item] of Object.entries(given)) {
      if (!Object.hasOwn(properties, name))
        self.push([name, visit(item, schema['additionalProperties'], [...path, name])])
    }
    return mapOf(self)
  }

  function evaluate({ rule, message, fieldPath }: Rule, self: unknown, path: DocumentPath): void {
    const program = programOf(rule)
    const broken = { path: [...path, ...fieldOf(fieldPath)], rule, message: message ?? `must keep ${rule}` }
    if (typeof program === 'string') {
      found.push({ ...broken, reason: program })
      return
    }
    try {
      beginCall()
      if (program({ self, oldSelf: Optional.none() }) !== true) found.push(broken)
    } catch (error) {
      if (error instanceof CostExceeded) {
        found.push({ ...broken, reason: error.message })
        return
      }
      // A field that is not there, or what a function does not take, makes the rule fail, as it does for the API server.
      const reason = firstLine(error)
      const isKnown = error instanceof Refusal || /no such key|not found/i.test(reason)
      found.push(isKnown ? broken : { ...broken, reason })
    }
  }
}

/** CEL's whole numbers are 64 bits wide, and are no fractions. */
function native(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (Array.isArray(value)) return value.map(native)
  if (!isSchema(value)) return value
  return mapOf(Object.entries(value).map(([name, item]) => [name, native(item)]))
}

/** The library asks an object what it is by its constructor, which a key may be named. */
function mapOf(entries: [string, unknown][]): unknown {
  return entries.some(([name]) => name in Object.prototype) ? new Map(entries) : Object.fromEntries(entries)
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

/** How a rule names a property that CEL could not: `__namespace__`, `a__dot__b`. */
function escaped(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
}

function fieldOf(fieldPath = ''): string[] {
  return fieldPath.split('.').filter((part) => /^\w+$/.test(part))
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
