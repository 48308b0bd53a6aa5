import { NotData, toData } from './data.ts'
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

/** Characters of what was thrown. */
const MAX_TEXT = 10_000

const { freeze, getOwnPropertyNames } = Object
const { parse, stringify } = JSON
const modules = new Map<string, unknown>()
let hasExited = false

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
