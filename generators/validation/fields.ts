import type { DocumentPath } from '../findings/index.ts'

/** A map of a manifest. A file may hold anything, which the schema check tells: whoever reads on must not stumble over it. */
export type Fields = Readonly<Record<string, unknown>>

const NONE: Fields = Object.freeze({})
const NO_ITEMS: readonly Fields[] = Object.freeze([])
const NO_TEXTS: readonly string[] = Object.freeze([])

export function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/**
 * A value as the API server reads it: a field that is null is a field that is not there. Items of lists keep their places. The
 * value itself where nothing in it is null.
 */
export function withoutNulls(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    let items: unknown[] | undefined
    for (let index = 0; index < value.length; index++) {
      const item = withoutNulls(value[index])
      if (item === value[index]) continue
      items ??= value.slice()
      items[index] = item
    }
    return items ?? value
  }
  let fields: Record<string, unknown> | undefined
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key]
    const read = field === null ? undefined : withoutNulls(field)
    if (read === field) continue
    // Not every key may be assigned: __proto__ would change what the map is.
    fields ??= Object.fromEntries(Object.entries(value))
    if (read === undefined) delete fields[key]
    else Object.defineProperty(fields, key, { value: read, enumerable: true, configurable: true, writable: true })
  }
  return fields ?? value
}

/** What a table has for a name that comes from a file, which may be one that every object has: `constructor`. */
export function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** The map at `key`; an empty one where there is none. */
export function mapAt(parent: Fields, key: string): Fields {
  const value = parent[key]
  return isMap(value) ? value : NONE
}

/** The maps of the list at `key`, each at its own place; what is no map is an empty one. */
export function itemsAt(parent: Fields, key: string): readonly Fields[] {
  const value = parent[key]
  if (!Array.isArray(value) || value.length === 0) return NO_ITEMS
  return value.every(isMap) ? value : value.map((item: unknown) => (isMap(item) ? item : NONE))
}

/** The strings of the list at `key`. */
export function textsAt(parent: Fields, key: string): readonly string[] {
  const value = parent[key]
  if (!Array.isArray(value) || value.length === 0) return NO_TEXTS
  return value.every(isText) ? value : value.filter(isText)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** The text at `key`; undefined when it is absent, empty or something else. */
export function textAt(parent: Fields, key: string): string | undefined {
  const value = parent[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function numberAt(parent: Fields, key: string): number | undefined {
  const value = parent[key]
  return typeof value === 'number' ? value : undefined
}

/** A map of a list, and its path, which is put together when it is asked for: most are never told of. */
export class Located {
  readonly item: Fields
  readonly #path: DocumentPath
  readonly #key: string
  readonly #index: number

  constructor(item: Fields, path: DocumentPath, key: string, index: number) {
    this.item = item
    this.#path = path
    this.#key = key
    this.#index = index
  }

  get at(): DocumentPath {
    return [...this.#path, this.#key, this.#index]
  }
}

/** Each map of the list at `key` with its path; `path` is that of the parent. */
export function located(parent: Fields, path: DocumentPath, key: string): readonly Located[] {
  const items = itemsAt(parent, key)
  return items.length === 0 ? NO_PLACES : items.map((item, index) => new Located(item, path, key, index))
}

const NO_PLACES: readonly Located[] = Object.freeze([])
