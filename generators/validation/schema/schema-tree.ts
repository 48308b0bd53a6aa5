/** A JSON Schema, or a part of one, while it is being converted. */
export type Schema = { [keyword: string]: unknown }

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A child schema that must be there: the maker stops rather than write a weaker bundle. */
export function child(schema: Schema, ...path: string[]): Schema {
  let at: unknown = schema
  for (const part of path) at = isSchema(at) ? at[part] : undefined
  if (!isSchema(at)) throw new Error(`no schema at ${path.join('.')}`)
  return at
}

/** `changes` laid over `schema`, maps merged and everything else replaced. */
export function merge(schema: Schema, changes: Schema): Schema {
  const result = { ...schema }
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key]
    result[key] = isSchema(before) && isSchema(value) ? merge(before, value) : value
  }
  return result
}

/** Keys in a fixed order, so that a new release of the source shows as the lines that changed. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (!isSchema(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  )
}

/** Every `#/$defs/<name>` that `value` refers to, directly. */
export function references(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) references(item, found)
  else if (isSchema(value)) {
    const ref = value['$ref']
    if (typeof ref === 'string') found.add(ref.slice('#/$defs/'.length))
    for (const [key, item] of Object.entries(value)) if (key !== '$ref') references(item, found)
  }
  return found
}

/** The schema that a `$ref` to a definition stands for, or the schema itself; undefined for what is none. */
export function resolveSchema(schema: unknown, definitions: Record<string, Schema>): Schema | undefined {
  if (!isSchema(schema)) return undefined
  const reference = schema['$ref']
  if (typeof reference !== 'string') return schema
  return definitions[reference.slice('#/$defs/'.length).replaceAll('~1', '/')]
}
