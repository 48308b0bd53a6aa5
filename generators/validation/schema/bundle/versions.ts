import { createHash } from 'node:crypto'
import { child, isSchema, references, type Schema, sortKeys } from '../schema-tree.ts'

/** Kinds and definitions of one minor. */
export interface Definitions {
  kinds: Record<string, Schema>
  definitions: Record<string, Schema>
}

/** Several minors without what they have in common. */
export interface Versions extends Definitions {
  /** Minor -> `apps/v1/Deployment` -> the name of its schema in `kinds`. */
  versions: Record<string, Record<string, string>>
}

/**
 * Lays minors over each other, newest first. What is the same in two, with all that it refers to, is there once; what differs
 * has the minor in its name from the second on: `core.v1.PodSpec`, `core.v1.PodSpec@1.28`.
 */
export function layVersions(minors: ReadonlyMap<string, Definitions>): Versions {
  const all: Versions = { versions: {}, kinds: {}, definitions: {} }
  const nameByContent = new Map<string, string>()
  for (const [minor, { kinds, definitions }] of minors) {
    const digests = closureDigests({ ...definitions, ...kinds })
    const nameOf = (key: string, taken: Record<string, Schema>) => {
      const content = `${key} ${digests.get(key)}`
      const known = nameByContent.get(content)
      if (known !== undefined) return known
      const name = key in taken ? `${key}@${minor}` : key
      nameByContent.set(content, name)
      return name
    }
    const renamed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(renamed)
      if (!isSchema(value)) return value
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          key === '$ref' && typeof item === 'string'
            ? `#/$defs/${nameOf(item.slice('#/$defs/'.length), all.definitions)}`
            : renamed(item),
        ]),
      )
    }
    const names = Object.keys(definitions).map((key) => [key, nameOf(key, all.definitions)] as const)
    for (const [key, name] of names) all.definitions[name] ??= renamed(definitions[key]) as Schema
    const table: Record<string, string> = {}
    for (const [key, schema] of Object.entries(kinds)) {
      const name = nameOf(key, all.kinds)
      table[key] = name
      all.kinds[name] ??= renamed(schema) as Schema
    }
    all.versions[minor] = table
  }
  return all
}

/** A digest of each schema and of everything that it reaches, itself included where it is recursive. */
function closureDigests(schemas: Record<string, Schema>): Map<string, string> {
  const own = new Map(Object.entries(schemas).map(([key, schema]) => [key, JSON.stringify(sortKeys(schema))]))
  return new Map(
    Object.keys(schemas).map((key) => {
      const reached = new Set<string>()
      const visit = (name: string) => {
        for (const reference of references(child(schemas, name))) {
          if (reached.has(reference)) continue
          reached.add(reference)
          visit(reference)
        }
      }
      visit(key)
      const text = [key, ...[...reached].sort()].map((name) => `${name} ${own.get(name)}`).join('\n')
      return [key, createHash('sha256').update(text).digest('hex')]
    }),
  )
}
