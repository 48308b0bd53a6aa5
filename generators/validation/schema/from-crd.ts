import { ownValue } from '../fields.ts'
import { formats } from './formats.ts'
import { child, isSchema, type Schema } from './schema-tree.ts'

export interface Crd {
  kind: string
  spec: {
    group: string
    names: { kind: string }
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[]
  }
}

/** A value that is a CustomResourceDefinition with schemas (`apiextensions.k8s.io/v1`). */
export function isCrd(value: unknown): value is Crd {
  if (!isSchema(value) || value['kind'] !== 'CustomResourceDefinition' || !isSchema(value['spec'])) return false
  const { group, names, versions } = value['spec']
  return (
    isString(group) &&
    isSchema(names) &&
    isString(names['kind']) &&
    Array.isArray(versions) &&
    versions.every(hasSchema)
  )
}

function hasSchema(version: unknown): boolean {
  return isSchema(version) && isSchema(version['schema']) && isSchema(version['schema']['openAPIV3Schema'])
}

/** The served versions of a CustomResourceDefinition as strict JSON Schemas, by `group/version/Kind`. */
export function fromCrd({ spec }: Crd): Record<string, Schema> {
  return Object.fromEntries(
    spec.versions
      .filter((version) => version.served)
      .map((version) => {
        const schema = structure(version.schema.openAPIV3Schema)
        const properties = child(schema, 'properties')
        const apiVersion = `${spec.group}/${version.name}`
        properties['apiVersion'] = { const: apiVersion }
        properties['kind'] = { const: spec.names.kind }
        properties['metadata'] = { $ref: '#/$defs/meta.v1.ObjectMeta' }
        // Nobody writes a status by hand, and it is half of the schema.
        if (properties['status']) properties['status'] = { type: 'object' }
        schema['required'] = [
          ...new Set(['apiVersion', 'kind', 'metadata', ...((schema['required'] as string[]) ?? [])]),
        ]
        return [`${apiVersion}/${spec.names.kind}`, schema]
      }),
  )
}

const KEPT = new Set(
  `type format enum required nullable pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
   minLength maxLength minItems maxItems minProperties maxProperties uniqueItems default
   x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys`.split(/\s+/),
)
const DROPPED = new Set(
  `description example title externalDocs properties items additionalProperties anyOf oneOf allOf not
   x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields x-kubernetes-embedded-resource x-kubernetes-map-type`.split(
    /\s+/,
  ),
)

/** A structural schema: it says of every field what it is. Unknown fields are refused where it names the known ones. */
function structure(schema: Schema): Schema {
  for (const keyword of Object.keys(schema)) {
    if (!KEPT.has(keyword) && !DROPPED.has(keyword)) throw new Error(`CRD keyword ${keyword} is new here`)
  }
  mustBeWellFormed(schema)
  if (schema['x-kubernetes-int-or-string'] === true) {
    const { pattern, default: value } = schema
    return {
      type: ['integer', 'string'],
      ...(isString(pattern) && { pattern }),
      ...(value !== undefined && { default: value }),
    }
  }
  const result: Schema = Object.fromEntries(Object.entries(schema).filter(([keyword]) => KEPT.has(keyword)))
  dropUnknownFormat(result)
  moveBounds(result)
  // A map is known by its keys, and an atomic list may hold anything.
  if (result['x-kubernetes-list-type'] !== 'set') delete result['x-kubernetes-list-type']
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[keyword]
    if (Array.isArray(branches)) result[keyword] = branches.map((branch) => validation(branch as Schema))
  }
  if (isSchema(schema['not'])) result['not'] = validation(schema['not'])
  if (isSchema(schema['items'])) result['items'] = structure(schema['items'])
  if (isSchema(schema['properties'])) {
    const properties = Object.entries(schema['properties']) as [string, Schema][]
    result['properties'] = Object.fromEntries(properties.map(([name, value]) => [name, structure(value)]))
    if (schema['x-kubernetes-preserve-unknown-fields'] !== true) result['additionalProperties'] = false
    // The API server fills a default in before it asks what is missing.
    const required = (schema['required'] as string[] | undefined)?.filter(
      (name) => ownValue(schema['properties'] as Record<string, Schema>, name)?.['default'] === undefined,
    )
    if (required) result['required'] = required
    if (required?.length === 0) delete result['required']
    // Every object that is embedded has these, though its schema need not say so.
    if (schema['x-kubernetes-embedded-resource'] === true) {
      result['properties'] = { apiVersion: {}, kind: {}, metadata: {}, ...(result['properties'] as Schema) }
    }
  }
  if (isSchema(schema['additionalProperties'])) {
    result['additionalProperties'] = structure(schema['additionalProperties'])
  }
  return result
}

/** A branch of `oneOf` and the like, which only adds rules to fields that the structure around it has described. */
function validation(schema: Schema): Schema {
  mustBeWellFormed(schema)
  const { description: _, default: __, ...result } = schema
  dropUnknownFormat(result)
  moveBounds(result)
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const branches = schema[keyword]
    if (Array.isArray(branches)) result[keyword] = branches.map((branch) => validation(branch as Schema))
  }
  for (const keyword of ['not', 'items']) {
    if (isSchema(schema[keyword])) result[keyword] = validation(schema[keyword])
  }
  if (isSchema(schema['properties'])) {
    const properties = Object.entries(schema['properties']) as [string, Schema][]
    result['properties'] = Object.fromEntries(properties.map(([name, value]) => [name, validation(value)]))
  }
  return result
}

const TYPES: readonly unknown[] = ['object', 'array', 'string', 'integer', 'number', 'boolean']
const isText = (value: unknown) => typeof value === 'string'
const isNumber = (value: unknown) => typeof value === 'number'
const isBoolean = (value: unknown) => typeof value === 'boolean'
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText)

/** What a keyword's value must be: JSON Schema's own rules, without which no schema can be compiled. */
const FORMS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['type', (value: unknown) => TYPES.includes(value)],
  ['enum', (value: unknown) => Array.isArray(value) && value.length > 0],
  ['required', isTexts],
  ['pattern', isText],
  ['format', isText],
  ['nullable', isBoolean],
  ['uniqueItems', isBoolean],
  ['x-kubernetes-list-map-keys', isTexts],
  ...['minimum', 'maximum', 'multipleOf'].map((name) => [name, isNumber] as const),
  ...['Length', 'Items', 'Properties']
    .flatMap((what) => [`min${what}`, `max${what}`])
    .map((name) => [name, (value: unknown) => Number.isInteger(value) && Number(value) >= 0] as const),
])

function mustBeWellFormed(schema: Schema): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (FORMS.get(keyword)?.(value) === false) throw new Error(`${keyword} of a schema is ${JSON.stringify(value)}`)
  }
}

/** OpenAPI 3.0 says that a bound is exclusive; JSON Schema writes the bound itself. */
function moveBounds(schema: Schema): void {
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const isExclusive = schema[flag] === true && isNumber(schema[bound])
    if (isExclusive) schema[flag] = schema[bound]
    else delete schema[flag]
    if (isExclusive) delete schema[bound]
  }
}

/** The API server takes a format that it does not know for a comment. */
function dropUnknownFormat(schema: Schema): void {
  if (isString(schema['format']) && !Object.hasOwn(formats, schema['format'])) delete schema['format']
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
