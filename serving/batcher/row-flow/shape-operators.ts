import type { Call, Rule } from './call.ts'
import { broadcast, constant, type Flow, fromFront, type Rows, reshapeRows, rows } from './flow.ts'
import { MixesRows } from './mixes-rows.ts'
import { asNumber, dependsOnRows, divide, equal, isOne, multiply, number, ONE, product, type Size } from './size.ts'

/** Floats hold whole numbers exactly up to here. */
const MAX_EXACT = 2 ** 24

/** Shapes have fewer elements; a longer list of sizes is not followed. */
const MAX_VALUES = 64

/** Beyond this an end of a slice means the end of the axis. */
const NO_END = 2 ** 31 - 1

/** A small tensor of known numbers, which may be made of the number of rows. */
function valuesFlow(shape: readonly Size[] | undefined, values: readonly Size[]): Flow {
  return values.some(dependsOnRows) ? { kind: 'count', shape, values } : constant(shape, values)
}

const vector = (values: readonly Size[]): Flow => valuesFlow([number(values.length)], values)

/** Values that keep their order and number under another shape, or a constant whose contents nobody knows. */
function reshaped(call: Call, shape: readonly Size[] | undefined): Flow {
  const values = call.values(0)
  return values === undefined ? constant(shape) : valuesFlow(shape, values)
}

/** Arithmetic on sizes where all of them are known, anything else element by element. */
function arithmetic(compute: (values: readonly Size[]) => Size | undefined): Rule {
  return (call) => {
    const flows = call.present()
    const values = flows.map((flow) => (flow.kind === 'constant' || flow.kind === 'count' ? flow.values : undefined))
    const known = values.every((value) => value?.every(isExact))
    const length = Math.max(0, ...values.map((value) => value?.length ?? 0))
    const ranks = flows.map((flow) => (flow.kind === 'mixed' ? 0 : (flow.shape?.length ?? 2)))
    if (known && Math.max(...ranks) <= 1 && values.every((value) => value?.length === length || value?.length === 1)) {
      const results = Array.from({ length }, (_, at) =>
        compute(values.map((value) => value?.[value.length === 1 ? 0 : at] as Size)),
      )
      if (results.every((result) => result !== undefined && isExact(result)))
        return valuesFlow(Math.max(...ranks) === 0 ? [] : [number(length)], results as Size[])
    }
    return broadcast(flows, call.fresh)
  }
}

function isExact({ factor }: Size): boolean {
  return Number.isInteger(factor) && Math.abs(factor) <= MAX_EXACT
}

function sum(one: Size, other: Size, sign: 1 | -1): Size | undefined {
  if (equal({ ...one, factor: 1 }, { ...other, factor: 1 }))
    return { names: one.names, factor: one.factor + sign * other.factor }
  if (other.factor === 0) return one
  return one.factor === 0 ? { ...other, factor: sign * other.factor } : undefined
}

/** Whether two sizes are the same number, as 1 or 0; sizes of free dimensions are not negative. */
function compared(one: Size, other: Size): Size | undefined {
  if (equal(one, other)) return ONE
  const [first, second] = [asNumber(one), asNumber(other)]
  if (first !== undefined && second !== undefined) return number(0)
  return (first ?? second ?? 0) < 0 && one.factor * other.factor < 0 ? number(0) : undefined
}

const identity: Rule = (call) => call.given(0)

/** TensorProto.DataType of the types that hold sizes as they are: float32, int32, int64, float64. */
const EXACT_TYPES: ReadonlySet<number> = new Set([1, 6, 7, 11])

const cast: Rule = (call) => {
  const flow = call.given(0)
  const whole = call.values(0)?.every(({ factor }) => Number.isInteger(factor))
  return whole && EXACT_TYPES.has(call.integer('to', 0)) ? flow : broadcast([flow], call.fresh)
}

