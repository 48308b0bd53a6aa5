import type { ModelInterface } from '../../contract/index.ts'
import { elementCount, fromFloat16, mayHoldRows, sliceData, type Tensor, type Tensors } from '../../session/index.ts'

/**
 * A tensor as JSON, nested as its shape. Written by hand: `JSON.stringify` has no BigInt, and an int64 keeps all its digits this
 * way. JSON has no NaN, which becomes null, and no infinity, which becomes the text "Infinity" or "-Infinity".
 */
export function writeNested({ datatype, shape, data }: Tensor): string {
  function element(index: number): string {
    const value = data[index]
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'bigint') return value.toString()
    if (datatype === 'bool') return value === 0 ? 'false' : 'true'
    const number = datatype === 'float16' ? fromFloat16(value as number) : (value as number)
    if (Number.isFinite(number)) return String(number)
    return Number.isNaN(number) ? 'null' : `"${number}"`
  }

  function list(axis: number, start: number): string {
    if (axis === shape.length) return element(start)
    const step = elementCount(shape.slice(axis + 1))
    const items = Array.from({ length: shape[axis] as number }, (_, index) => list(axis + 1, start + index * step))
    return `[${items.join(',')}]`
  }

  return list(0, 0)
}

/** The part of an output that belongs to each of `rows` rows; the whole of it where its first dimension is not the rows. */
function writeRows(name: string, tensor: Tensor, rows: number, modelInterface: ModelInterface): string[] {
  const { datatype, shape, data } = tensor
  const declared = modelInterface.outputs.find((output) => output.name === name)
  const split = shape[0] === rows && (declared === undefined || mayHoldRows(declared, modelInterface))
  if (!split) return new Array<string>(rows).fill(writeNested(tensor))
  const rest = shape.slice(1)
  const size = elementCount(rest)
  return Array.from({ length: rows }, (_, row) =>
    writeNested({ datatype, shape: rest, data: sliceData(data, row * size, (row + 1) * size) }),
  )
}

/** For each of `rows` rows the value of the only output, or an object by output. */
export function writeValues(outputs: Tensors, rows: number, modelInterface: ModelInterface): string {
  const [only, ...others] = Object.entries(outputs)
  return only !== undefined && others.length === 0
    ? `[${writeRows(...only, rows, modelInterface).join(',')}]`
    : writeRecords(outputs, rows, modelInterface)
}

/** An object by output for each of `rows` rows. */
export function writeRecords(outputs: Tensors, rows: number, modelInterface: ModelInterface): string {
  const named = Object.entries(outputs).map(
    ([name, tensor]) => [JSON.stringify(name), writeRows(name, tensor, rows, modelInterface)] as const,
  )
  const records = Array.from({ length: rows }, (_, row) => named.map(([name, values]) => `${name}:${values[row]}`))
  return `[${records.map((fields) => `{${fields.join(',')}}`).join(',')}]`
}

/** An object of whole outputs. */
export function writeObject(outputs: Tensors): string {
  const fields = Object.entries(outputs).map(([name, tensor]) => `${JSON.stringify(name)}:${writeNested(tensor)}`)
  return `{${fields.join(',')}}`
}
