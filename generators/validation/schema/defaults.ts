import { isSchema, resolveSchema, type Schema } from './schema-tree.ts'

/** A copy of the value in which the defaults of its schema are filled in, as the API server does before it validates. */
export function withDefaults(value: unknown, unresolved: unknown, definitions: Record<string, Schema>): unknown {
  const schema = resolveSchema(unresolved, definitions)
  if (!schema) return value
  if (Array.isArray(value)) return value.map((item) => withDefaults(item, schema['items'], definitions))
  if (!isSchema(value)) return value
  const properties = (schema['properties'] ?? {}) as Record<string, unknown>
  // Not by assignment: a field may be named __proto__.
  const filled: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const part = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties']
      return [name, withDefaults(item, part, definitions)]
    }),
  )
  for (const [name, property] of Object.entries(properties)) {
    const missing = resolveSchema(property, definitions)?.['default']
    if (missing !== undefined && !Object.hasOwn(value, name))
      filled[name] = withDefaults(missing, property, definitions)
  }
  return filled
}
