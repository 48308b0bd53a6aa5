import { parse } from 'yaml'
import { child, isSchema, type Schema } from './schema-tree.ts'

interface Crd {
  spec: {
    group: string
    names: { kind: string }
    versions: { name: string; served: boolean; schema: { openAPIV3Schema: Schema } }[]
  }
}

/** The served versions of a CustomResourceDefinition, by `group/version/Kind`. */
export function fromCrd(text: string): Record<string, Schema> {
  const { spec } = parse(text) as Crd
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
   minLength maxLength minItems maxItems minProperties maxProperties uniqueItems`.split(/\s+/),
)
const DROPPED = new Set(
  `description default example title properties items additionalProperties anyOf x-kubernetes-int-or-string
   x-kubernetes-preserve-unknown-fields x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-map-type`.split(
    /\s+/,
  ),
)

function structure(schema: Schema): Schema {
  for (const keyword of Object.keys(schema)) {
    if (!KEPT.has(keyword) && !DROPPED.has(keyword)) throw new Error(`CRD keyword ${keyword} is new here`)
  }
  if (schema['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] }
  if (schema['anyOf'] !== undefined) throw new Error('CRD keyword anyOf is new here, except for int-or-string')
  const result: Schema = Object.fromEntries(Object.entries(schema).filter(([keyword]) => KEPT.has(keyword)))
  if (isSchema(schema['items'])) result['items'] = structure(schema['items'])
  if (isSchema(schema['properties'])) {
    result['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, value]) => [name, structure(value as Schema)]),
    )
    if (schema['x-kubernetes-preserve-unknown-fields'] !== true) result['additionalProperties'] = false
  }
  if (isSchema(schema['additionalProperties'])) {
    result['additionalProperties'] = structure(schema['additionalProperties'])
  }
  return result
}
