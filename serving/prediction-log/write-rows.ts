import { type Column, type InputTensor, type ModelInterface, missingTextOf, type Redaction } from '../contract/index.ts'
import { decodeElement, decodeOutputs, elementCount, mayHoldRows, sliceData, type Tensors } from '../session/index.ts'
import type { HashValue } from './redaction.ts'

/** Rows as JSON objects, one text a row; fewer than asked for where the bytes do not suffice. */
export interface WrittenRows {
  inputs: string[]
  outputs: string[]
}

/** Writes the first rows of a request. `mostBytes` bounds the work too: no more rows are looked at than could fit. */
export type RowWriter = (feeds: Tensors, outputs: Tensors, rows: number, mostBytes: number) => WrittenRows

/** One value and its comma. */
const SHORTEST_VALUE = 2

type InputWriter = (feeds: Tensors, row: number) => string

/**
 * A writer for one interface: features by name as a caller would write them (labels rather than their codes, 26.1 rather than
 * 26.100000381469727, null where missing), inputs without named features and outputs by name as `decodeOutputs` does.
 */
export function createRowWriter(
  modelInterface: ModelInterface,
  redactions: ReadonlyMap<string, Redaction>,
  hash: HashValue | undefined,
): RowWriter {
  const named: InputWriter[] = []
  const raw: InputTensor[] = []
  for (const input of modelInterface.inputs) {
    if (input.columns === undefined) {
      if (redactions.get(input.name) !== 'drop') raw.push(input)
      continue
    }
    const { name: tensor, columns } = input
    for (const [index, column] of columns.entries()) {
      const redaction = redactions.get(column.name)
      if (redaction === 'drop') continue
      const write = columnWriter(column, redaction === 'hash' ? hash : undefined)
      const key = JSON.stringify(column.name)
      named.push((feeds, row) => `${key}:${write(feeds, tensor, row * columns.length + index)}`)
    }
  }

  const whole = new Set(
    modelInterface.outputs.filter((output) => !mayHoldRows(output, modelInterface)).map(({ name }) => name),
  )

  return (feeds, outputs, rows, mostBytes) => {
    const fitting = fittingRows(feeds, outputs, rows, mostBytes)
    const shownOutputs = decodeOutputs(modelInterface, firstRows(outputs, rows, fitting, whole), fitting)
    const shownRaw =
      raw.length === 0 ? [] : decodeOutputs({ inputs: [], outputs: raw }, firstRows(feeds, rows, fitting), fitting)
    const written: WrittenRows = { inputs: [], outputs: [] }
    let bytes = 0
    for (let row = 0; row < fitting; row++) {
      const fields = named.map((write) => write(feeds, row))
      for (const [name, value] of Object.entries(shownRaw[row] ?? {})) {
        const text = JSON.stringify(value)
        const shown = redactions.has(name) && hash !== undefined ? JSON.stringify(hash(name, text)) : text
        fields.push(`${JSON.stringify(name)}:${shown}`)
      }
      const input = `{${fields.join(',')}}`
      const output = JSON.stringify(shownOutputs[row])
      bytes += Buffer.byteLength(input) + Buffer.byteLength(output) + SHORTEST_VALUE
      if (bytes > mostBytes) break
      written.inputs.push(input)
      written.outputs.push(output)
    }
    return written
  }
}

/** Rows of a request: those of its named features or, without any, of the first input with a free first dimension. */
export function rowsOf({ inputs }: ModelInterface, feeds: Tensors): number {
  const input =
    inputs.find(({ columns }) => columns !== undefined) ?? inputs.find(({ shape }) => typeof shape[0] === 'string')
  return (input && feeds[input.name]?.shape[0]) ?? 1
}

/** No more rows than could fit if each of their values were one digit. */
function fittingRows(feeds: Tensors, outputs: Tensors, rows: number, mostBytes: number): number {
  let values = 1
  const others = new Set<number | undefined>()
  for (const { shape } of [...Object.values(feeds), ...Object.values(outputs)]) {
    const split = shape[0] === rows
    values += elementCount(split ? shape.slice(1) : shape)
    if (!split) others.add(shape[0])
  }
  let fitting = Math.min(rows, Math.floor(mostBytes / (SHORTEST_VALUE * values)))
  // A tensor without rows must not be taken for one that has as many.
  while (fitting > 0 && others.has(fitting)) fitting -= 1
  return fitting
}

/** Tensors that have a row for each of `rows`, cut to `first`; the others, and those of `whole`, as they are. */
function firstRows(tensors: Tensors, rows: number, first: number, whole: ReadonlySet<string> = new Set()): Tensors {
  if (first === rows) return tensors
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      if (tensor.shape[0] !== rows || whole.has(name)) return [name, tensor]
      const shape = [first, ...tensor.shape.slice(1)]
      return [name, { ...tensor, shape, data: sliceData(tensor.data, 0, elementCount(shape)) }]
    }),
  )
}

type ColumnWriter = (feeds: Tensors, tensor: string, index: number) => string

function columnWriter(column: Column, hash: HashValue | undefined): ColumnWriter {
  const { name, categories, missing } = column
  // In single precision: exact for every code that any narrower type can hold apart.
  const codes = categories === undefined || Array.isArray(categories) ? {} : categories
  const labels = new Map(Object.entries(codes).map(([label, code]) => [Math.fround(code), label]))
  return (feeds, tensorName, index) => {
    const tensor = feeds[tensorName]
    if (tensor === undefined) return 'null'
    const value = decodeElement(tensor.datatype, tensor.data, index)
    // A missing number is encoded as NaN.
    if (value === null || (missing && value === missingTextOf(column))) return 'null'
    let shown = value
    if (typeof value === 'number') {
      shown = labels.get(Math.fround(value)) ?? (tensor.datatype === 'float32' ? shortest(value) : value)
    }
    if (hash !== undefined) return JSON.stringify(hash(name, String(shown)))
    return typeof shown === 'number' ? String(shown) : JSON.stringify(shown)
  }
}

/** Decimals that most measured values have; tried before the significant digits, which cost ten times as much. */
const DECIMALS = [10, 1e3, 1e5]
/** Significant digits that tell any two numbers of single precision apart, tried from the fewest on. */
const DIGITS = [6, 7, 8, 9]

/** The shortest decimal number that single precision cannot tell from the value. */
function shortest(value: number): number {
  if (Number.isInteger(value)) return value
  for (const scale of DECIMALS) {
    const short = Math.round(value * scale) / scale
    if (Math.fround(short) === value) return short
  }
  for (const count of DIGITS) {
    const short = Number(value.toPrecision(count))
    if (Math.fround(short) === value) return short
  }
  return value
}