const shape: Rule = (call) => {
  const sizes = call.shape(0)
  if (sizes === undefined) return constant()
  const start = fromFront(call.integer('start', 0), sizes.length)
  const end = fromFront(call.integer('end', sizes.length), sizes.length)
  return vector(sizes.slice(Math.max(0, start), Math.max(0, end)))
}

const size: Rule = (call) => {
  const sizes = call.shape(0)
  return sizes === undefined ? constant([]) : valuesFlow([], [product(sizes)])
}

/** Sizes of a shape that an input gives. */
function requestedShape(call: Call, index: number): readonly Size[] {
  const flow = call.given(index)
  if (flow.kind === 'rows') throw new MixesRows('takes a shape from the rows')
  const values = flow.values
  if (values === undefined) throw new MixesRows('has a shape that cannot be told beforehand')
  return values
}

const reshape: Rule = (call) => {
  const flow = call.given(0)
  const target = call.opset < 5 ? call.integers('shape')?.map(number) : requestedShape(call, 1)
  if (target === undefined) throw new MixesRows('has a shape that cannot be told beforehand')
  const from = flow.shape
  const copies = call.integer('allowzero', 0) === 0
  const resolved = target.map((wanted, axis) =>
    copies && asNumber(wanted) === 0 ? (from?.[axis] ?? call.fresh()) : wanted,
  )
  if (flow.kind === 'rows') return reshapeRows(flow, resolved, call.fresh)
  if (resolved.some(dependsOnRows)) throw new MixesRows('cuts a constant by the number of rows')
  const open = resolved.findIndex((wanted) => asNumber(wanted) === -1)
  if (open !== -1) {
    const others = product(resolved.filter((_, at) => at !== open))
    resolved[open] = (from && divide(product(from), others)) ?? call.fresh()
  }
  return reshaped(call, resolved)
}

const flatten: Rule = (call) => {
  const flow = call.given(0)
  if (flow.shape === undefined) return constant()
  const axis = fromFront(call.integer('axis', 1), flow.shape.length)
  const target = [product(flow.shape.slice(0, axis)), product(flow.shape.slice(axis))]
  return flow.kind === 'rows' ? reshapeRows(flow, target, call.fresh) : reshaped(call, target)
}

const transpose: Rule = (call) => {
  const flow = call.given(0)
  if (flow.shape === undefined) return constant()
  const order = call.integers('perm') ?? flow.shape.map((_, axis) => axis).reverse()
  const turned = order.map((axis) => flow.shape?.[axis] ?? call.fresh())
  if (flow.kind === 'rows') return rows(order.indexOf(flow.axis), turned)
  return turned.length <= 1
    ? reshaped(call, turned)
    : broadcast([constant(turned), ...(flow.kind === 'count' ? [flow] : [])], call.fresh)
}

const squeeze: Rule = (call) => {
  const flow = call.given(0)
  if (flow.shape === undefined) return constant()
  const { shape: from } = flow
  const axes = call.axes(1, from.length)
  if (flow.kind === 'rows') {
    if (axes === undefined || axes.includes(flow.axis))
      throw new MixesRows('drops the axis of the rows when there is one row')
    return rows(flow.axis - axes.filter((axis) => axis < flow.axis).length, without(from, axes))
  }
  if (axes === undefined)
    return reshaped(call, from.every((one) => one.names.length === 0) ? from.filter((one) => !isOne(one)) : undefined)
  return reshaped(call, without(from, axes))
}

function without(sizes: readonly Size[], axes: readonly number[]): Size[] {
  return sizes.filter((_, axis) => !axes.includes(axis))
}

const unsqueeze: Rule = (call) => {
  const flow = call.given(0)
  if (flow.shape === undefined) return constant()
  const given = call.has('axes') ? call.integers('axes') : call.numbers(1)
  if (given === undefined) throw new MixesRows('has axes that cannot be read')
  const rank = flow.shape.length + given.length
  const axes = given.map((axis) => fromFront(axis, rank))
  const rest = [...flow.shape]
  const places = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? undefined : axis)).filter(
    (axis) => axis !== undefined,
  )
  const target = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? ONE : (rest.shift() ?? ONE)))
  return flow.kind === 'rows' ? rows(places[flow.axis] as number, target) : reshaped(call, target)
}

