import { type Column, type Datatype, type InputTensor, missingTextOf } from '../contract/index.ts'
import type { Problem } from './model-error.ts'
import { digitsProblem, numberFromText } from './number-text.ts'
import { scalarOf, typeName } from './scalar.ts'
import { createData, elementCount, type Tensor } from './tensor.ts'

/** A tensor of a million wrong elements is as wrong as one of a hundred. */
const MOST_PROBLEMS = 100

/** Elements that one tensor may announce: far above any body limit, far below what allocates for ever. */
const MOST_ELEMENTS = 2 ** 28

/** Sizes beside a zero: a tensor without elements may still make a model allocate an output of its other dimensions. */
const MOST_BESIDE_ZERO = 2 ** 16

/** As NumPy has it; a body of a megabyte can nest deeper than any stack. */
const MOST_DIMENSIONS = 64

export type ParsedTensor = { ok: true; tensor: Tensor } | { ok: false; problems: Problem[] }

/**
 * The tensor for `input` from JSON: `shape` a list of sizes, `data` flat or nested, row-major. Elements must be of the
 * input's type and finite after the cast; null is NaN (or the empty string) where the element's column may be missing, and
 * text is a number where JSON has none (`numberFromText`).
 * That the shape is one the input takes is `checkFeeds`'s to say.
 */
export function tensorFromJson(input: InputTensor, given: unknown, data: unknown, path: string): ParsedTensor {
  const refuse = (part: string, message: string): ParsedTensor => ({
    ok: false,
    problems: [{ path: `${path}${part}`, message }],
  })
  const announced = announcedShape(given, path)
  if (!announced.ok) return announced
  const { shape, count } = announced
  const list = Array.isArray(data) ? data : shape.length === 0 ? [data] : undefined
  if (list === undefined) return refuse('.data', `must be a list, not ${typeName(data)}`)
  let flat: unknown[] = list
  if (Array.isArray(list[0])) {
    flat = []
    const wrong = flatten(list, shape, 0, flat)
    if (wrong !== undefined) return refuse('.data', wrong)
  }
  if (flat.length !== count) {
    return refuse('.data', `holds ${flat.length} elements, but the shape [${shape.join(', ')}] needs ${count}`)
  }
  const tensor = { datatype: input.datatype, shape, data: createData(input.datatype, count) }
  const problems = fill(tensor, flat, input.columns, (index) => `${path}.data[${index}]`)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, tensor }
}

/**
 * `tensorFromJson` where nothing but the nesting says the shape, as in protocols that send bare lists: a scalar for the shape
 * `[]`, a list for `[batch]`, a list of lists for `[batch, 4]`. Paths are those of the nested value: `path[1][3]`.
 */
export function tensorFromNested(input: InputTensor, value: unknown, path: string): ParsedTensor {
  const refuse = (message: string): ParsedTensor => ({ ok: false, problems: [{ path, message }] })
  const rank = input.shape.length
  const shape: number[] = []
  // One deeper than the input is deep enough to know that it is wrong; a body may nest a million deep.
  for (let level = value; Array.isArray(level) && shape.length <= rank; level = level[0]) shape.push(level.length)
  if (shape.length !== rank) {
    const deep = shape.length > rank ? 'deeper' : `${shape.length} deep`
    return refuse(`must be nested ${rank} deep, [${input.shape.join(', ')}], not ${deep}`)
  }
  let flat: unknown[] = [value]
  if (Array.isArray(value)) {
    flat = []
    if (flatten(value, shape, 0, flat) !== undefined) {
      return refuse('is ragged: all lists of one depth must be equally long')
    }
  }
  const tensor = { datatype: input.datatype, shape, data: createData(input.datatype, flat.length) }
  const problems = fill(tensor, flat, input.columns, (index) => path + coordinates(index, shape))
  return problems.length > 0 ? { ok: false, problems } : { ok: true, tensor }
}

/** A shape as a caller announces it, with its number of elements; refused when a tensor of it could not be made. */
export function announcedShape(
  shape: unknown,
  path: string,
): { ok: true; shape: number[]; count: number } | { ok: false; problems: Problem[] } {
  const refuse = (message: string) => ({ ok: false as const, problems: [{ path: `${path}.shape`, message }] })
  if (!isShape(shape)) return refuse('must be a list of whole numbers from 0')
  if (shape.length > MOST_DIMENSIONS) return refuse(`has ${shape.length} dimensions, the limit is ${MOST_DIMENSIONS}`)
  const count = elementCount(shape)
  if (count > MOST_ELEMENTS) return refuse(`announces ${count} elements, the limit is ${MOST_ELEMENTS}`)
  const besideZero = elementCount(shape.filter((size) => size > 0))
  if (count === 0 && besideZero > MOST_BESIDE_ZERO) return refuse('is too large for a tensor without elements')
  return { ok: true, shape, count }
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0)
}

function fill(
  tensor: Tensor,
  flat: readonly unknown[],
  columns: Column[] | undefined,
  pathOf: (index: number) => string,
): Problem[] {
  const { data, datatype } = tensor
  const scalar = scalarOf(datatype)
  const problems: Problem[] = []
  for (let index = 0; index < flat.length; index++) {
    const value = flat[index]
    const wrong = scalar.problem(value)
    if (wrong === undefined) {
      data[index] = scalar.encode(value)
      continue
    }
    const other = beyondJson(value, datatype, columns, index)
    if (other !== undefined) data[index] = other
    else {
      const digits = typeof value === 'string' ? digitsProblem(value, datatype) : undefined
      problems.push({ path: pathOf(index), message: digits ?? wrong })
      if (problems.length === MOST_PROBLEMS) return problems
    }
  }
  return problems
}

/** The element for what is no JSON number or string: null, or text for a number. Named features take neither infinity. */
function beyondJson(
  value: unknown,
  datatype: Datatype,
  columns: Column[] | undefined,
  index: number,
): number | bigint | string | undefined {
  const column = columns?.[index % columns.length]
  const mayBeMissing = column?.missing === true
  if (value === null) {
    if (!mayBeMissing) return undefined
    return datatype === 'string' ? missingTextOf(column) : scalarOf(datatype).missing
  }
  if (typeof value !== 'string') return undefined
  if (columns !== undefined && (value === 'NaN' ? !mayBeMissing : value.endsWith('Infinity'))) return undefined
  return numberFromText(value, datatype)
}

/** Appends the elements of a nested list; a message when its lengths are not those of the shape. */
function flatten(
  list: readonly unknown[],
  shape: readonly number[],
  axis: number,
  into: unknown[],
): string | undefined {
  if (list.length !== shape[axis]) return `has ${list.length} items at depth ${axis}, but the shape says ${shape[axis]}`
  const last = axis === shape.length - 1
  for (const item of list) {
    if (last) into.push(item)
    else if (!Array.isArray(item)) return `must be nested ${shape.length} deep or not at all`
    else {
      const wrong = flatten(item, shape, axis + 1, into)
      if (wrong !== undefined) return wrong
    }
  }
  return undefined
}

/** The place of a flat index in a nested list: `[1][3]`. */
function coordinates(index: number, shape: readonly number[]): string {
  let text = ''
  let rest = index
  for (const size of shape.toReversed()) {
    text = `[${rest % size}]${text}`
    rest = Math.floor(rest / size)
  }
  return text
}
