import type { ModelInterface } from '../contract/index.ts'
import { COLUMNS, GraphBuilder } from './graph-builder.ts'
import { type OnnxGraph, type OnnxNode, type OnnxValue, onnxModel } from './onnx-model.ts'
import type { Random } from './random.ts'

/** A graph of one float32 input `x`, and what is known of it. */
export interface GeneratedGraph {
  kind: GraphKind
  model: Uint8Array
  interface: ModelInterface
  /** Operators in order, for messages. */
  operators: string[]
  /** The operator that mixes rows; undefined when none does. */
  mixes: string | undefined
}

export const GRAPH_KINDS = ['row-wise', 'row-mixing', 'time-major', 'scalar', 'constant', 'inner-batch'] as const
export type GraphKind = (typeof GRAPH_KINDS)[number]

type Step = (build: GraphBuilder, table: string) => string

/** Steps that treat each row by itself, as exporters write them. */
const ROW_WISE: Record<string, Step> = {
  dense: (b, x) => b.op('Relu', [b.op('Gemm', [x, b.weights(COLUMNS, COLUMNS), b.weights(COLUMNS)])]),
  turned: (b, x) => b.op('Gemm', [x, b.weights(COLUMNS, COLUMNS)], { transB: 1 }),
  matrix: (b, x) => b.op('Add', [b.op('MatMul', [x, b.weights(COLUMNS, COLUMNS)]), b.weights(1, COLUMNS)]),
  softmax: (b, x) => b.op('Softmax', [x], { axis: -1 }),
  layerNormalization: (b, x) => b.op('LayerNormalization', [x, b.weights(COLUMNS), b.weights(COLUMNS)], { axis: -1 }),
  batchNormalization: (b, x) => {
    const variance = b.op('Abs', [b.weights(COLUMNS)])
    return b.op('BatchNormalization', [x, b.weights(COLUMNS), b.weights(COLUMNS), b.weights(COLUMNS), variance])
  },
  centered: (b, x) => b.op('Sub', [x, b.op('ReduceMean', [x], { axes: [1], keepdims: 1 })]),
  columnSum: (b, x) => b.op('CumSum', [x, b.scalar(1)]),
  topColumns: (b, x) => b.op('TopK', [x, b.integers(COLUMNS)], { axis: -1 }, 2),
  reversedColumns: (b, x) => b.op('Slice', [x, b.integers(-1), b.integers(-100), b.integers(1), b.integers(-1)]),
  gathered: (b, x) => b.op('Gather', [x, b.integers(5, 4, 3, 2, 1, 0)], { axis: 1 }),
  halves: (b, x) => {
    b.op('Split', [x], { axis: 1 }, 2)
    return b.op('Concat', [b.last(1), b.last(0)], { axis: 1 })
  },
  keptRows: (b, x) => b.op('Reshape', [b.op('Reshape', [x, b.integers(0, 2, -1)]), b.integers(0, -1)]),
  openRows: (b, x) => b.op('Reshape', [b.op('Reshape', [x, b.integers(-1, 3, 2)]), b.integers(-1, COLUMNS)]),
  blocks: (b, x) => {
    const blocks = b.op('Tanh', [b.op('Reshape', [x, b.integers(-1, 2)])])
    return b.op('Reshape', [blocks, b.op('Concat', [b.rows(x), b.integers(-1)], { axis: 0 })])
  },
  turnedAround: (b, x) =>
    b.op('Transpose', [b.op('Sigmoid', [b.op('Transpose', [x], { perm: [1, 0] })])], { perm: [1, 0] }),
  attention: (b, x) => {
    const heads = b.op('Reshape', [x, b.integers(0, 3, 2)])
    const scores = b.op('Softmax', [b.op('MatMul', [heads, b.op('Transpose', [heads], { perm: [0, 2, 1] })])], {
      axis: 2,
    })
    return b.op('Flatten', [b.op('MatMul', [scores, heads])], { axis: 1 })
  },
  convolution: (b, x) => {
    const image = b.op('Unsqueeze', [x, b.integers(1)])
    return b.op('Squeeze', [b.op('Conv', [image, b.weights(1, 1, 3)], { pads: [1, 1] }), b.integers(1)])
  },
  recurrent: (b, x) => {
    const sequence = b.op('Transpose', [b.op('Reshape', [x, b.integers(0, 3, 2)])], { perm: [1, 0, 2] })
    b.op(
      'GRU',
      [sequence, b.weights(1, 3 * COLUMNS, 2), b.weights(1, 3 * COLUMNS, COLUMNS)],
      { hidden_size: COLUMNS },
      2,
    )
    return b.op('Squeeze', [b.last(1), b.integers(0)])
  },
  zerosAdded: (b, x) => {
    const shape = b.op('Concat', [b.rows(x), b.integers(COLUMNS)], { axis: 0 })
    return b.op('Add', [x, b.op('ConstantOfShape', [shape])])
  },
  chosen: (b, x) => b.op('Where', [b.op('Greater', [x, b.scalar(0.1, 'float32')]), x, b.op('Neg', [x])]),
  scaled: (b, x) => b.op('Div', [x, b.op('Add', [b.op('ReduceL2', [x], { axes: [1] }), b.scalar(1, 'float32')])]),
  repeated: (b, x) => loop(b, x, { operator: 'Softsign', inputs: ['state'], outputs: ['next'] }),
}

