import { isSchema, type Schema } from '../schema-tree.ts'

/** An object schema smaller than this is easier to read, and to compile, where it stands. */
const LEAST_TEXT = 160

/**
 * CRDs repeat whole trees (an Application holds the source's schema six times). Every object schema that occurs twice
 * becomes one definition named after the property that holds it, `argocd.source`; a second one of that name is `argocd.source-2`.
 */
export function deduplicate(prefix: string, kinds: Record<string, Schema>): Record<string, Schema> {
  const count = new Map<string, number>()
  const tally = (value: unknown) => {
    if (Array.isArray(value) || !isSchema(value)) return
    const text = JSON.stringify(value)
    if (isObjectSchema(value)) {
      const seen = (count.get(text) ?? 0) + 1
      count.set(text, seen)
      // The children of a repeated tree are repeated with it; they count only where they also stand elsewhere.
      if (seen > 1) return
    }
    for (const item of Object.values(value)) tally(item)
  }
  for (const schema of Object.values(kinds)) tally(schema)

  const names = new Map<string, string>()
  const definitions: Record<string, Schema> = {}
  const replace = (value: unknown, property: string): unknown => {
    if (!isSchema(value)) return value
    const text = JSON.stringify(value)
    if (isObjectSchema(value) && (count.get(text) ?? 0) > 1 && text.length >= LEAST_TEXT) {
      let name = names.get(text)
      if (name === undefined) {
        const wanted = `${prefix}.${property}`
        for (let n = 1; name === undefined; n++) {
          const free = n === 1 ? wanted : `${wanted}-${n}`
          if (!(free in definitions)) name = free
        }
        names.set(text, name)
        definitions[name] = {}
        definitions[name] = replaceChildren(value, property)
      }
      return { $ref: `#/$defs/${name}` }
    }
    return replaceChildren(value, property)
  }
  const replaceChildren = (schema: Schema, property: string): Schema => {
    const result = { ...schema }
    if (isSchema(schema['properties'])) {
      result['properties'] = Object.fromEntries(
        Object.entries(schema['properties']).map(([name, value]) => [name, replace(value, name)]),
      )
    }
    for (const keyword of ['items', 'additionalProperties']) {
      if (isSchema(schema[keyword])) result[keyword] = replace(schema[keyword], property)
    }
    return result
  }
  for (const [kind, schema] of Object.entries(kinds)) kinds[kind] = replaceChildren(schema, kind)
  return definitions
}

function isObjectSchema(schema: Schema): boolean {
  return schema['type'] === 'object' && isSchema(schema['properties'])
}
