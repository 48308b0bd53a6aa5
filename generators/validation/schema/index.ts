import type { ErrorObject } from 'ajv'
import { type DocumentPath, type Finding, formatPath, RULES } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'
import { withExactNumbers } from '../exact-numbers.ts'
import { isMap, withoutNulls } from '../fields.ts'
import { about, kubernetesObject, type ManifestObject } from '../manifest-objects.ts'
import type { BrokenRule } from './cel.ts'
import { explain, findingAt, pathOf } from './explain.ts'
import { givenSchemas } from './given-schemas.ts'
import { type RepeatedItem, repeatedItems } from './list-keys.ts'
import { newestFirst, type UnservedKind, unservedKind } from './served-kinds.ts'
import { bundledSchemas, type KindValidator, kubernetesMinor, type Schemas } from './validators.ts'

export { withDefinitionsIn } from './given-schemas.ts'
export { isUnknownKind, unservedKind } from './served-kinds.ts'
export type { Schemas } from './validators.ts'

export interface SchemaSource {
  /** `1.28`, or `1.28.3`; the newest minor that has schemas when left out. */
  kubernetesVersion?: string
  /** Files or folders of JSON Schemas and CustomResourceDefinitions, which come before our own. */
  schema?: readonly string[]
}

export interface SchemaOptions {
  schemas?: Schemas
  /** An object of a kind without a schema is left alone. */
  ignoreMissingSchemas?: boolean
}

/** The schemas to check by. Throws a Failure for a minor that has none, and for files that cannot be used. */
export function openSchemas({ kubernetesVersion, schema = [] }: SchemaSource = {}): Schemas {
  const minor = kubernetesMinor(kubernetesVersion)
  return schema.length === 0 ? bundledSchemas(minor) : givenSchemas(schema, minor)
}

/**
 * Each object against the schema of its kind: rule `schema-invalid` for a field that the API server would refuse, `api-unknown`
 * for a kind that no API server of this minor serves, and `schema-unknown-kind`, a warning, for a custom resource of which there
 * is no schema. All violations are reported, in the order of the
 * objects.
 */
export function checkSchema(objects: readonly ManifestObject[], options: SchemaOptions = {}): Finding[] {
  const { schemas = openSchemas(), ignoreMissingSchemas = false } = options
  const findings: Finding[] = []
  for (const object of objects) {
    for (const finding of checkObject(object, schemas, ignoreMissingSchemas)) findings.push(finding)
  }
  return findings
}

/**
 * Each custom resource against what its CustomResourceDefinition says beside the schema: items of a list that must differ, rule
 * `name-duplicate`; rules in CEL (`x-kubernetes-validations`), rule `resource-rule-broken`, and `resource-rule-unchecked` for one
 * that cannot be evaluated here. As for the API server, only an object that satisfies its schema comes to the rules in CEL.
 */
export async function checkResourceRules(
  objects: readonly ManifestObject[],
  { schemas = openSchemas() }: SchemaOptions = {},
): Promise<Finding[]> {
  const findings: Finding[] = []
  const ruled: { object: ManifestObject; value: unknown; validator: KindValidator }[] = []
  for (const object of objects) {
    const value = kubernetesObject(object)
    const validator = schemas.validatorFor(`${value.apiVersion}/${value.kind}`)
    if (!validator) continue
    const lists = validator.keyedLists()
    if (lists) for (const item of repeatedItems(value, lists)) findings.push(itemFinding(object, item))
    if (validator.hasRules()) ruled.push({ object, value: asDecoded(value, validator), validator })
  }
  if (ruled.length === 0) return findings
  const { brokenRules } = await import('./cel.ts')
  for (const { object, value, validator } of ruled) {
    if (!validator.isPlainlyValid(value) && validator.errorsOf(value).length > 0) continue
    for (const broken of brokenRules(withExactNumbers(object, value), validator.schema, validator.definitions)) {
      findings.push(ruleFinding(object, broken))
    }
  }
  return findings
}

function itemFinding(object: ManifestObject, { path, message }: RepeatedItem): Finding {
  const line = object.lineOf(path)
  return {
    rule: 'name-duplicate',
    severity: 'error',
    message: `${formatPath(path)}: ${message}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    path: formatPath(path),
    ...about(object),
    fix: RULES['name-duplicate'].repair,
  }
}

function ruleFinding(object: ManifestObject, { path, rule, message, reason }: BrokenRule): Finding {
  const line = object.lineOf(path)
  const where = formatPath(path)
  const says = reason === undefined ? message : `could not check a rule of its kind (${reason}): ${message}`
  return {
    rule: reason === undefined ? 'resource-rule-broken' : 'resource-rule-unchecked',
    severity: reason === undefined ? 'error' : 'warning',
    message: where === '' ? says : `${where}: ${says}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    ...(where === '' ? {} : { path: where }),
    ...about(object),
    fix: `The rule: ${rule.length > 200 ? `${rule.slice(0, 196)}...` : rule}`,
  }
}

