import type { ModelInterface } from '../../contract/index.ts'
import type { Graph, GraphAttribute, GraphFunction, GraphNode, ModelGraph } from '../../session/index.ts'
import { Call } from './call.ts'
import { type Cause, constant, type Flow, rows } from './flow.ts'
import { DrawsRandomNumbers, MixesRows } from './mixes-rows.ts'
import { OPERATORS } from './operators.ts'
import { equal, named, number, ROWS, type Size } from './size.ts'

/** Operators that are followed at most, each time that a loop or a call leads to them: nested ones multiply. */
const MAX_STEPS = 2_000_000

/** Functions that call each other deeper than this are not followed. */
const DEEPEST_CALL = 32

/** Why an output of a graph cannot be taken apart into the rows of its inputs. */
export interface MixedOutput {
  output: string
  /** Absent when no operator is to blame: the output has no rows, or has them elsewhere than on its first axis. */
  cause?: Cause
  /** A sentence about the output when there is no `cause`. */
  message?: string
}

/**
 * The first output of a graph that does not depend row by row on its inputs, or is not shown to; undefined when every output has one
 * row for each row of the inputs, and no row depends on another or on their number. The rows are the first axis of every input.
 *
 * An abstract interpretation of the graph (no weight is read and nothing is run): each value is the same for all requests, made of
 * sizes, row by row along one axis, or mixed. What is not known to keep rows apart counts as mixing them.
 */
export function findMixedOutput(
  { facts, graph, functions }: ModelGraph,
  { inputs, outputs }: ModelInterface,
): MixedOutput | undefined {
  const follower = new RowFollower(facts.opsets, functions)
  const given = new Map<string, Flow>()
  for (const { name, shape } of inputs) {
    const sizes = shape.map((size, axis) => (axis === 0 ? ROWS : typeof size === 'number' ? number(size) : named(size)))
    given.set(name, rows(0, sizes))
  }
  const flows = follower.follow(graph, new Scope(undefined, given))
  for (const { name } of outputs) {
    const mixed = mixedOutput(name, flows.get(name))
    if (mixed !== undefined) return mixed
  }
  return undefined
}

function mixedOutput(output: string, flow: Flow | undefined): MixedOutput | undefined {
  if (flow === undefined) return { output, message: 'is not computed by the graph' }
  if (flow.kind === 'mixed') return { output, cause: flow.cause }
  if (flow.kind !== 'rows') return { output, message: 'is not made of rows' }
  if (flow.axis !== 0) return { output, message: `has its rows on axis ${flow.axis}` }
  return equal(flow.shape[0] as Size, ROWS)
    ? undefined
    : { output, message: 'does not have one row for each row of the inputs' }
}

/** Values by name; a subgraph sees those of the graphs around it. */
class Scope {
  private readonly outer: Scope | undefined
  private readonly flows: Map<string, Flow>

  constructor(outer: Scope | undefined, flows: Map<string, Flow> = new Map()) {
    this.outer = outer
    this.flows = flows
  }

  get(name: string): Flow | undefined {
    return this.flows.get(name) ?? this.outer?.get(name)
  }

  set(name: string, flow: Flow): void {
    this.flows.set(name, flow)
  }
}

type Attributes = ReadonlyMap<string, GraphAttribute>

class RowFollower {
  private readonly opsets: Record<string, number>
  private readonly functions: Map<string, GraphFunction>
  private fresh = 0
  private steps = 0

  constructor(opsets: Record<string, number>, functions: readonly GraphFunction[]) {
    this.opsets = opsets
    this.functions = new Map(
      functions.map((one) => [operatorKey(one.domain === 'ai.onnx' ? '' : one.domain, one.name), one]),
    )
  }

  follow(graph: Graph, scope: Scope, attributes: Attributes = new Map(), depth = 0): Scope {
    for (const { name, shape, values } of graph.initializers.values()) scope.set(name, Call.constantOf(shape, values))
    this.followNodes(graph.nodes, scope, attributes, depth)
    return scope
  }