/** Steps that make a row depend on others, on its position or on their number. */
const ROW_MIXING: Record<string, Step> = {
  ReduceMean: (b, x) => b.op('Sub', [x, b.op('ReduceMean', [x], { axes: [0], keepdims: 1 })]),
  ReduceMax: (b, x) => {
    // Only an outlier in another row changes anything: a trial with ordinary rows finds nothing.
    const outlier = b.op('Greater', [b.op('ReduceMax', [x], { keepdims: 0 }), b.scalar(1e6, 'float32')])
    return b.op('Where', [outlier, b.op('Neg', [x]), x])
  },
  DynamicQuantizeLinear: (b, x) => {
    b.op('DynamicQuantizeLinear', [x], {}, 3)
    return b.op('DequantizeLinear', [b.last(0), b.last(1), b.last(2)])
  },
  CumSum: (b, x) => b.op('CumSum', [x, b.scalar(0)]),
  Softmax: (b, x) => b.op('Softmax', [x], { axis: 0 }),
  LpNormalization: (b, x) => b.op('LpNormalization', [x], { axis: 0, p: 2 }),
  MeanVarianceNormalization: (b, x) => b.op('MeanVarianceNormalization', [x], { axes: [0] }),
  MatMul: (b, x) => b.op('MatMul', [b.op('MatMul', [x, b.op('Transpose', [x], { perm: [1, 0] })]), x]),
  TopK: (b, x) => b.op('TopK', [x, b.rows(x)], { axis: 0 }, 2),
  Slice: (b, x) => b.op('Slice', [x, b.integers(-1), b.integers(-1_000_000), b.integers(0), b.integers(-1)]),
  Mul: (b, x) => b.op('Mul', [x, b.op('Cast', [b.rows(x)], { to: 1 })]),
  Range: (b, x) => {
    const count = b.op('Squeeze', [b.rows(x), b.integers(0)])
    const position = b.op('Cast', [b.op('Range', [b.scalar(0), count, b.scalar(1)])], { to: 1 })
    return b.op('Add', [x, b.op('Unsqueeze', [position, b.integers(1)])])
  },
  Reshape: (b, x) => b.op('Reshape', [b.op('Transpose', [x], { perm: [1, 0] }), b.integers(-1, COLUMNS)]),
  GRU: (b, x) => {
    const steps = b.op('Unsqueeze', [x, b.integers(1)])
    b.op(
      'GRU',
      [steps, b.weights(1, 3 * COLUMNS, COLUMNS), b.weights(1, 3 * COLUMNS, COLUMNS)],
      { hidden_size: COLUMNS },
      1,
    )
    return b.op('Squeeze', [b.last(0), b.integers(1, 2)])
  },
  Scan: (b, x) => {
    const row = (name: string): OnnxValue => ({ name, type: 'float32', shape: [COLUMNS] })
    const body: OnnxGraph = {
      inputs: [row('sum'), row('one')],
      outputs: [row('total'), row('copy')],
      nodes: [
        { operator: 'Add', inputs: ['sum', 'one'], outputs: ['total'] },
        { operator: 'Identity', inputs: ['total'], outputs: ['copy'] },
      ],
    }
    b.op('Scan', [b.weights(COLUMNS), x], { body, num_scan_inputs: 1 }, 2)
    return b.last(1)
  },
  ReduceSum: (b, x) => {
    const sum = b.op('ReduceSum', [x], { keepdims: 0 })
    const branch = (operator: string): OnnxGraph => ({
      inputs: [],
      outputs: [{ name: operator, type: 'float32', shape: ['rows', COLUMNS] }],
      nodes: [{ operator, inputs: [x], outputs: [operator] }],
    })
    const condition = b.op('Greater', [sum, b.scalar(0, 'float32')])
    return b.op('If', [condition], { then_branch: branch('Neg'), else_branch: branch('Abs') })
  },
  Concat: (b, x) => {
    const twice = b.op('Concat', [b.op('Neg', [x]), x], { axis: 0 })
    return b.op('Slice', [twice, b.integers(1), b.op('Add', [b.rows(x), b.integers(1)]), b.integers(0)])
  },
  Gather: (b, x) => b.op('Add', [x, b.op('Gather', [x, b.integers(0)], { axis: 0 })]),
  Einsum: (b, x) => b.op('Einsum', [x, x, b.weights(COLUMNS, COLUMNS)], { equation: 'ni,mj,ij->nj' }),
}

