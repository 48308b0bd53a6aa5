import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Ajv, ErrorObject } from 'ajv'
import { Failure } from '../../findings/index.ts'
import { withDefaults } from './defaults.ts'
import { formats } from './formats.ts'
import { schemaPattern, schemaRegExp, trustedPattern, trustedRegExp } from './go-reg-exp.ts'
import { type KeyedLists, keyedLists } from './list-keys.ts'
import { type QuickCheck, quickChecks } from './quick-check.ts'
import { isSchema, type Schema } from './schema-tree.ts'

/** Made by bundle/make-bundle.ts: the schemas of Kubernetes' minors, or of one project's custom resources. */
export interface Bundle {
  /** Minor -> `apps/v1/Deployment` -> its name in `kinds`. */
  versions: Record<string, Record<string, string>>
  kinds: Record<string, Schema>
  $defs: Record<string, Schema>
}

/** Validates one kind of object. */
export interface KindValidator {
  schema: Schema
  definitions: Record<string, Schema>
  /** The API server decodes a built-in kind into Go, where null is the same as not written; a custom resource keeps it. */
  nullIsAbsent: boolean
  /** Whether its CustomResourceDefinition has rules in CEL beside the schema. */
  hasRules(): boolean
  /** Its lists whose items must differ, by its CustomResourceDefinition; undefined when it has none. */
  keyedLists(): KeyedLists | undefined
  /** True for nearly every valid value, and for no other. */
  isPlainlyValid: QuickCheck
  /** By ajv, which is loaded, and compiles the kind, when it is first asked: some 150 ms for a Deployment. */
  errorsOf(value: unknown): ErrorObject[]
}

/** The kinds that a check knows. */
export interface Schemas {
  /** Of Kubernetes, whose built-in kinds these are: `1.36`. */
  minor: string
  /** The validator of `apiVersion/Kind`; undefined when there is no schema. */
  validatorFor(kind: string): KindValidator | undefined
  /** Every `apiVersion/Kind` that can be checked. */
  knownKinds(): string[]
}

interface Index {
  /** Newest first. */
  minors: string[]
  /** API group of custom resources -> the bundles that have kinds of it. */
  groups: Record<string, string[]>
}

const index = once(() => readJson('index') as Index)

/** The minors of Kubernetes whose schemas are here, newest first. */
export function kubernetesMinors(): string[] {
  return index().minors
}

/** `1.28`, `v1.28` or `1.28.3` as the minor that has schemas; the newest when nothing is named. Throws a Failure for another. */
export function kubernetesMinor(version?: string): string {
  const { minors } = index()
  if (version === undefined) return minors[0] ?? ''
  const [, minor = ''] = /^v?(1\.\d+)(\.\d+)?$/.exec(version) ?? []
  if (minors.includes(minor)) return minor
  throw new Failure(`there are no schemas of Kubernetes ${version}`, { fix: `Name one of ${minors.join(', ')}.` })
}

/** Every `apiVersion/Kind` that the API server of a minor serves without a CustomResourceDefinition. */
export const servedKinds = memoized(
  (minor: string): ReadonlySet<string> => new Set(Object.keys(readBundle('kubernetes').versions[minor] ?? {})),
)

/** The bundled kinds: those of one minor of Kubernetes, and custom resources. A bundle is read when a kind of it is met. */
export const bundledSchemas = memoized((minor: string): Schemas => {
  const validators = new Map<string, KindValidator | undefined>()
  const find = (kind: string): KindValidator | undefined => {
    const group = kind.split('/').length === 3 ? kind.slice(0, kind.indexOf('/')) : ''
    const { groups } = index()
    // Names come from files, and an object has more names than it was given: `constructor`.
    const custom = Object.hasOwn(groups, group) ? groups[group] : undefined
    for (const name of custom ?? ['kubernetes']) {
      const bundle = readBundle(name)
      const [newest = ''] = Object.keys(bundle.versions)
      const kinds = bundle.versions[custom ? newest : minor] ?? {}
      const schemaName = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
      if (schemaName !== undefined) return compiledBundle(name).validator(schemaName, custom === undefined)
    }
    return undefined
  }
  return {
    minor,
    validatorFor(kind) {
      if (!validators.has(kind)) validators.set(kind, find(kind))
      return validators.get(kind)
    },
    knownKinds() {
      const custom = [...new Set(Object.values(index().groups).flat())]
      const kindsOf = (name: string, version?: string) => {
        const { versions } = readBundle(name)
        return Object.keys(versions[version ?? Object.keys(versions)[0] ?? ''] ?? {})
      }
      return [...kindsOf('kubernetes', minor), ...custom.flatMap((name) => kindsOf(name))]
    },
  }
})

