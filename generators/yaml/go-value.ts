import type { Alias, Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml'
import { yamlLibrary } from './yaml-library.ts'

/** What go-yaml v2 or its conversion to JSON refuses, with the offset of the node. */
export class GoYamlError extends Error {
  readonly offset: number
  readonly fix: string

  constructor(message: string, node: unknown, fix: string) {
    super(message)
    this.offset = (node as Node | undefined)?.range?.[0] ?? 0
    this.fix = fix
  }
}

/**
 * The value of a document as Kubernetes has it after sigs.k8s.io/yaml: go-yaml v2 fills a map in the order of the text, where a
 * merge (`<<`) sets the keys that it brings like any other line, and keys become the strings that JSON has.
 * @throws GoYamlError
 */
export function goValue(document: Document.Parsed): unknown {
  const { isAlias, isMap, isScalar, isSeq } = yamlLibrary()
  const known = new Map<Node, unknown>()
  return converted(document.contents)

  function converted(node: unknown): unknown {
    if (isAlias(node)) return converted(target(node))
    if (isMap(node)) return once(node, () => mapOf(node))
    if (isSeq(node)) return once(node, () => (node as YAMLSeq).items.map(converted))
    if (!isScalar(node)) return null
    const { value } = node
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new GoYamlError(`${node.source ?? value} has no form in JSON`, node, 'Put it in quotes if it is a text.')
    }
    // !!binary is the text that it stands for.
    return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : (value ?? null)
  }

  /** An anchor's value is there once, however often it is named. */
  function once(node: Node, make: () => unknown): unknown {
    if (!known.has(node)) known.set(node, make())
    return known.get(node)
  }

  function target(alias: Alias): unknown {
    return alias.resolve(document)
  }

  function mapOf(map: YAMLMap): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const { key, value } of map.items as Pair[]) {
      if (isMergeKey(key)) merge(value, result)
      else setOwn(result, keyOf(key), converted(value))
    }
    return result
  }

  function merge(node: unknown, into: Record<string, unknown>): void {
    const from = isAlias(node) ? target(node) : node
    if (isMap(from)) for (const [key, value] of Object.entries(converted(from) as object)) setOwn(into, key, value)
    // Of several maps the first counts, so that it is laid over the others.
    else if (isSeq(from) && !isAlias(node)) for (const item of [...from.items].reverse()) mergeMap(item, into)
    else throw notMergeable(node)
  }

  function mergeMap(node: unknown, into: Record<string, unknown>): void {
    if (!isMap(isAlias(node) ? target(node) : node)) throw notMergeable(node)
    merge(node, into)
  }
}

function notMergeable(node: unknown): GoYamlError {
  return new GoYamlError(
    '<< merges something other than a map or a list of maps',
    node,
    'Name a map, or remove the line.',
  )
}

/** Not by assignment: a key may be named `__proto__`. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
  else map[key] = value
}

/** `<<` without quotes. */
export function isMergeKey(key: unknown): boolean {
  return yamlLibrary().isScalar(key) && key.value === '<<' && (key.type ?? 'PLAIN') === 'PLAIN'
}

/** Whether two keys are one in JSON: `8` and `"8"`, `y` and `true`. Merges may stand several times. */
export function isSameKey(one: unknown, other: unknown): boolean {
  const { isScalar } = yamlLibrary()
  if (!isScalar(one) || !isScalar(other) || isMergeKey(one) || isMergeKey(other)) return one === other
  return jsonKey(one) === jsonKey(other)
}

function keyOf(key: unknown): string {
  const text = yamlLibrary().isScalar(key) ? jsonKey(key) : undefined
  if (text === undefined)
    throw new GoYamlError('a key that is null, a map or a list', key, 'Quote the key, or write it in one word.')
  return text
}

/** Restates convertToJSONableObject of sigs.k8s.io/yaml: whole numbers digit by digit, others as Go writes a float32. */
function jsonKey({ value, source }: { value: unknown; source?: string }): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'number') return String(value)
  if (source !== undefined && /^[-+]?(0|[1-9]\d*)$/.test(source)) return String(BigInt(source.replace(/^\+/, '')))
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  const isWhole = source === undefined || !/[.eE]/.test(source) || /^[-+]?0[xX]/.test(source)
  return isWhole ? String(value) : goFloat32(value)
}

/** strconv.FormatFloat(value, 'g', -1, 32): with an exponent of two digits at least from 1e+06 on, and below 1e-04. */
function goFloat32(value: number): string {
  const rounded = Math.fround(value)
  let digits = ''
  for (let precision = 1; precision <= 9; precision++) {
    digits = rounded.toExponential(precision - 1)
    if (Math.fround(Number(digits)) === rounded) break
  }
  const [mantissa = '', exponent = '0'] = digits.split('e')
  const power = Number(exponent)
  if (power < -4 || power >= 6) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
  return String(Number(digits))
}
