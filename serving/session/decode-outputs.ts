import type { Datatype, ModelInterface, OutputTensor } from '../contract/index.ts'
import { fromFloat16 } from './float16.ts'
import { elementCount, type Tensor, type TensorData, type Tensors } from './tensor.ts'

/** A value of a named prediction: a scalar, a list, or an object by label. */
export type PredictionValue =
  | number
  | string
  | boolean
  | null
  | PredictionValue[]
  | { [label: string]: PredictionValue }

/** One row's outputs by name. */
export type Prediction = Record<string, PredictionValue>

/**
 * Whether the first dimension of an output can be that of the rows. A fixed size beyond 1 is not, where the inputs take any number of
 * rows: two thresholds stay two thresholds when two rows are asked about. A 1 may be: exporters declare `[1]` for one label a row.
 */
export function mayHoldRows({ shape: [first] }: OutputTensor, { inputs }: ModelInterface): boolean {
  return typeof first !== 'number' || first === 1 || !inputs.some(({ shape }) => typeof shape[0] === 'string')
}

/**
 * One prediction for each of `rows` rows. An output with `labels` becomes an object by label; one declared as `[batch]` or
 * `[batch, 1]` becomes a scalar; any other a (nested) list. An output whose first dimension is not the rows is repeated in
 * each prediction. NaN and infinities become null, an int64 beyond 2^53 a string of digits.
 */
export function decodeOutputs(modelInterface: ModelInterface, outputs: Tensors, rows: number): Prediction[] {
  const predictions: Prediction[] = Array.from({ length: rows }, () => ({}))
  for (const declared of modelInterface.outputs) {
    const tensor = outputs[declared.name]
    if (tensor === undefined) continue
    const { shape, step, scalar } = layoutOf(declared, tensor, mayHoldRows(declared, modelInterface) ? rows : undefined)
    for (let row = 0; row < rows; row++) {
      ;(predictions[row] as Prediction)[declared.name] = scalar
        ? answeredElement(tensor.datatype, tensor.data, row * step)
        : decodeNested(tensor, shape, row * step, declared.labels)
    }
  }
  return predictions
}

/** Writes each of `rows` predictions as JSON. */
export type PredictionWriter = (outputs: Tensors, rows: number) => string[]

/**
 * The JSON text of what `decodeOutputs` gives, without the objects in between: names are written once for the interface, and
 * a scalar is one number behind its name.
 */
export function createPredictionWriter(modelInterface: ModelInterface): PredictionWriter {
  const plans = modelInterface.outputs.map((declared) => ({
    declared,
    key: `${JSON.stringify(declared.name)}:`,
    split: mayHoldRows(declared, modelInterface),
  }))
  return (outputs, rows) => {
    const texts = new Array<string>(rows).fill('')
    for (const { declared, key, split } of plans) {
      const tensor = outputs[declared.name]
      if (tensor === undefined) continue
      const { shape, step, scalar } = layoutOf(declared, tensor, split ? rows : undefined)
      for (let row = 0; row < rows; row++) {
        const before = texts[row] === '' ? key : `${texts[row]},${key}`
        const value = scalar
          ? writeElement(tensor, row * step)
          : JSON.stringify(decodeNested(tensor, shape, row * step, declared.labels))
        texts[row] = before + value
      }
    }
    for (let row = 0; row < rows; row++) texts[row] = `{${texts[row]}}`
    return texts
  }
}

/** Shape and elements of one row's part of an output; the same part for every row where the first dimension is not the rows. */
function layoutOf(declared: OutputTensor, { shape }: Tensor, rows: number | undefined) {
  const split = shape.length > 0 && shape[0] === rows
  const part = split ? shape.slice(1) : shape
  return { shape: part, step: split ? elementCount(part) : 0, scalar: isScalar(declared, part) }
}

function writeElement({ datatype, data }: Tensor, index: number): string {
  const value = answeredElement(datatype, data, index)
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** One element as JSON can hold it. */
export function decodeElement(datatype: Datatype, data: TensorData, index: number): number | string | boolean | null {
  const value = data[index]
  if (value === undefined) return null
  if (datatype === 'bool') return value !== 0
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  if (typeof value === 'string') return value
  const number = datatype === 'float16' ? fromFloat16(value) : value
  return Number.isFinite(number) ? number : null
}

/** One element of an answer: as `decodeElement` gives it, with an infinity as the text "Infinity" or "-Infinity", as in every protocol. */
export function answeredElement(datatype: Datatype, data: TensorData, index: number): number | string | boolean | null {
  const value = data[index]
  const number = datatype === 'float16' && typeof value === 'number' ? fromFloat16(value) : value
  return number === Number.POSITIVE_INFINITY || number === Number.NEGATIVE_INFINITY
    ? String(number)
    : decodeElement(datatype, data, index)
}

/** By the declaration, not by the size at hand: a free dimension that happens to be 1 stays a list. */
function isScalar(declared: OutputTensor, shape: readonly number[]): boolean {
  if (shape.length === 0) return true
  return (
    declared.labels === undefined && declared.shape.length > 1 && declared.shape.slice(1).every((size) => size === 1)
  )
}

function decodeNested(tensor: Tensor, shape: readonly number[], start: number, labels?: string[]): PredictionValue {
  const [size = 1, ...rest] = shape
  const step = elementCount(rest)
  const items: PredictionValue[] = []
  for (let index = 0; index < size; index++) {
    const at = start + index * step
    items.push(
      rest.length === 0 ? answeredElement(tensor.datatype, tensor.data, at) : decodeNested(tensor, rest, at, labels),
    )
  }
  if (rest.length > 0 || labels === undefined || labels.length !== items.length) return items
  return Object.fromEntries(items.map((item, index) => [labels[index] as string, item]))
}
