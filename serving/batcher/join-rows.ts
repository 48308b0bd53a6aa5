import { copyData, createData, elementCount, sliceData, type Tensor, type Tensors } from '../session/index.ts'

/** Rows of a request, as its first tensor has them; 0 without any. */
export function rowsOf(tensors: Tensors): number {
  for (const name in tensors) return (tensors[name] as Tensor).shape[0] ?? 1
  return 0
}

/** Rows `[start, end)` of every tensor; typed arrays share memory with the original. */
export function sliceRows(tensors: Tensors, start: number, end: number): Tensors {
  const slices: Tensors = {}
  for (const name in tensors) {
    const { datatype, shape, data } = tensors[name] as Tensor
    const step = elementCount(shape.slice(1))
    slices[name] = {
      datatype,
      shape: [end - start, ...shape.slice(1)],
      data: sliceData(data, start * step, end * step),
    }
  }
  return slices
}

/** One tensor a name with the rows of all parts, in order; the parts have equal names, datatypes and trailing shapes. */
export function joinRows(parts: readonly Tensors[]): Tensors {
  const [first] = parts
  if (first === undefined || parts.length === 1) return first ?? {}
  const joined: Tensors = {}
  for (const name in first) {
    const { datatype, shape } = first[name] as Tensor
    const rows = parts.reduce((sum, part) => sum + ((part[name] as Tensor).shape[0] as number), 0)
    const wholeShape = [rows, ...shape.slice(1)]
    const data = createData(datatype, elementCount(wholeShape))
    let offset = 0
    for (const part of parts) {
      const { data: source } = part[name] as Tensor
      copyData(data, source, offset)
      offset += source.length
    }
    joined[name] = { datatype, shape: wholeShape, data }
  }
  return joined
}

/** As many copies of a request in one as have at most so many rows; one where it has more itself. */
export function repeatRows(feeds: Tensors, maxRows: number): Tensors {
  const copies = Math.max(1, Math.floor(maxRows / Math.max(1, rowsOf(feeds))))
  return joinRows(new Array<Tensors>(copies).fill(feeds))
}

/** True when every tensor has this many rows, so that each caller's can be told apart. */
export function haveRows(tensors: Tensors, rows: number): boolean {
  return Object.values(tensors).every(({ shape }) => shape[0] === rows)
}