function loop(b: GraphBuilder, x: string, step: OnnxNode): string {
  const body: OnnxGraph = {
    inputs: [
      { name: 'round', type: 'int64', shape: [] },
      { name: 'go', type: 'bool', shape: [] },
      { name: 'state', type: 'float32', shape: ['rows', COLUMNS] },
    ],
    outputs: [
      { name: 'go_on', type: 'bool', shape: [] },
      { name: 'next', type: 'float32', shape: ['rows', COLUMNS] },
    ],
    nodes: [{ operator: 'Identity', inputs: ['go'], outputs: ['go_on'] }, step],
  }
  return b.op('Loop', [b.scalar(3), b.scalar(1, 'bool'), x], { body })
}

const FLOAT = 'float32' as const

/** A graph of one kind; the same chance gives the same graph. */
export function generateGraph(kind: GraphKind, chance: Random): GeneratedGraph {
  const build = new GraphBuilder(chance)
  const steps: string[] = []
  const rowWise = (count: number, from: string) => {
    let table = from
    for (let step = 0; step < count; step++) {
      const name = chance.pick(Object.keys(ROW_WISE))
      steps.push(name)
      table = (ROW_WISE[name] as Step)(build, table)
    }
    return table
  }
  const table: (number | string)[] = ['batch', COLUMNS]
  const finish = (
    operators: string[],
    input: (number | string)[],
    result: string,
    output: (number | string)[],
    mixes: string | undefined,
  ) => graphOf(kind, build, { operators, input, result, output, mixes })
  switch (kind) {
    case 'row-wise':
      return finish(steps, table, rowWise(1 + chance.below(4), 'x'), table, undefined)
    case 'row-mixing': {
      const mixes = chance.pick(Object.keys(ROW_MIXING))
      const before = rowWise(chance.below(3), 'x')
      steps.push(mixes)
      const after = (ROW_MIXING[mixes] as Step)(build, before)
      return finish(steps, table, rowWise(chance.below(3), after), table, mixes)
    }
    case 'time-major': {
      const shape = [chance.pick(['time', 'steps']), 'batch', 2]
      const sums = build.op('CumSum', ['x', build.scalar(0)])
      return finish(['CumSum'], shape, sums, shape, 'CumSum')
    }
    case 'scalar': {
      const sum = build.op(chance.pick(['ReduceSum', 'ReduceMax']), [rowWise(1, 'x')], { keepdims: 0 })
      return finish(steps, table, sum, [], 'ReduceSum')
    }
    case 'constant': {
      const declared = chance.pick([table, [1, COLUMNS]])
      return finish(steps, table, build.op('Identity', [build.weights(1, COLUMNS)]), declared, 'Identity')
    }
    case 'inner-batch': {
      if (chance.oneIn(2)) {
        const fixed = [1, COLUMNS]
        return finish(steps, fixed, rowWise(1, 'x'), fixed, 'x')
      }
      const inner = build.op('Softmax', [build.op('Reshape', ['x', build.integers(3, -1)])], { axis: -1 })
      const outer = build.op('Reshape', [inner, build.integers(-1, COLUMNS)])
      return finish(['inner batch'], table, outer, table, 'Reshape')
    }
  }
}

/** A whole model of what was built. */
export function graphOf(
  kind: GraphKind,
  { nodes, initializers }: GraphBuilder,
  { operators, input, result, output, mixes, opset }: Parts,
): GeneratedGraph {
  const graph = {
    inputs: [{ name: 'x', type: FLOAT, shape: input }],
    outputs: [{ name: 'y', type: FLOAT, shape: output }],
    initializers,
    nodes: [...nodes, { operator: 'Identity', inputs: [result], outputs: ['y'] }],
  }
  return {
    kind,
    model: onnxModel(graph, opset),
    interface: {
      inputs: [{ name: 'x', datatype: FLOAT, shape: input }],
      outputs: [{ name: 'y', datatype: FLOAT, shape: output }],
    },
    operators,
    mixes,
  }
}

interface Parts {
  operators: string[]
  input: (number | string)[]
  /** Name of the value that is the output. */
  result: string
  output: (number | string)[]
  mixes: string | undefined
  opset?: number | undefined
}
