import type { DocumentPath } from '../../findings/index.ts'

/** What a definition may export: checked in its realm, where the path is known, and again outside of it, where nothing of it runs. */

/** Deeper or larger is no definition of anybody. */
const MAX_DEPTH = 64
const MAX_VALUES = 200_000

const { isArray } = Array
const { isFinite: isFiniteNumber } = Number

export class NotData extends Error {
  readonly path: DocumentPath
  constructor(path: DocumentPath, what: string) {
    super(what)
    this.path = path
  }
}

/** A copy of what is data in `value`, as JSON writes it. @throws NotData */
export function toData(value: unknown): unknown {
  let count = 0
  const open: unknown[] = []
  const path: DocumentPath = []
  const refuse = (what: string): never => {
    throw new NotData([...path], what)
  }
  const copy = (item: unknown): unknown => {
    if (++count > MAX_VALUES) refuse(`more than ${MAX_VALUES} values`)
    switch (typeof item) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return item
      case 'number':
        return isFiniteNumber(item) ? item : refuse(`${item}`)
      case 'object':
        return item === null ? null : copyParts(item)
      default:
        return refuse(`a ${typeof item}`)
    }
  }
  const copyParts = (item: object) => {
    if (open.includes(item)) refuse('an object inside itself')
    if (open.length >= MAX_DEPTH) refuse(`more than ${MAX_DEPTH} levels`)
    open.push(item)
    const data = isArray(item) ? copyList(item) : copyObject(item)
    open.pop()
    return data
  }
  const copyList = (list: unknown[]) => {
    const data: unknown[] = []
    for (let index = 0; index < list.length; index++) {
      path.push(index)
      data.push(copy(list[index]) ?? (list[index] === null ? null : refuse('undefined')))
      path.pop()
    }
    return data
  }
  const copyObject = (object: object) => {
    const data: Record<string, unknown> = Object.create(null)
    for (const [key, item] of Object.entries(object)) {
      path.push(key)
      if (key === '__proto__') refuse('a prototype')
      const one = copy(item)
      if (one !== undefined) data[key] = one
      path.pop()
    }
    return data
  }
  return copy(value)
}
