import type { Call, Rule } from './call.ts'
import { constant, type Flow, fromFront, rows } from './flow.ts'
import { MixesRows } from './mixes-rows.ts'
import { asNumber, equal, ONE, type Size } from './size.ts'

/** A state that has not settled after so many rounds never will, as far as anybody can tell. */
const MAX_ROUNDS = 3

function same(one: Flow, other: Flow): boolean {
  if (one.kind === 'mixed' || other.kind === 'mixed' || one.kind !== other.kind) return false
  if (one.kind === 'rows' && other.kind === 'rows' && one.axis !== other.axis) return false
  if (one.kind === 'count' || other.kind === 'count') return false
  const [first, second] = [one.shape, other.shape]
  if (first === undefined || second === undefined) return first === second
  return first.length === second.length && first.every((size, axis) => equal(size, second[axis] as Size))
}

function commonShape(one: readonly Size[] | undefined, other: readonly Size[] | undefined, fresh: () => Size) {
  if (one === undefined || one.length !== other?.length) return undefined
  return one.map((size, axis) => (equal(size, other[axis] as Size) ? size : fresh()))
}

/** What holds of either of two values. */
function either(one: Flow, other: Flow, fresh: () => Size): Flow {
  if (one.kind === 'mixed') return one
  if (other.kind === 'mixed') return other
  if (one.kind === 'count' || other.kind === 'count') throw new MixesRows('computes with the number of rows')
  const shape = commonShape(one.shape, other.shape, fresh)
  if (one.kind === 'constant' && other.kind === 'constant') return constant(shape)
  const alike = one.kind === 'rows' && other.kind === 'rows' && one.axis === other.axis && shape !== undefined
  if (!alike || !equal(one.shape[one.axis] as Size, other.shape[other.axis] as Size)) {
    throw new MixesRows('gives rows in one case and none in another')
  }
  return rows(one.axis, shape)
}

/** Flows of a body whose states go round until they do not change. */
function settle(call: Call, states: readonly Flow[], follow: (states: readonly Flow[]) => Flow[]): Flow[] {
  let current = states.map((state) => (state.kind === 'constant' ? constant(state.shape) : state))
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outputs = follow(current)
    const next = current.map((state, index) => either(state, outputs[index] ?? state, call.fresh))
    const mixed = next.find(({ kind }) => kind === 'mixed')
    if (mixed !== undefined) return outputs.map(() => mixed)
    if (next.every((state, index) => same(state, current[index] as Flow))) return outputs
    current = next
  }
  throw new MixesRows('has a state whose shape changes from step to step')
}

const branch: Rule = (call) => {
  const condition = call.given(0)
  if (condition.kind !== 'constant') throw new MixesRows('decides by the rows')
  const known = condition.values?.[0] && asNumber(condition.values[0])
  if (known !== undefined) return call.followGraph(call.graph(known === 0 ? 'else_branch' : 'then_branch'), [])
  const [one, other] = [
    call.followGraph(call.graph('then_branch'), []),
    call.followGraph(call.graph('else_branch'), []),
  ]
  return one.map((flow, index) => either(flow, other[index] ?? flow, call.fresh))
}

/** One step's result among those of all steps: a new first axis. */
function stacked(flow: Flow, axis: number, steps: Size): Flow {
  if (flow.kind === 'mixed') return flow
  if (flow.kind === 'count') throw new MixesRows('computes with the number of rows')
  if (flow.shape === undefined) return flow
  const shape = [...flow.shape.slice(0, axis), steps, ...flow.shape.slice(axis)]
  return flow.kind === 'rows' ? rows(axis <= flow.axis ? flow.axis + 1 : flow.axis, shape) : constant(shape)
}

const loop: Rule = (call) => {
  for (const index of [0, 1]) {
    const flow = call.inputs[index]
    if (flow !== undefined && flow.kind !== 'constant')
      throw new MixesRows('takes the number of its steps from the rows')
  }
  const body = call.graph('body')
  const states = call.inputs.slice(2).map((_, index) => call.given(index + 2))
  const outputs = settle(call, states, (current) => {
    const [goesOn, ...rest] = call.followGraph(body, [constant([]), constant([]), ...current])
    if (goesOn?.kind !== 'constant') throw new MixesRows('takes the number of its steps from the rows')
    return rest
  })
  const steps = call.fresh()
  return outputs.map((flow, index) => (index < states.length ? flow : stacked(flow, 0, steps)))
}

const scan: Rule = (call) => {
  if (call.opset < 9) throw new MixesRows('has a batch axis of its own')
  const scanned = call.integer('num_scan_inputs', 0)
  const count = call.inputs.length - scanned
  const states = call.inputs.slice(0, count).map((_, index) => call.given(index))
  let steps = ONE
  const slices = call.inputs.slice(count).map((_, index): Flow => {
    const flow = call.given(count + index)
    if (flow.kind === 'count' || flow.shape === undefined)
      throw new MixesRows('steps through a tensor whose shape is not known')
    const axis = fromFront(call.integers('scan_input_axes')?.[index] ?? 0, flow.shape.length)
    if (flow.kind === 'rows' && flow.axis === axis) throw new MixesRows('steps through the rows')
    steps = flow.shape[axis] ?? call.fresh()
    const shape = flow.shape.filter((_, at) => at !== axis)
    return flow.kind === 'rows' ? rows(flow.axis - (axis < flow.axis ? 1 : 0), shape) : constant(shape)
  })
  const outputs = settle(call, states, (current) => call.followGraph(call.graph('body'), [...current, ...slices]))
  return outputs.map((flow, index) => {
    if (index < count || flow.kind === 'mixed') return flow
    const rank = (flow.shape?.length ?? 0) + 1
    return stacked(flow, fromFront(call.integers('scan_output_axes')?.[index - count] ?? 0, rank), steps)
  })
}

export const CONTROL_FLOW: Readonly<Record<string, Rule>> = { If: branch, Loop: loop, Scan: scan }