  private followNodes(nodes: readonly GraphNode[], scope: Scope, attributes: Attributes, depth: number): void {
    for (const node of nodes) {
      const flows = this.followNode(node, scope, attributes, depth)
      for (const [index, name] of node.outputs.entries()) {
        if (name !== '')
          scope.set(name, flows[index] ?? mixed(node, 'has an output that is not known to be row by row'))
      }
    }
  }

  private followNode(node: GraphNode, scope: Scope, attributes: Attributes, depth: number): readonly Flow[] {
    this.steps += 1
    if (this.steps > MAX_STEPS) return all(node, mixed(node, 'is one of more operators than can be followed'))
    const inputs: (Flow | undefined)[] = []
    for (const name of node.inputs) {
      const flow = name === '' ? undefined : scope.get(name)
      if (name !== '' && flow === undefined) return all(node, mixed(node, `reads ${name} before it is computed`))
      if (flow?.kind === 'mixed') return all(node, flow)
      inputs.push(flow)
    }
    const key = operatorKey(node.domain, node.operator)
    const called = this.functions.get(key)
    const rule = OPERATORS.get(key)
    if (called !== undefined && rule === undefined) return this.followFunction(node, called, inputs, attributes, depth)
    if (called !== undefined || rule === undefined) {
      return all(node, mixed(node, 'is not known to treat rows one by one'))
    }
    const call = new Call(node, inputs, {
      opset: this.opsets[node.domain || 'ai.onnx'] ?? 0,
      fresh: () => named(`?${this.fresh++}`),
      attribute: (name) => resolve(node.attributes.get(name), attributes),
      followGraph: (graph, given) => {
        const inner = new Scope(scope, new Map(graph.inputs.map((name, index) => [name, given[index] ?? constant()])))
        this.follow(graph, inner, attributes, depth)
        return graph.outputs.map((name) => inner.get(name) ?? mixed(node, `has no ${name}`))
      },
    })
    try {
      const flows = rule(call)
      return 'kind' in flows ? [flows] : flows
    } catch (error) {
      if (!(error instanceof MixesRows)) throw error
      // Without rows an operator cannot mix any, whether or not its rule knows what comes out. A subgraph may read rows from around it.
      const without = inputs.every((flow) => flow === undefined || flow.kind === 'constant')
      const closed = [...node.attributes.values()].every(({ graph }) => graph === undefined)
      if (without && closed && !(error instanceof DrawsRandomNumbers)) return all(node, constant())
      return all(node, mixed(node, error.message))
    }
  }

  /** The nodes of a function in place of its call. */
  private followFunction(
    node: GraphNode,
    called: GraphFunction,
    inputs: readonly (Flow | undefined)[],
    attributes: Attributes,
    depth: number,
  ): readonly Flow[] {
    if (depth >= DEEPEST_CALL) return all(node, mixed(node, 'is a function that calls itself'))
    const given = new Map<string, Flow>()
    for (const [index, name] of called.inputs.entries()) {
      const flow = inputs[index]
      if (flow !== undefined) given.set(name, flow)
    }
    const scope = new Scope(undefined, given)
    const own = new Map(
      [...node.attributes].flatMap(([name, attribute]) => {
        const value = resolve(attribute, attributes)
        return value === undefined ? [] : [[name, value] as const]
      }),
    )
    this.followNodes(called.nodes, scope, own, depth + 1)
    return called.outputs.map((name) => scope.get(name) ?? mixed(node, `has no ${name}`))
  }
}

function resolve(attribute: GraphAttribute | undefined, attributes: Attributes): GraphAttribute | undefined {
  return attribute?.reference ? attributes.get(attribute.reference) : attribute
}

function operatorKey(domain: string, operator: string): string {
  return domain === '' ? operator : `${domain}.${operator}`
}

function all(node: GraphNode, flow: Flow): Flow[] {
  return node.outputs.map(() => flow)
}

function mixed(node: GraphNode, why: string): Flow {
  const operator = `${node.domain || 'ai.onnx'}.${node.operator}`
  return { kind: 'mixed', cause: { operator, node: node.name || (node.outputs[0] ?? ''), why } }
}