/** As ajv tells it. */
export type SchemaError = ErrorObject

/** Every violation of one object's schema with its place; none for an object of a kind without a schema. */
export function errorsIn(
  object: Pick<ManifestObject, 'value'>,
  schemas: Schemas,
): { path: DocumentPath; error: SchemaError }[] {
  const { value } = object
  const { apiVersion, kind } = kubernetesObject(object)
  const validator = isMap(value) ? schemas.validatorFor(`${apiVersion}/${kind}`) : undefined
  if (!isMap(value) || !validator || validator.isPlainlyValid(value)) return []
  return validator
    .errorsOf(asDecoded(value, validator))
    .map((error) => ({ path: pathOf(error.instancePath, value), error }))
}

const NONE: Finding[] = []

function checkObject(object: ManifestObject, schemas: Schemas, ignoreMissing: boolean): Finding[] {
  const { value } = object
  if (!isMap(value)) {
    return [
      findingAt(object, [], {
        message: 'not a Kubernetes object: the document is not a map',
        fix: 'Write apiVersion, kind and metadata.',
      }),
    ]
  }
  const { apiVersion, kind } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    return ['apiVersion', 'kind']
      .filter((field) => typeof value[field] !== 'string')
      .map((field) => findingAt(object, [field], { message: 'is required, and is a string', fix: `Add ${field}.` }))
  }
  const validator = schemas.validatorFor(`${apiVersion}/${kind}`)
  if (!validator) {
    const unserved = unservedKind(apiVersion, kind, schemas.minor)
    if (unserved) return [unservedAt(object, unserved)]
    return ignoreMissing ? NONE : [unknownKind(object, apiVersion, kind, schemas)]
  }
  if (validator.isPlainlyValid(value)) return NONE
  return explain(validator.errorsOf(asDecoded(value, validator)), object)
}

function unservedAt(object: ManifestObject, { message, fix }: UnservedKind): Finding {
  const line = object.lineOf(['kind'])
  return {
    rule: 'api-unknown',
    severity: 'error',
    message,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    path: 'kind',
    ...about(object),
    fix,
  }
}

function unknownKind(object: ManifestObject, apiVersion: string, kind: string, schemas: Schemas): Finding {
  const near = knownInstead(`${apiVersion}/${kind}`, schemas)
  const line = object.lineOf(['kind'])
  return {
    rule: 'schema-unknown-kind',
    severity: 'warning',
    message: `could not check: there is no schema of ${apiVersion} ${kind}`,
    file: object.file,
    ...(line === undefined ? {} : { line }),
    path: 'kind',
    ...about(object),
    fix: near
      ? `Did you mean apiVersion ${near.slice(0, near.lastIndexOf('/'))}, kind ${near.slice(near.lastIndexOf('/') + 1)}?`
      : 'Name the file of its schema with --schema: a CustomResourceDefinition or a JSON Schema.',
  }
}

const insteadOf = new WeakMap<Schemas, Map<string, string | undefined>>()

/** The known kind that was meant, perhaps. Many objects are of one unknown kind: each is looked for once. */
function knownInstead(wanted: string, schemas: Schemas): string | undefined {
  const found = insteadOf.get(schemas) ?? new Map<string, string | undefined>()
  insteadOf.set(schemas, found)
  if (!found.has(wanted)) {
    const kinds = schemas.knownKinds()
    const kind = wanted.slice(wanted.lastIndexOf('/'))
    const group = wanted.slice(0, wanted.indexOf('/') + 1)
    const versions = kinds.filter((known) => known.endsWith(kind)).sort(newestFirst)
    found.set(wanted, versions.find((known) => known.startsWith(group)) ?? versions[0] ?? nearest(wanted, kinds))
  }
  return found.get(wanted)
}

/** Metadata is decoded into Go whatever the kind. */
function asDecoded(value: Record<string, unknown>, { nullIsAbsent }: KindValidator): unknown {
  if (nullIsAbsent) return withoutNulls(value)
  return 'metadata' in value ? { ...value, metadata: withoutNulls(value['metadata']) } : value
}