const concat: Rule = (call) => {
  const flows = call.present()
  const [first] = flows
  if (first === undefined || flows.some(({ kind }) => kind === 'mixed')) throw new MixesRows('lacks its inputs')
  if (!call.hasRows) {
    const values = call.inputs.map((_, index) => call.values(index))
    const flat = flows.every((flow) => flow.kind !== 'mixed' && flow.shape?.length === 1)
    const length = values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    if (flat && length <= MAX_VALUES && values.every((value) => value !== undefined)) return vector(values.flat())
    if (flows.some(({ kind }) => kind === 'count')) throw new MixesRows('computes with the number of rows')
    return constant(joinedShape(flows, call))
  }
  const flow = flows.find((one) => one.kind === 'rows') as Rows
  const axis = fromFront(call.integer('axis', 1), flow.shape.length)
  if (axis === flow.axis) throw new MixesRows('puts tensors one after the other along the rows')
  for (const other of flows) {
    const fits = other.kind === 'rows' && other.axis === flow.axis && equal(sizeAt(other), sizeAt(flow))
    if (!fits) throw new MixesRows('joins rows with a tensor that does not have as many')
  }
  return rows(flow.axis, joinedShape(flows, call) ?? flow.shape)
}

const sizeAt = (flow: Rows) => flow.shape[flow.axis] as Size

function joinedShape(flows: readonly Flow[], call: Call): Size[] | undefined {
  const shapes = flows.map((flow) => (flow.kind === 'mixed' ? undefined : flow.shape))
  const [first] = shapes
  if (first === undefined) return undefined
  const axis = fromFront(call.integer('axis', 1), first.length)
  const along = shapes.map((one) => one?.[axis])
  let total: Size | undefined = number(0)
  for (const one of along) total = total && one && sum(total, one, 1)
  return first.map((one, at) => (at === axis ? (total ?? call.fresh()) : one))
}

const split: Rule = (call) => {
  const flow = call.given(0)
  const count = call.node.outputs.length
  const given = call.opset < 13 ? call.integers('split')?.map(number) : call.values(1)
  if (call.inputs[1] !== undefined && call.given(1).kind !== 'constant')
    throw new MixesRows('takes the sizes of its parts from the rows')
  if (flow.shape === undefined) return new Array<Flow>(count).fill(constant())
  const axis = fromFront(call.integer('axis', 0), flow.shape.length)
  if (flow.kind === 'rows' && axis === flow.axis) throw new MixesRows('splits the rows')
  if (flow.kind === 'count') throw new MixesRows('computes with the number of rows')
  const even =
    call.inputs[1] === undefined && !call.has('split') ? divide(flow.shape[axis] as Size, number(count)) : undefined
  return Array.from({ length: count }, (_, part) => {
    const target = (flow.shape as readonly Size[]).map((one, at) =>
      at === axis ? (given?.[part] ?? even ?? call.fresh()) : one,
    )
    return flow.kind === 'rows' ? rows(flow.axis, target) : constant(target)
  })
}

interface Cut {
  axis: number
  start: Size | undefined
  end: Size | undefined
  step: number | undefined
}

function cutsOf(call: Call, rank: number): Cut[] {
  if (call.opset < 10) {
    const starts = call.integers('starts') ?? []
    const ends = call.integers('ends') ?? []
    const axes = call.integers('axes') ?? starts.map((_, at) => at)
    return axes.map((axis, at) => ({
      axis: fromFront(axis, rank),
      start: starts[at] === undefined ? undefined : number(starts[at]),
      end: ends[at] === undefined ? undefined : number(ends[at]),
      step: 1,
    }))
  }
  const starts = call.values(1)
  const ends = call.values(2)
  const count = starts?.length ?? ends?.length ?? asNumber(call.shape(1)?.[0] ?? call.fresh())
  const axes = call.axes(3, rank) ?? (count === undefined ? undefined : Array.from({ length: count }, (_, at) => at))
  if (axes === undefined) throw new MixesRows('has axes that are computed')
  const steps = call.inputs[4] === undefined ? undefined : call.numbers(4)
  return axes.map((axis, at) => ({
    axis,
    start: starts?.[at],
    end: ends?.[at],
    step: call.inputs[4] === undefined ? 1 : steps?.[at],
  }))
}

