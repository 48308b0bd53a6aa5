import type { OnnxNode, OnnxTensor } from './onnx-model.ts'
import type { Random } from './random.ts'

/** Columns of the table that every step takes and gives. */
export const COLUMNS = 6

/** Nodes under construction: a chain of tables `[batch, COLUMNS]`. */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly initializers: Record<string, OnnxTensor> = {}
  private readonly chance: Random
  private names = 0

  constructor(chance: Random) {
    this.chance = chance
  }

  name(): string {
    this.names += 1
    return `v${this.names}`
  }

  integers(...values: number[]): string {
    return this.constant({ type: 'int64', shape: [values.length], values })
  }

  scalar(value: number, type: OnnxTensor['type'] = 'int64'): string {
    return this.constant({ type, shape: [], values: [value] })
  }

  weights(...shape: number[]): string {
    const count = shape.reduce((product, size) => product * size, 1)
    const values = Array.from({ length: count }, () => Math.fround(this.chance.next() - 0.5))
    return this.constant({ type: 'float32', shape, values })
  }

  constant(tensor: OnnxTensor): string {
    const name = this.name()
    this.initializers[name] = tensor
    return name
  }

  /** Adds a node of an operator, with its domain before it where it has one, and gives the name of its first output. */
  op(operator: string, inputs: string[], attributes: NonNullable<OnnxNode['attributes']> = {}, outputs = 1): string {
    const names = Array.from({ length: outputs }, () => this.name())
    const dot = operator.lastIndexOf('.')
    const domain = dot === -1 ? {} : { domain: operator.slice(0, dot) }
    this.nodes.push({ operator: operator.slice(dot + 1), ...domain, inputs, outputs: names, attributes })
    return names[0] as string
  }

  last(output: number): string {
    return this.nodes.at(-1)?.outputs[output] as string
  }

  /** The number of rows, as a list of one. */
  rows(table: string): string {
    return this.op('Slice', [this.op('Shape', [table]), this.integers(0), this.integers(1)])
  }
}
