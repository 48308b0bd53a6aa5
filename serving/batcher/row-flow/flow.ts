import { MixesRows } from './mixes-rows.ts'
import { asNumber, dependsOnRows, divide, equal, isOne, product, type Size } from './size.ts'

/** What a value of a graph has to do with the rows of the requests that share a call. */
export type Flow =
  /** The same whoever shares the call. `values`: the contents of a small tensor of numbers. */
  | { kind: 'constant'; shape: readonly Size[] | undefined; values?: readonly Size[] }
  /** Sizes that the number of rows is part of, as shapes are computed. */
  | { kind: 'count'; shape: readonly Size[] | undefined; values: readonly Size[] }
  /** Row by row along `axis`, whose size is the number of rows times that of a block: a block depends on its row only. */
  | { kind: 'rows'; axis: number; shape: readonly Size[] }
  | { kind: 'mixed'; cause: Cause }

export type Rows = Extract<Flow, { kind: 'rows' }>

/** The operator that keeps rows from being told apart. */
export interface Cause {
  /** `ai.onnx.CumSum` */
  operator: string
  /** Name of the node; its first output where it has none. */
  node: string
  /** Continues the sentence "CumSum ...". */
  why: string
}

export function rows(axis: number, shape: readonly Size[]): Rows {
  return { kind: 'rows', axis, shape }
}

export function constant(shape?: readonly Size[], values?: readonly Size[]): Flow {
  return { kind: 'constant', shape, ...(values && { values }) }
}

/** What an axis counted from the end is from the front. */
export function fromFront(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}

/** Size of two dimensions that meet in a broadcast. */
function meet(one: Size, other: Size, fresh: () => Size): Size {
  if (isOne(one)) return other
  if (isOne(other) || equal(one, other)) return one
  // One of them may be 1 at run time; a number larger than 1 then wins.
  if (one.names.length === 0) return one
  return other.names.length === 0 ? other : fresh()
}

/** Shape of a broadcast of all, the last axes aligned. */
export function broadcastShape(shapes: readonly (readonly Size[])[], fresh: () => Size): Size[] {
  const rank = Math.max(0, ...shapes.map(({ length }) => length))
  return Array.from({ length: rank }, (_, axis) => {
    const met = shapes.flatMap((shape) => shape[axis - (rank - shape.length)] ?? [])
    return met.reduce((one, other) => meet(one, other, fresh))
  })
}

/**
 * Element by element with broadcasting. Rows stay rows when all that have them have them on the same axis, counted from the
 * last, and nothing else has more than one element there.
 */
export function broadcast(flows: readonly Flow[], fresh: () => Size): Flow {
  const shapes = flows.map((flow) => (flow.kind === 'mixed' ? undefined : flow.shape))
  if (flows.some(({ kind }) => kind === 'count')) throw new MixesRows('computes with the number of rows')
  const withRows = flows.filter((flow) => flow.kind === 'rows')
  const [first] = withRows
  if (first === undefined) {
    return constant(shapes.every((shape) => shape !== undefined) ? broadcastShape(shapes, fresh) : undefined)
  }
  const known = shapes.map((shape) => {
    if (shape === undefined) throw new MixesRows('combines rows with a tensor whose shape is not known')
    return shape
  })
  const fromLast = first.shape.length - first.axis
  const size = first.shape[first.axis] as Size
  for (const [index, flow] of flows.entries()) {
    const shape = known[index] as readonly Size[]
    const there = shape[shape.length - fromLast]
    if (flow.kind === 'rows') {
      if (shape.length - flow.axis !== fromLast) throw new MixesRows('combines each row with every other')
      if (there === undefined || !equal(there, size)) throw new MixesRows('combines rows of different sizes')
    } else if (there !== undefined && !isOne(there)) {
      throw new MixesRows('treats a row by its position among the others')
    }
  }
  const shape = broadcastShape(known, fresh)
  return rows(shape.length - fromLast, shape)
}

/**
 * Elements in the same order under another shape. `target` may hold one -1, whose size follows. Rows stay rows when the axes
 * before them keep their sizes and the new axis holds a whole number of blocks for each row.
 */
export function reshapeRows({ axis, shape }: Rows, target: readonly Size[], fresh: () => Size): Rows {
  const open = target.findIndex((size) => asNumber(size) === -1)
  const resolved = [...target]
  if (open !== -1) {
    const others = product(target.filter((_, at) => at !== open))
    resolved[open] = divide(product(shape), others) ?? fresh()
  }
  const before = product(shape.slice(0, axis))
  const to = resolved.findIndex((size, at) => dependsOnRows(size) && equal(product(resolved.slice(0, at)), before))
  if (to === -1 || resolved.some((size, at) => at !== to && dependsOnRows(size))) {
    throw new MixesRows('may put elements of several rows together')
  }
  return rows(to, resolved)
}