/** The whole axis, in order. */
function isWhole(size: Size, { start, end, step }: Cut): boolean {
  if (step !== 1 || start === undefined || end === undefined || asNumber(start) !== 0) return false
  const to = asNumber(end)
  return to === undefined ? equal(end, size) : to >= NO_END
}

/** Size of what is left of an axis; undefined when it cannot be told. */
function leftOf(size: Size, cut: Cut): Size | undefined {
  if (isWhole(size, cut)) return size
  const { step } = cut
  const [from, to, whole] = [cut.start && asNumber(cut.start), cut.end && asNumber(cut.end), asNumber(size)]
  if (step === undefined || step === 0 || from === undefined || to === undefined || whole === undefined)
    return undefined
  // Going backwards, -1 is the place before the first element.
  const [lowest, highest] = step > 0 ? [0, whole] : [-1, whole - 1]
  const clamp = (at: number) => Math.min(Math.max(fromFront(at, whole), lowest), highest)
  return number(Math.max(0, Math.ceil((clamp(to) - clamp(from)) / step)))
}

const slice: Rule = (call) => {
  const flow = call.given(0)
  for (let index = 1; index < call.inputs.length; index++) {
    if (call.inputs[index] !== undefined && call.given(index).kind === 'rows')
      throw new MixesRows('takes its bounds from the rows')
  }
  if (flow.shape === undefined) return constant()
  const cuts = cutsOf(call, flow.shape.length)
  const target = [...flow.shape]
  for (const cut of cuts) {
    const whole = target[cut.axis]
    if (whole === undefined) throw new MixesRows('cuts an axis that there is not')
    const left = leftOf(whole, cut)
    if (flow.kind === 'rows' && cut.axis === flow.axis && !isWhole(whole, cut)) {
      throw new MixesRows('takes some of the rows by their position')
    }
    const counted = [cut.start, cut.end].some((bound) => bound !== undefined && dependsOnRows(bound))
    if (counted && !isWhole(whole, cut)) throw new MixesRows('computes with the number of rows')
    target[cut.axis] = left ?? call.fresh()
  }
  if (flow.kind === 'rows') return rows(flow.axis, target)
  const values = call.values(0)
  const [cut] = cuts
  if (values === undefined) return constant(target)
  const [from, to] = [cut?.start && asNumber(cut.start), cut?.end && asNumber(cut.end)]
  if (flow.shape.length !== 1 || cuts.length !== 1 || cut?.step !== 1 || from === undefined || to === undefined) {
    if (flow.kind === 'count') throw new MixesRows('computes with the number of rows')
    return constant(target)
  }
  return vector(values.slice(from, to))
}