const readBundle = memoized((name: string) => readJson(name) as Bundle)

/** Trusted as it stands (a test compiles it under ajv's meta-schema): every millisecond here is one before the first finding. */
const compiledBundle = memoized((name: string) => compileBundle(name, readBundle(name), { trusted: true }))

/** What both engines need of a bundle, whose definitions it takes over. */
export function compileBundle(id: string, { kinds, $defs }: Omit<Bundle, 'versions'>, options: { trusted: boolean }) {
  const definitions = Object.assign($defs, kinds)
  const quick = quickChecks(definitions, options.trusted ? trustedPattern : schemaPattern)
  const ajv = once(() => createAjv(options).addSchema({ $id: id, $defs: definitions }))
  return {
    validator(name: string, nullIsAbsent: boolean): KindValidator {
      const schema = definitions[name]
      if (!schema) throw new Error(`${id} has no schema of ${name}`)
      const validate = once(() => ajv().getSchema(`${id}#/$defs/${name.replaceAll('/', '~1')}`))
      return {
        schema,
        definitions,
        nullIsAbsent,
        hasRules: once(() => !nullIsAbsent && reachesRules(schema, definitions)),
        keyedLists: once(() => (nullIsAbsent ? undefined : keyedLists(schema, definitions))),
        isPlainlyValid: quick(schema),
        errorsOf(value) {
          const compiled = validate()
          // Only the schemas of CustomResourceDefinitions have defaults.
          const whole = nullIsAbsent ? value : withDefaults(value, schema, definitions)
          return compiled?.(whole) ? [] : (compiled?.errors ?? [])
        },
      }
    },
  }
}

/**
 * Ajv as the bundle needs it. Without its optimizer and inlining it compiles a Deployment twice as fast, and validates
 * no slower.
 */
export function createAjv(options: { trusted: boolean; strict?: boolean }): Ajv {
  const library = createRequire(import.meta.url)('ajv') as typeof import('ajv')
  const ajv = new library.Ajv({
    strict: options.strict ?? true,
    strictRequired: false,
    // Branches of `oneOf` add rules to fields whose type is said around them.
    strictTypes: false,
    allowUnionTypes: true,
    allErrors: true,
    verbose: true,
    inlineRefs: false,
    // A field may be named as something that every object has.
    ownProperties: !options.trusted,
    validateSchema: !options.trusted,
    meta: !options.trusted,
    code: { optimize: false, regExp: options.trusted ? trustedRegExp : schemaRegExp },
  })
  ajv.addVocabulary(['x-kubernetes-validations', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'])
  for (const [name, format] of Object.entries(formats)) {
    if (format.type === 'number') ajv.addFormat(name, { type: 'number', validate: format.validate })
    else ajv.addFormat(name, { type: 'string', validate: format.validate })
  }
  return ajv
}

function reachesRules(schema: Schema, definitions: Record<string, Schema>): boolean {
  const seen = new Set<string>()
  const visit = (part: unknown): boolean => {
    if (Array.isArray(part)) return part.some(visit)
    if (!isSchema(part)) return false
    if (Array.isArray(part['x-kubernetes-validations'])) return true
    return Object.entries(part).some(([keyword, value]) => {
      if (keyword !== '$ref' || typeof value !== 'string') return visit(value)
      if (seen.has(value)) return false
      seen.add(value)
      return visit(definitions[value.slice('#/$defs/'.length)])
    })
  }
  return visit(schema)
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`./bundle/${name}.json`, import.meta.url), 'utf8'))
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function memoized<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>()
  return (name) => {
    const known = made.get(name)
    if (known !== undefined) return known
    const value = make(name)
    made.set(name, value)
    return value
  }
}
