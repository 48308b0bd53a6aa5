import { isSchema, type Schema } from '../schema-tree.ts'

const PREFIX = '#/components/schemas/'

/**
 * Types whose OpenAPI form says less than the API server reads. They are written in place, not referred to, so that the
 * overlay can add a range to one use of them.
 */
const LEAVES: Record<string, Schema> = {
  'api.resource.Quantity': { type: ['string', 'number'], format: 'quantity' },
  'util.intstr.IntOrString': { type: ['integer', 'string'] },
  'meta.v1.Time': { type: 'string', format: 'date-time' },
  'meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'meta.v1.FieldsV1': { type: 'object' },
  'pkg.runtime.RawExtension': { type: 'object' },
}

/** A definition that is written in place wherever it is used. */
export function isLeaf(name: string): boolean {
  return name in LEAVES
}

/** `io.k8s.api.core.v1.PodSpec` -> `core.v1.PodSpec`. */
export function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis|apimachinery\.pkg|apimachinery)\./, '')
}

/** One definition of an OpenAPI v3 document as strict JSON Schema: structure only, no unknown fields. */
export function fromOpenApi(schema: Schema): Schema {
  const reference = soleReference(schema)
  if (reference !== undefined) {
    const name = shortName(reference)
    return LEAVES[name] ?? { $ref: `#/$defs/${name}` }
  }
  const result: Schema = {}
  for (const keyword of ['type', 'format', 'enum', 'required', 'nullable']) {
    if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  }
  if (isSchema(schema['properties'])) {
    result['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, value]) => [name, fromOpenApi(value as Schema)]),
    )
    result['additionalProperties'] = false
  }
  if (isSchema(schema['items'])) result['items'] = fromOpenApi(schema['items'])
  if (isSchema(schema['additionalProperties'])) {
    result['additionalProperties'] = fromOpenApi(schema['additionalProperties'])
  }
  for (const keyword of ['oneOf', 'anyOf', 'not', 'pattern']) {
    if (schema[keyword] !== undefined) throw new Error(`OpenAPI keyword ${keyword} is new here: say what becomes of it`)
  }
  return result
}

/** Kinds that objects in manifests cannot be: lists are taken apart, and the others are only answers or options. */
const NOT_OBJECTS = /List$|^(DeleteOptions|WatchEvent|Status|APIGroup|APIResourceList|APIVersions|Scale)$/

/** `apps/v1/Deployment` of a definition that is a kind of its own; undefined for any other. */
export function kindOf(schema: Schema): string | undefined {
  const [named, ...others] = (schema['x-kubernetes-group-version-kind'] ?? []) as Record<string, string>[]
  if (!named || others.length > 0 || NOT_OBJECTS.test(named['kind'] ?? '')) return undefined
  return [...(named['group'] ? [named['group']] : []), named['version'], named['kind']].join('/')
}

/** The v3 documents write a reference with a default as `allOf: [{$ref}]`. */
function soleReference(schema: Schema): string | undefined {
  const direct = schema['$ref']
  if (typeof direct === 'string') return direct.slice(PREFIX.length)
  const all = schema['allOf']
  if (all === undefined) return undefined
  if (!Array.isArray(all) || all.length !== 1 || !isSchema(all[0])) throw new Error('allOf of more than one reference')
  return soleReference(all[0])
}
