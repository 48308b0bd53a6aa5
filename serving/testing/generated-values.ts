import type { Column, InputTensor, ModelInterface } from '../contract/index.ts'
import { namedFeatures, PROTOCOL_DATATYPES } from '../contract/index.ts'
import type { Random } from './random.ts'

/** Values that break what was not thought of: limits of number types, other types, names that JavaScript knows. */
const NASTY: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  '5',
  '\u0000',
  '\ud800',
  '🦉'.repeat(50),
  '__proto__',
  'constructor',
  0,
  -0,
  -1,
  1.5,
  1e39,
  -1e308,
  5e-324,
  2 ** 53,
  2 ** 63,
  1e21,
  [],
  [[]],
  {},
  { length: 7 },
  { toString: null },
  [null],
  new Array(40).fill(0),
]

const ODD_NAMES = ['', '__proto__', 'constructor', 'toString', 'x', '\u0000', 'data', 'name'] as const

/** A record of named features that is right, or nearly: absent values where they may be missing, odd labels never. */
export function record(modelInterface: ModelInterface, { next, below, oneIn, pick }: Random): Record<string, unknown> {
  const value = ({ kind, categories, integer, missing, min = 0, max = min + 100 }: Column) => {
    if (missing && oneIn(8)) return null
    if (kind === 'number') return integer ? Math.ceil(min) + below(max - min) : min + next() * (max - min)
    return pick(Array.isArray(categories) ? categories : Object.keys(categories ?? { any: 0 }))
  }
  return Object.fromEntries(namedFeatures(modelInterface).map((column) => [column.name, value(column)]))
}

/** One element of a tensor as JSON holds it. */
function element({ datatype }: InputTensor, { next, below, oneIn, pick }: Random): unknown {
  if (datatype === 'string') return pick(['north', 'south', '', '\u00e9', '\u{1f989}'])
  if (datatype === 'bool') return oneIn(2)
  if (datatype.startsWith('float')) return Math.fround(next() * 100)
  return below(4)
}

/** `$inference_request` of the Open Inference Protocol V2 with so many rows; `binary` holds what follows the JSON. */
export function inference(modelInterface: ModelInterface, rows: number, chance: Random, asBinary = false) {
  const free = new Map<string, number>()
  const raw: Uint8Array[] = []
  const inputs = modelInterface.inputs.map((input) => {
    const shape = input.shape.map((size, axis) => {
      if (typeof size === 'number') return size
      if (!free.has(size)) free.set(size, axis === 0 ? rows : 1 + chance.below(4))
      return free.get(size) as number
    })
    const count = shape.reduce((product, size) => product * size, 1)
    const data = Array.from({ length: count }, () => element(input, chance))
    const head = { name: input.name, datatype: PROTOCOL_DATATYPES[input.datatype], shape }
    if (!asBinary || input.datatype !== 'float32') return { ...head, data }
    const bytes = new Uint8Array(Float32Array.from(data as number[]).buffer)
    raw.push(bytes)
    return { ...head, parameters: { binary_data_size: bytes.byteLength } }
  })
  const json: Record<string, unknown> = { inputs }
  if (chance.oneIn(3)) json.id = `id-${chance.below(1000)}`
  if (chance.oneIn(3)) {
    const { name } = chance.pick(modelInterface.outputs)
    json.outputs = [{ name, parameters: { binary_data: chance.oneIn(2) } }]
  }
  return { json, binary: Buffer.concat(raw) }
}

/** A deep copy in which some places hold something else, or nothing, or more. */
export function damaged(value: unknown, chance: Random): unknown {
  const { below, oneIn, pick } = chance
  if (oneIn(12)) return pick(NASTY)
  if (Array.isArray(value)) {
    const copy = value.map((item) => (oneIn(Math.max(2, value.length)) ? damaged(item, chance) : item))
    if (oneIn(6)) copy.pop()
    if (oneIn(6)) copy.push(pick(NASTY))
    return copy
  }
  if (typeof value !== 'object' || value === null) return oneIn(3) ? pick(NASTY) : value
  const entries = Object.entries(value)
  const changed = below(entries.length + 1)
  const copy = Object.fromEntries(
    entries.flatMap(([name, item], index) => {
      if (index !== changed) return [[name, item]]
      return oneIn(4) ? [] : [[oneIn(6) ? pick(ODD_NAMES) : name, damaged(item, chance)]]
    }),
  )
  if (oneIn(6)) copy[pick(ODD_NAMES)] = pick(NASTY)
  return copy
}

/** Any JSON, a few levels deep. */
export function anyJson(chance: Random, depth = 0): unknown {
  const { below, oneIn, pick } = chance
  if (depth > 3 || oneIn(2)) return pick(NASTY)
  const items = Array.from({ length: below(5) }, () => anyJson(chance, depth + 1))
  return oneIn(2) ? items : Object.fromEntries(items.map((item, index) => [`key${index}`, item]))
}

export function anyBytes({ below }: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256)))
}
