import { isSchema, resolveSchema, type Schema } from './schema-tree.ts'

/** A copy of the value in which the defaults of its schema are filled in, as the API server does before it validates. */
export function withDefaults(value: unknown, unresolved: unknown, definitions: Record<string, Schema>): unknown {
  const schema = resolveSchema(unresolved, definitions)
  if (!schema) return value
  if (Array.isArray(value)) return value.map((item) => withDefaults(item, schema['items'], definitions))
  if (!isSchema(value)) return value
  const properties = (schema['properties'] ?? {}) as Record<string, unknown>
  const filled: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) {
    const part = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
    filled[name] = withDefaults(item, part, definitions)
  }
  for (const [name, property] of Object.entries(properties)) {
    const missing = resolveSchema(property, definitions)?.['default']
    if (missing !== undefined && value[name] === undefined) filled[name] = withDefaults(missing, property, definitions)
  }
  return filled
}
