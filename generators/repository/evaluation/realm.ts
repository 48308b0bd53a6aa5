import type { DocumentPath } from '../../findings/index.ts'
import type { Outcome } from './protocol.ts'

/**
 * Runs inside the realm of one definition, before it: sets up the little that a definition may use and turns what it exports into
 * text. Only text passes into the realm and out of it, so that no object of the process is ever within reach.
 */

type Load = (module: { exports: unknown }, exports: unknown, require: (name: string) => unknown) => void

/** What the scripts of the process call; taken away before the definition runs. */
export interface RealmEntry {
  provideVocabulary(load: Load): void
  provideValue(file: string, json: string): void
  /** JSON of an `Outcome`. */
  evaluate(load: Load): string
}

/** Deeper or larger is no definition of anybody. */
const MAX_DEPTH = 64
const MAX_VALUES = 200_000
const MAX_TEXT = 10_000

const { freeze, getOwnPropertyNames } = Object
const { isArray } = Array
const { isFinite: isFiniteNumber } = Number
const { parse, stringify } = JSON
const modules = new Map<string, unknown>()
let hasExited = false

class NotData extends Error {
  readonly path: DocumentPath
  constructor(path: DocumentPath, what: string) {
    super(what)
    this.path = path
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' && typeof value !== 'function') return value
  if (value === null || Object.isFrozen(value)) return value
  freeze(value)
  for (const name of getOwnPropertyNames(value)) frozen((value as Record<string, unknown>)[name])
  return value
}

/** A package may name Node's modules; one that uses them gets no further. */
function absent(name: string): unknown {
  const refuse = (): never => {
    throw new Error(`${name} is not available: definitions are evaluated without Node's modules`)
  }
  return new Proxy(Object.create(null), {
    get: (_, key) => (key === '__esModule' || typeof key === 'symbol' ? undefined : refuse()),
  })
}

function load(run: Load): unknown {
  const module: { exports: unknown } = { exports: {} }
  run(module, module.exports, (name) => modules.get(name) ?? absent(name))
  return module.exports
}

/** A copy of what is data in `value`, as JSON writes it. @throws NotData */
function toData(value: unknown): unknown {
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

function textOf(value: unknown): string {
  try {
    return String(value).slice(0, MAX_TEXT)
  } catch {
    return 'something that has no text'
  }
}

function outcomeOf(run: Load): Outcome {
  try {
    const exported = load(run) as { default?: unknown } | null | undefined
    if (hasExited) return { kind: 'exited' }
    const data = toData(exported?.default)
    return data === undefined ? { kind: 'value' } : { kind: 'value', json: stringify(data) }
  } catch (error) {
    if (hasExited) return { kind: 'exited' }
    if (error instanceof NotData) return { kind: 'not-data', path: error.path, what: error.message }
    const isError = error instanceof Error
    return {
      kind: 'thrown',
      message: isError ? textOf(`${textOf(error.name)}: ${textOf(error.message)}`) : textOf(error),
      stack: isError ? textOf(error.stack) : '',
    }
  }
}

const entry: RealmEntry = {
  provideVocabulary: (run) => {
    modules.set('modelyard', frozen(load(run)))
  },
  provideValue: (file, json) => {
    modules.set(file, frozen({ __esModule: true, default: json === '' ? undefined : parse(json) }))
  },
  evaluate: (run) => {
    Reflect.deleteProperty(globalThis, 'modelyardRealm')
    return stringify(outcomeOf(run))
  },
}

const quiet = () => {}
/** What packages ask for without needing it. */
const globals = {
  modelyardRealm: entry,
  console: { debug: quiet, error: quiet, info: quiet, log: quiet, trace: quiet, warn: quiet },
  process: {
    env: {},
    platform: 'none',
    versions: {},
    exit: () => {
      hasExited = true
      throw new Error('process.exit() is not available')
    },
  },
}
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false })
}