const gather: Rule = (call) => {
  const [data, indexes] = [call.given(0), call.given(1)]
  const axisOf = (rank: number) => fromFront(call.integer('axis', 0), rank)
  if (data.kind === 'rows') {
    if (indexes.kind !== 'constant') throw new MixesRows('combines each row with every other')
    if (indexes.shape === undefined) throw new MixesRows('takes by indices whose shape is not known')
    const axis = axisOf(data.shape.length)
    if (axis === data.axis) throw new MixesRows('takes some of the rows by their position')
    const target = [...data.shape.slice(0, axis), ...indexes.shape, ...data.shape.slice(axis + 1)]
    return rows(data.axis < axis ? data.axis : data.axis - 1 + indexes.shape.length, target)
  }
  if (indexes.kind === 'rows') {
    if (data.kind === 'count' || data.shape === undefined)
      throw new MixesRows('looks up in a tensor whose shape is not known')
    const axis = axisOf(data.shape.length)
    return rows(axis + indexes.axis, [...data.shape.slice(0, axis), ...indexes.shape, ...data.shape.slice(axis + 1)])
  }
  const values = call.values(0)
  const at = call.numbers(1)
  if (values !== undefined && at !== undefined && data.shape?.length === 1) {
    const taken = at.map((index) => values[fromFront(index, values.length)])
    if (taken.every((value) => value !== undefined)) return valuesFlow(indexes.shape, taken)
  }
  if (data.kind === 'count' || indexes.kind === 'count') throw new MixesRows('computes with the number of rows')
  if (data.shape === undefined || indexes.shape === undefined) return constant()
  const axis = axisOf(data.shape.length)
  return constant([...data.shape.slice(0, axis), ...indexes.shape, ...data.shape.slice(axis + 1)])
}

/** All inputs have their rows on one axis, which is not the one that elements are taken along. */
const elementsAlongAxis: Rule = (call) => {
  const flow = call.rows(0)
  const axis = fromFront(call.integer('axis', 0), flow.shape.length)
  if (axis === flow.axis) throw new MixesRows('takes some of the rows by their position')
  const others = call.inputs.map((_, index) => call.rows(index))
  if (others.some((other) => other.axis !== flow.axis || !equal(sizeAt(other), sizeAt(flow)))) {
    throw new MixesRows('combines each row with every other')
  }
  return call.node.operator === 'GatherElements' ? (others[1] as Rows) : flow
}

const gatherNd: Rule = (call) => {
  const [data, indexes] = [call.given(0), call.given(1)]
  const batch = call.integer('batch_dims', 0)
  if (indexes.kind !== 'rows') throw new MixesRows('takes some of the rows by their position')
  const depth = asNumber(indexes.shape.at(-1) as Size)
  if (depth === undefined || data.shape === undefined || indexes.axis === indexes.shape.length - 1) {
    throw new MixesRows('takes by indices whose shape is not known')
  }
  const target = [...indexes.shape.slice(0, -1), ...data.shape.slice(batch + depth)]
  if (data.kind === 'constant' && batch === 0) return rows(indexes.axis, target)
  const together =
    data.kind === 'rows' && data.axis === indexes.axis && data.axis < batch && equal(sizeAt(data), sizeAt(indexes))
  if (!together) throw new MixesRows('combines each row with every other')
  return rows(data.axis, target)
}

/** To a shape that may hold the number of rows, on the axis where they are. */
function expanded(call: Call, target: readonly Size[]): Flow {
  const flow = call.given(0)
  if (flow.kind === 'count' || flow.shape === undefined) throw new MixesRows('computes with the number of rows')
  const along = target.findIndex(dependsOnRows)
  if (along === -1) return broadcast([flow, constant(target)], call.fresh)
  if (target.some((one, axis) => axis !== along && dependsOnRows(one))) throw new MixesRows('has rows on two axes')
  return broadcast([flow, rows(along, target)], call.fresh)
}

const expand: Rule = (call) => expanded(call, requestedShape(call, 1))

const tile: Rule = (call) => {
  const flow = call.given(0)
  const repeats = requestedShape(call, 1)
  const from = flow.shape
  if (from === undefined || flow.kind === 'count') throw new MixesRows('repeats a tensor whose shape is not known')
  if (flow.kind === 'rows') {
    if (!isOne(repeats[flow.axis] as Size) || repeats.some(dependsOnRows)) throw new MixesRows('repeats the rows')
    return rows(
      flow.axis,
      from.map((one, axis) => multiply(one, repeats[axis] ?? ONE)),
    )
  }
  if (!repeats.some(dependsOnRows)) return constant(from.map((one, axis) => multiply(one, repeats[axis] ?? ONE)))
  const target = from.map((one, axis) => multiply(one, repeats[axis] ?? ONE))
  const along = target.findIndex(dependsOnRows)
  if (repeats.some((one, axis) => axis !== along && dependsOnRows(one))) throw new MixesRows('has rows on two axes')
  // A block for each row is the whole axis as it was, repeated as often as there are rows.
  return rows(along, target)
}

