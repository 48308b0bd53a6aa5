import type { Graph, GraphAttribute, GraphNode } from '../../session/index.ts'
import { constant, type Flow, fromFront, type Rows } from './flow.ts'
import { MixesRows } from './mixes-rows.ts'
import { asNumber, number, type Size } from './size.ts'

/** The rule of an operator: flows of its outputs from those of its inputs. Throws `MixesRows`; outputs left out count as mixed. */
export type Rule = (call: Call) => Flow | readonly Flow[]

/** Follows rows through a subgraph whose inputs are given; what it reads of the graphs around it is found there. */
export type FollowGraph = (graph: Graph, inputs: readonly Flow[]) => Flow[]

/** One use of an operator. */
export class Call {
  readonly node: GraphNode
  readonly inputs: readonly (Flow | undefined)[]
  /** Version of the operator set of its domain; 0 when the file does not say. */
  readonly opset: number
  readonly followGraph: FollowGraph
  /** A size that nothing is known of but that it is the same for all requests that share a call. */
  readonly fresh: () => Size
  private readonly attribute: (name: string) => GraphAttribute | undefined

  constructor(
    node: GraphNode,
    inputs: readonly (Flow | undefined)[],
    context: {
      opset: number
      followGraph: FollowGraph
      fresh: () => Size
      attribute: (name: string) => GraphAttribute | undefined
    },
  ) {
    this.node = node
    this.inputs = inputs
    this.opset = context.opset
    this.followGraph = context.followGraph
    this.fresh = context.fresh
    this.attribute = context.attribute
  }

  integer(name: string): number | undefined
  integer(name: string, absent: number): number
  integer(name: string, absent?: number): number | undefined {
    return this.attribute(name)?.integer ?? absent
  }

  integers(name: string): readonly number[] | undefined {
    return this.attribute(name)?.integers
  }

  /** Number of elements of a list. */
  count(name: string): number | undefined {
    return this.attribute(name)?.count
  }

  has(name: string): boolean {
    return this.attribute(name) !== undefined
  }

  text(name: string, absent: string): string {
    return this.attribute(name)?.text ?? absent
  }

  tensor(name: string) {
    return this.attribute(name)?.tensor
  }

  graph(name: string): Graph {
    const graph = this.attribute(name)?.graph
    if (graph === undefined) throw new MixesRows(`has no ${name}`)
    return graph
  }

  /** An input that is neither absent nor mixed. */
  given(index: number): Exclude<Flow, { kind: 'mixed' }> {
    const flow = this.inputs[index]
    if (flow === undefined || flow.kind === 'mixed') throw new MixesRows(`lacks its input ${index + 1}`)
    return flow
  }

  /** Inputs that are given, in order. */
  present(): Flow[] {
    return this.inputs.filter((flow) => flow !== undefined)
  }

  get hasRows(): boolean {
    return this.inputs.some((flow) => flow?.kind === 'rows')
  }

  rows(index: number): Rows {
    const flow = this.given(index)
    if (flow.kind !== 'rows') throw new MixesRows(`uses rows as its input ${this.rowsIndex() + 1}`)
    return flow
  }

  private rowsIndex(): number {
    return this.inputs.findIndex((flow) => flow?.kind === 'rows')
  }

  /** Refuses rows, and their number, in every input from `index` on. */
  constantsFrom(index: number): void {
    for (const [at, flow] of this.inputs.entries()) {
      if (at < index || flow === undefined || flow.kind === 'constant') continue
      throw new MixesRows(`takes its input ${at + 1} from the rows`)
    }
  }

  shape(index: number): readonly Size[] | undefined {
    const flow = this.inputs[index]
    return flow === undefined || flow.kind === 'mixed' ? undefined : flow.shape
  }

  /** Contents of a small tensor of numbers; undefined when the input is absent or its contents are not known. */
  values(index: number): readonly Size[] | undefined {
    const flow = this.inputs[index]
    return flow?.kind === 'constant' || flow?.kind === 'count' ? flow.values : undefined
  }

  /** Plain numbers of a small constant. */
  numbers(index: number): number[] | undefined {
    const values = this.values(index)?.map(asNumber)
    return values?.every((value) => value !== undefined) ? values : undefined
  }

  /** Axes by attribute or by input, from the front; undefined when none are given. */
  axes(index: number, rank: number): number[] | undefined {
    if (this.has('axes')) {
      const axes = this.integers('axes')
      if (axes === undefined) throw new MixesRows('has axes that cannot be read')
      return axes.map((axis) => fromFront(axis, rank))
    }
    if (this.inputs[index] === undefined) return undefined
    const axes = this.numbers(index)
    if (axes === undefined) throw new MixesRows('has axes that are computed')
    return axes.map((axis) => fromFront(axis, rank))
  }

  /** The tensor that an attribute or the file holds, as a flow. */
  static constantOf(shape: readonly number[], values: readonly number[] | undefined): Flow {
    return constant(shape.map(number), values?.map(number))
  }
}
