import type { DocumentPath } from '../../findings/index.ts'
import { canonicalJson } from '../../text/index.ts'
import { withDefaults } from './defaults.ts'
import { isSchema, resolveSchema, type Schema } from './schema-tree.ts'

/** Where, below one schema, lists stand whose items must differ; what holds none is left out, so that nobody looks there. */
export interface KeyedLists {
  /** What two items may not have in common; absent where this is no such list. */
  identityOf?: (item: unknown) => Identity
  items?: KeyedLists
  properties?: [name: string, KeyedLists][]
  additional?: KeyedLists
}

/** Two items that have it in common, and how a person is told of it. */
interface Identity {
  text: string
  shown: string
}

/** An item of a list that another before it has taken the place of. */
export interface RepeatedItem {
  path: DocumentPath
  message: string
}

/** The lists of a CustomResourceDefinition with `x-kubernetes-list-map-keys`, and sets; undefined when there is none. */
export function keyedLists(schema: unknown, definitions: Record<string, Schema>): KeyedLists | undefined {
  const known = new Map<unknown, KeyedLists | undefined>()
  return visit(schema)

  function visit(unresolved: unknown): KeyedLists | undefined {
    const schema = resolveSchema(unresolved, definitions)
    if (!schema) return undefined
    if (!known.has(schema)) {
      known.set(schema, undefined)
      known.set(schema, listsOf(schema))
    }
    return known.get(schema)
  }

  function listsOf(schema: Schema): KeyedLists | undefined {
    const items = visit(schema['items'])
    const additional = visit(schema['additionalProperties'])
    const properties = Object.entries((schema['properties'] ?? {}) as Schema).flatMap(([name, property]) => {
      const lists = visit(property)
      return lists ? [[name, lists] satisfies [string, KeyedLists]] : []
    })
    const found: KeyedLists = {
      ...identity(schema),
      ...(items && { items }),
      ...(additional && { additional }),
      ...(properties.length > 0 && { properties }),
    }
    return Object.keys(found).length > 0 ? found : undefined
  }

  function identity(schema: Schema): Pick<KeyedLists, 'identityOf'> {
    const keys = schema['x-kubernetes-list-map-keys']
    if (Array.isArray(keys) && typeof keys[0] === 'string') {
      const fields = resolveSchema(schema['items'], definitions)?.['properties'] as Record<string, Schema> | undefined
      const defaults = keys.map((key) => resolveSchema(fields?.[key], definitions)?.['default'])
      return { identityOf: (item) => byKeys(item, keys, defaults) }
    }
    if (schema['x-kubernetes-list-type'] !== 'set') return {}
    return { identityOf: (item) => whole(withDefaults(item, schema['items'], definitions)) }
  }
}

/** A key that neither is written nor has a default is a key too: two items without it are the same to the API server. */
function byKeys(item: unknown, keys: readonly string[], defaults: readonly unknown[]): Identity {
  const fields = isSchema(item) ? item : {}
  const values = keys.map((key, index) => fields[key] ?? defaults[index])
  const shown = keys.map((key, index) => (values[index] === undefined ? `no ${key}` : `${key} ${values[index]}`))
  return { text: canonicalJson(values.map((value) => value ?? {})), shown: `item with ${shown.join(', ')}` }
}

function whole(item: unknown): Identity {
  const text = canonicalJson(item)
  return { text, shown: text.length > 80 ? `${text.slice(0, 76)}...` : text }
}

/** The items that the API server refuses beside another before them, which need not otherwise satisfy the schema. */
export function repeatedItems(value: unknown, lists: KeyedLists): RepeatedItem[] {
  const found: RepeatedItem[] = []
  visit(value, lists, [])
  return found

  function visit(value: unknown, lists: KeyedLists, path: DocumentPath): void {
    if (Array.isArray(value)) {
      if (lists.identityOf && value.length > 1) compare(value, lists.identityOf, path)
      const { items } = lists
      if (items) for (const [index, item] of value.entries()) visit(item, items, [...path, index])
    } else if (isSchema(value)) {
      for (const [name, below] of lists.properties ?? []) {
        if (value[name] !== undefined) visit(value[name], below, [...path, name])
      }
      if (!lists.additional) return
      for (const [name, item] of Object.entries(value)) visit(item, lists.additional, [...path, name])
    }
  }

  function compare(items: readonly unknown[], identityOf: (item: unknown) => Identity, path: DocumentPath): void {
    const seen = new Set<string>()
    for (const [index, item] of items.entries()) {
      const { text, shown } = identityOf(item)
      if (seen.has(text)) found.push({ path: [...path, index], message: `there is another ${shown} before it` })
      else seen.add(text)
    }
  }
}