const pad: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  const rank = flow.shape.length
  const pads = call.opset < 11 ? (call.integers('pads') ?? call.integers('paddings')) : call.numbers(1)
  if (pads === undefined) throw new MixesRows('has pads that are computed')
  const axes = call.axes(3, rank) ?? flow.shape.map((_, axis) => axis)
  const target = [...flow.shape]
  for (const [at, axis] of axes.entries()) {
    const added = (pads[at] ?? 0) + (pads[at + axes.length] ?? 0)
    if (axis === flow.axis && (pads[at] !== 0 || pads[at + axes.length] !== 0))
      throw new MixesRows('adds rows of its own')
    const whole = target[axis] as Size
    const from = asNumber(whole)
    if (added !== 0) target[axis] = from === undefined ? call.fresh() : number(from + added)
  }
  return rows(flow.axis, target)
}

const constantOfShape: Rule = (call) => {
  const flow = call.given(0)
  if (flow.kind === 'rows') throw new MixesRows('takes a shape from the rows')
  const { values } = flow
  if (values === undefined) return constant()
  const along = values.findIndex(dependsOnRows)
  const value = call.tensor('value')?.values?.[0] ?? (call.has('value') ? undefined : 0)
  if (along === -1) {
    const count = asNumber(product(values))
    const small = value !== undefined && count !== undefined && count <= MAX_VALUES
    return constant(values, small ? new Array<Size>(count).fill(number(value)) : undefined)
  }
  if (values.some((one, axis) => axis !== along && dependsOnRows(one))) throw new MixesRows('has rows on two axes')
  return rows(along, values)
}

const compress: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  if (!call.has('axis')) throw new MixesRows('takes some of the rows by their position')
  const axis = fromFront(call.integer('axis', 0), flow.shape.length)
  if (axis === flow.axis) throw new MixesRows('takes some of the rows by their position')
  return rows(
    flow.axis,
    flow.shape.map((one, at) => (at === axis ? call.fresh() : one)),
  )
}

const where = arithmetic(([condition, one, other]) => {
  const chosen = condition && asNumber(condition)
  return chosen === undefined ? undefined : chosen === 0 ? other : one
})

const range: Rule = (call) => {
  if (call.hasRows) throw new MixesRows('takes its bounds from the rows')
  const flow = call.present().find(({ kind }) => kind === 'count')
  if (flow !== undefined) throw new MixesRows('numbers the rows')
  const bounds = [0, 1, 2].map((index) => call.numbers(index)?.[0])
  const [start, limit, step] = bounds
  if (start === undefined || limit === undefined || step === undefined) return constant([call.fresh()])
  return constant([number(Math.max(0, Math.ceil((limit - start) / step)))])
}

/** Operators that move axes and elements, and those that shapes are computed with. */
export const SHAPE_OPERATORS: Readonly<Record<string, Rule>> = {
  Identity: identity,
  Cast: cast,
  Add: arithmetic(([one, other]) => one && other && sum(one, other, 1)),
  Sub: arithmetic(([one, other]) => one && other && sum(one, other, -1)),
  Mul: arithmetic(([one, other]) => one && other && multiply(one, other)),
  Div: arithmetic(([one, other]) => one && other && divide(one, other)),
  Equal: arithmetic(([one, other]) => one && other && compared(one, other)),
  Where: where,
  Shape: shape,
  Size: size,
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: elementsAlongAxis,
  ScatterElements: elementsAlongAxis,
  GatherND: gatherNd,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  ConstantOfShape: constantOfShape,
  Compress: compress,
  Range: range,
}
