import { type GeneratedGraph, graphOf } from './generated-graphs.ts'
import { COLUMNS, GraphBuilder } from './graph-builder.ts'
import type { OnnxGraph, OnnxNode } from './onnx-model.ts'
import type { Random } from './random.ts'

interface OperatorCase {
  /** Adds nodes to a graph of `x` and gives the name of the result. */
  build(b: GraphBuilder, x: string): string
  /** Of `x` and the result; a table `[batch, COLUMNS]` by default. */
  input?: (number | string)[]
  output?: (number | string)[]
  opset?: number
  /** The operator that mixes rows; undefined for a graph that keeps them apart. */
  mixes?: string
}

const TABLE = ['batch', COLUMNS]
const IMAGES = ['batch', 2, 4, 4]

const float = (b: GraphBuilder, table: string) => b.op('Cast', [table], { to: 1 })
const turned = (b: GraphBuilder, table: string) => b.op('Transpose', [table], { perm: [1, 0] })
const bytes = (b: GraphBuilder, values: number[], type: 'uint8' | 'int8' = 'uint8', shape = [values.length]) =>
  b.constant({ type, shape, values })
const byte = (b: GraphBuilder, value: number) => bytes(b, [value], 'uint8', [])
const floats = (b: GraphBuilder, values: number[]) => b.constant({ type: 'float32', shape: [values.length], values })
const every = (size: number) => Array.from({ length: COLUMNS * COLUMNS }, (_, index) => ((index * 7) % size) - size / 2)

/** `x` in whole numbers of 8 bits, with scales that are constants. */
const quantized = (b: GraphBuilder, x: string) => b.op('QuantizeLinear', [x, b.scalar(0.02, 'float32'), byte(b, 128)])
const weights8 = (b: GraphBuilder) => bytes(b, every(100), 'int8', [COLUMNS, COLUMNS])

/** `[batch, COLUMNS]` as `[batch, 3, 2]` and back. */
const folded = (b: GraphBuilder, x: string) => b.op('Reshape', [x, b.integers(0, 3, 2)])
const flat = (b: GraphBuilder, x: string) => b.op('Reshape', [x, b.integers(0, -1)])

/** A tree of two leaves on the first column. */
const TREE = {
  nodes_treeids: [0, 0, 0],
  nodes_nodeids: [0, 1, 2],
  nodes_featureids: [0, 0, 0],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_values: { floats: [0.1, 0, 0] },
  nodes_truenodeids: [1, 0, 0],
  nodes_falsenodeids: [2, 0, 0],
  nodes_missing_value_tracks_true: [0, 0, 0],
}

function bodyOf(nodes: OnnxNode[]): OnnxGraph {
  return {
    inputs: [
      { name: 'round', type: 'int64', shape: [] },
      { name: 'go', type: 'bool', shape: [] },
      { name: 'state', type: 'float32', shape: ['rows', COLUMNS] },
    ],
    outputs: [
      { name: 'go_on', type: 'bool', shape: [] },
      { name: 'next', type: 'float32', shape: ['rows', COLUMNS] },
    ],
    nodes: [{ operator: 'Identity', inputs: ['go'], outputs: ['go_on'] }, ...nodes],
  }
}

const branchOf = (nodes: OnnxNode[], name: string): OnnxGraph => ({
  inputs: [],
  outputs: [{ name, type: 'float32', shape: ['rows', COLUMNS] }],
  nodes,
})

const lstm = (b: GraphBuilder, steps: string, size: number) => {
  b.op(
    'LSTM',
    [steps, b.weights(1, 4 * COLUMNS, size), b.weights(1, 4 * COLUMNS, COLUMNS)],
    { hidden_size: COLUMNS },
    3,
  )
}

/** Every way to use an operator that keeps rows apart in one use and mixes them in another, as exporters and users write it. */
export const OPERATOR_CASES: Record<string, OperatorCase> = {
  // Reductions.
  'reduces a row, axes by input': { build: (b, x) => b.op('ReduceSum', [x, b.integers(1)]), output: ['batch', 1] },
  'reduces the rows, axes by input': {
    build: (b, x) => b.op('Add', [x, b.op('ReduceSum', [x, b.integers(0)])]),
    mixes: 'ReduceSum',
  },
  'reduces the rows, counted from the end': {
    build: (b, x) => b.op('Sub', [x, b.op('ReduceMin', [x], { axes: [-2] })]),
    mixes: 'ReduceMin',
  },
  'reduces by axes that nobody can read': {
    build: (b, x) => {
      const weights = b.weights(1)
      const axes = b.op('Cast', [b.op('Sub', [weights, weights])], { to: 7 })
      return b.op('Add', [x, b.op('ReduceSum', [x, axes])])
    },
    mixes: 'ReduceSum',
  },
  'reduces nothing without axes': { build: (b, x) => b.op('ReduceSum', [x, ''], { noop_with_empty_axes: 1 }) },
  'reduces everything without axes': {
    build: (b, x) => b.op('Add', [x, b.op('ReduceSum', [x, ''])]),
    mixes: 'ReduceSum',
  },
  'finds the largest column': { build: (b, x) => float(b, b.op('ArgMax', [x], { axis: 1 })), output: ['batch', 1] },
  'finds the largest row': { build: (b, x) => b.op('Add', [x, float(b, b.op('ArgMax', [x]))]), mixes: 'ArgMax' },
  'finds the smallest row': {
    build: (b, x) => b.op('Add', [x, float(b, b.op('ArgMin', [x], { axis: -2, keepdims: 0 }))]),
    mixes: 'ArgMin',
  },
  // Normalizations.
  'LogSoftmax over columns': { build: (b, x) => b.op('LogSoftmax', [x]) },
  'LogSoftmax over rows': { build: (b, x) => b.op('LogSoftmax', [x], { axis: -2 }), mixes: 'LogSoftmax' },
  'Softmax before operator set 13 over all axes from the first': {
    build: (b, x) => b.op('Softmax', [x], { axis: 0 }),
    opset: 11,
    mixes: 'Softmax',
  },
  'Softmax before operator set 13': { build: (b, x) => b.op('Softmax', [x]), opset: 11 },
  'Hardmax over rows': { build: (b, x) => b.op('Hardmax', [x], { axis: 0 }), mixes: 'Hardmax' },
  'LayerNormalization over rows': {
    build: (b, x) => b.op('LayerNormalization', [x, b.weights(1)], { axis: 0 }),
    mixes: 'LayerNormalization',
  },
  'LRN over channels': { build: (b, x) => b.op('LRN', [x], { size: 3 }), input: IMAGES, output: IMAGES },
  'LRN with rows for channels': {
    build: (b, x) =>
      b.op('Squeeze', [b.op('LRN', [b.op('Unsqueeze', [x, b.integers(0, 3)])], { size: 3 }), b.integers(0, 3)]),
    mixes: 'LRN',
  },
  'InstanceNormalization of images': {
    build: (b, x) => b.op('InstanceNormalization', [x, b.weights(2), b.weights(2)]),
    input: IMAGES,
    output: IMAGES,
  },
  'InstanceNormalization with rows for pixels': {
    build: (b, x) =>
      turned(
        b,
        b.op('Squeeze', [
          b.op('InstanceNormalization', [
            b.op('Unsqueeze', [turned(b, x), b.integers(0)]),
            b.weights(COLUMNS),
            b.weights(COLUMNS),
          ]),
          b.integers(0),
        ]),
      ),
    mixes: 'InstanceNormalization',
  },
  // Order and position.
  'TopK of columns': { build: (b, x) => b.op('TopK', [x, b.integers(3)], {}, 2), output: ['batch', 3] },
  'TopK of rows, given back': {
    build: (b, x) => {
      b.op('TopK', [x, b.integers(1)], { axis: 0 }, 2)
      return b.op('Add', [x, b.last(0)])
    },
    mixes: 'TopK',
  },
  'CumSum backwards over rows': { build: (b, x) => b.op('CumSum', [x, b.scalar(-2)], { reverse: 1 }), mixes: 'CumSum' },
  'CumSum over an axis that is computed': {
    build: (b, x) => b.op('CumSum', [x, b.op('Sub', [b.op('Size', [b.integers(1, 1)]), b.scalar(1)])]),
  },
  'Trilu of the rows': { build: (b, x) => b.op('Trilu', [x]), mixes: 'Trilu' },
  'Trilu within rows': { build: (b, x) => flat(b, b.op('Trilu', [folded(b, x)], { upper: 0 })) },
  EyeLike: { build: (b, x) => b.op('Add', [x, b.op('EyeLike', [x], { dtype: 1 })]), mixes: 'EyeLike' },
  'ReverseSequence within rows': {
    build: (b, x) =>
      b.op('ReverseSequence', [x, b.op('Expand', [b.scalar(4), b.rows(x)])], { batch_axis: 0, time_axis: 1 }),
  },
  'ReverseSequence of the rows': {
    build: (b, x) => b.op('ReverseSequence', [x, b.integers(1, 1, 1, 1, 1, 1)], { batch_axis: 1, time_axis: 0 }),
    mixes: 'ReverseSequence',
  },
  'Slice of the first rows': {
    build: (b, x) => b.op('Add', [x, b.op('Slice', [x, b.integers(0), b.integers(1), b.integers(0)])]),
    mixes: 'Slice',
  },
  'Slice of all rows': {
    build: (b, x) =>
      b.op('Slice', [
        x,
        b.integers(0),
        b.constant({ type: 'int64', shape: [1], values: [2n ** 63n - 1n] }),
        b.integers(0),
      ]),
  },
  'Slice of a thousand rows, which a batch does not have': {
    build: (b, x) => b.op('Slice', [x, b.integers(0), b.integers(1000), b.integers(0)]),
    mixes: 'Slice',
  },
  'Split of the rows': {
    build: (b, x) => {
      const twice = b.op('Tile', [x, b.integers(1, 1)])
      b.op(
        'Split',
        [b.op('Pad', [twice, b.integers(0, 0, 1, 0)]), b.op('Concat', [b.rows(x), b.integers(1)], { axis: 0 })],
        { axis: 0 },
        2,
      )
      return b.last(0)
    },
    mixes: 'Pad',
  },
  'Split of a row by sizes': {
    build: (b, x) => {
      b.op('Split', [x, b.integers(1, 5)], { axis: -1 }, 2)
      return b.op('Concat', [b.last(1), b.last(0)], { axis: -1 })
    },
  },
  // Choice of elements.
  'Compress of columns': {
    build: (b, x) => b.op('Compress', [x, b.constant({ type: 'bool', shape: [3], values: [1, 0, 1] })], { axis: 1 }),
    output: ['batch', 2],
  },
  'Compress of rows': {
    build: (b, x) =>
      b.op('Add', [x, b.op('Compress', [x, b.constant({ type: 'bool', shape: [1], values: [1] })], { axis: 0 })]),
    mixes: 'Compress',
  },
  'Compress of all elements': {
    build: (b, x) => b.op('Add', [x, b.op('Compress', [x, b.constant({ type: 'bool', shape: [1], values: [1] })])]),
    mixes: 'Compress',
  },
  NonZero: {
    build: (b, x) =>
      b.op('Add', [
        x,
        float(b, b.op('ReduceMax', [b.op('NonZero', [b.op('Greater', [x, b.scalar(0, 'float32')])])], { keepdims: 0 })),
      ]),
    mixes: 'NonZero',
  },
  Unique: {
    build: (b, x) => b.op('Add', [x, float(b, b.op('Size', [b.op('Unique', [x], { axis: 0 })]))]),
    mixes: 'Unique',
  },
  'Gather of the last row': { build: (b, x) => b.op('Add', [x, b.op('Gather', [x, b.scalar(-1)])]), mixes: 'Gather' },
  'Gather from a table by rows': {
    build: (b, x) =>
      b.op('Gather', [
        b.weights(3, COLUMNS),
        b.op('ArgMax', [b.op('Slice', [x, b.integers(0), b.integers(3), b.integers(1)])], { axis: 1, keepdims: 0 }),
      ]),
  },
  'GatherElements within rows': {
    build: (b, x) => b.op('GatherElements', [x, b.op('ArgMax', [x], { axis: 1 })], { axis: 1 }),
    output: ['batch', 1],
  },
  'GatherElements among rows': {
    build: (b, x) =>
      b.op('GatherElements', [x, b.op('Cast', [b.op('Greater', [b.op('Sub', [x, x]), x])], { to: 7 })], { axis: 0 }),
    mixes: 'GatherElements',
  },
  'GatherND within rows': {
    build: (b, x) => b.op('GatherND', [x, b.op('ArgMax', [x], { axis: 1 })], { batch_dims: 1 }),
    output: ['batch'],
  },
  'GatherND among rows': { build: (b, x) => b.op('Add', [x, b.op('GatherND', [x, b.integers(0)])]), mixes: 'GatherND' },
  'ScatterElements within rows': {
    build: (b, x) =>
      b.op('ScatterElements', [x, b.op('ArgMax', [x], { axis: 1 }), b.op('ReduceSum', [x, b.integers(1)])], {
        axis: 1,
      }),
  },
  'ScatterElements among rows': {
    build: (b, x) =>
      b.op('ScatterElements', [x, b.op('Cast', [b.op('Sub', [x, x])], { to: 7 }), x], { axis: 0, reduction: 'add' }),
    mixes: 'ScatterElements',
  },
  ScatterND: {
    build: (b, x) =>
      b.op('ScatterND', [
        x,
        b.constant({ type: 'int64', shape: [1, 1], values: [0] }),
        b.op('Slice', [x, b.integers(-1), b.integers(1000), b.integers(0)]),
      ]),
    mixes: 'Slice',
  },
  OneHot: {
    build: (b, x) =>
      b.op('OneHot', [b.op('ArgMax', [x], { axis: 1, keepdims: 0 }), b.scalar(COLUMNS), floats(b, [0, 1])]),
  },
  // Shapes.
  'folds the batch away and back': {
    build: (b, x) => b.op('Reshape', [b.op('Tanh', [b.op('Reshape', [x, b.integers(-1)])]), b.integers(-1, COLUMNS)]),
  },
  'folds rows into columns': {
    build: (b, x) =>
      b.op('Reshape', [b.op('Softmax', [b.op('Reshape', [x, b.integers(1, -1)])]), b.integers(-1, COLUMNS)]),
    mixes: 'Softmax',
  },
  'reshapes turned rows': { build: (b, x) => b.op('Reshape', [turned(b, x), b.op('Shape', [x])]), mixes: 'Reshape' },
  'flattens from the first axis': {
    build: (b, x) => b.op('Reshape', [b.op('Softmax', [b.op('Flatten', [x], { axis: 0 })]), b.integers(-1, COLUMNS)]),
    mixes: 'Softmax',
  },
  'squeezes without axes': { build: (b, x) => b.op('Add', [x, b.op('Squeeze', [x])]), mixes: 'Squeeze' },
  'repeats columns': { build: (b, x) => b.op('Tile', [x, b.integers(1, 2)]), output: ['batch', 2 * COLUMNS] },
  'repeats rows': {
    build: (b, x) =>
      b.op('Slice', [
        b.op('Tile', [x, b.integers(2, 1)]),
        b.integers(1),
        b.op('Add', [b.rows(x), b.integers(1)]),
        b.integers(0),
      ]),
    mixes: 'Tile',
  },
  'expands rows by a new axis': {
    build: (b, x) => b.op('Expand', [b.op('Unsqueeze', [x, b.integers(1)]), b.integers(1, 2, 1)]),
    output: ['batch', 2, COLUMNS],
  },
  'compares each row with every other': {
    build: (b, x) =>
      b.op('ReduceMax', [b.op('Sub', [b.op('Unsqueeze', [x, b.integers(0)]), b.op('Unsqueeze', [x, b.integers(1)])])], {
        axes: [0],
        keepdims: 0,
      }),
    mixes: 'Sub',
  },
  'multiplies each row with every other': {
    build: (b, x) => b.op('MatMul', [b.op('Softmax', [b.op('MatMul', [x, turned(b, x)])]), x]),
    mixes: 'MatMul',
  },
  'multiplies each row with every other by Gemm': {
    build: (b, x) => b.op('Gemm', [b.op('Gemm', [x, x], { transB: 1 }), x]),
    mixes: 'Gemm',
  },
  'puts rows after each other': {
    build: (b, x) =>
      b.op(
        'ReduceSum',
        [
          b.op('Reshape', [
            b.op('Concat', [x, x], { axis: 0 }),
            b.op('Concat', [b.integers(2), b.rows(x), b.integers(COLUMNS)], { axis: 0 }),
          ]),
          b.integers(0),
        ],
        { keepdims: 0 },
      ),
    mixes: 'Concat',
  },
  'divides by the number of rows': { build: (b, x) => b.op('Div', [x, float(b, b.op('Size', [x]))]), mixes: 'Div' },
  'counts rows that are divided out again': {
    build: (b, x) =>
      b.op('Mul', [x, float(b, b.op('Div', [b.op('Size', [x]), b.op('Squeeze', [b.rows(x), b.integers(0)])]))]),
  },
  'pads columns': {
    build: (b, x) => b.op('Pad', [x, b.integers(0, 1, 0, 1)], { mode: 'reflect' }),
    output: ['batch', COLUMNS + 2],
  },
  'Einsum within rows': {
    build: (b, x) => b.op('Einsum', [x, b.weights(COLUMNS, COLUMNS)], { equation: 'ni,ij->nj' }),
  },
  'Einsum of a sum over rows': {
    build: (b, x) => b.op('Add', [x, b.op('Einsum', [x], { equation: 'ni->i' })]),
    mixes: 'Einsum',
  },
  'Einsum of all pairs': { build: (b, x) => b.op('Einsum', [x, x, x], { equation: 'ni,mi,mj->nj' }), mixes: 'Einsum' },
  // Images and sequences.
  'Conv of images': {
    build: (b, x) => b.op('Conv', [x, b.weights(3, 2, 3, 3)], { pads: [1, 1, 1, 1] }),
    input: IMAGES,
    output: ['batch', 3, 4, 4],
  },
  'Conv over rows': {
    build: (b, x) =>
      b.op('Squeeze', [
        b.op('Conv', [b.op('Unsqueeze', [x, b.integers(0, 1)]), b.weights(1, 1, 3, 3)], { pads: [1, 1, 1, 1] }),
        b.integers(0, 1),
      ]),
    mixes: 'Conv',
  },
  'ConvTranspose of images': {
    build: (b, x) => b.op('ConvTranspose', [x, b.weights(2, 1, 2, 2)], { strides: [2, 2] }),
    input: IMAGES,
    output: ['batch', 1, 8, 8],
  },
  'MaxPool of images': {
    build: (b, x) => b.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }),
    input: IMAGES,
    output: ['batch', 2, 2, 2],
  },
  'MaxPool over rows': {
    build: (b, x) =>
      b.op('Squeeze', [
        b.op('MaxPool', [b.op('Unsqueeze', [x, b.integers(0, 1)])], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        b.integers(0, 1),
      ]),
    mixes: 'MaxPool',
  },
  'positions of MaxPool, counted through all rows': {
    build: (b, x) => {
      b.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }, 2)
      return float(b, b.last(1))
    },
    input: IMAGES,
    output: ['batch', 2, 2, 2],
    mixes: 'MaxPool',
  },
  GlobalAveragePool: { build: (b, x) => b.op('GlobalAveragePool', [x]), input: IMAGES, output: ['batch', 2, 1, 1] },
  'Resize of images': {
    build: (b, x) => b.op('Resize', [x, '', floats(b, [1, 1, 2, 2])], { mode: 'linear' }),
    input: IMAGES,
    output: ['batch', 2, 8, 8],
  },
  'Resize by the rows': {
    build: (b, x) => b.op('Resize', [b.op('Resize', [x, '', floats(b, [2, 1])]), '', floats(b, [0.5, 1])]),
    mixes: 'Resize',
  },
  DepthToSpace: {
    build: (b, x) => b.op('DepthToSpace', [x], { blocksize: 2 }),
    input: ['batch', 4, 2, 2],
    output: ['batch', 1, 4, 4],
  },
  'LSTM over the steps of each row': {
    build: (b, x) => {
      lstm(b, b.op('Transpose', [folded(b, x)], { perm: [1, 0, 2] }), 2)
      return b.op('Squeeze', [b.last(2), b.integers(0)])
    },
  },
  'LSTM with the rows for steps': {
    build: (b, x) => {
      lstm(b, b.op('Unsqueeze', [x, b.integers(1)]), COLUMNS)
      return b.op('Squeeze', [b.last(0), b.integers(1, 2)])
    },
    mixes: 'LSTM',
  },
  'RNN backwards over the rows': {
    build: (b, x) => {
      b.op(
        'RNN',
        [b.op('Unsqueeze', [x, b.integers(1)]), b.weights(1, COLUMNS, COLUMNS), b.weights(1, COLUMNS, COLUMNS)],
        { hidden_size: COLUMNS, direction: 'reverse' },
        2,
      )
      return b.op('Squeeze', [b.last(0), b.integers(1, 2)])
    },
    mixes: 'RNN',
  },
  'Scan through columns': {
    build: (b, x) => {
      const one = (name: string) => ({ name, type: 'float32' as const, shape: ['rows'] })
      const body: OnnxGraph = {
        inputs: [one('sum'), one('column')],
        outputs: [one('total'), one('copy')],
        nodes: [
          { operator: 'Add', inputs: ['sum', 'column'], outputs: ['total'] },
          { operator: 'Identity', inputs: ['total'], outputs: ['copy'] },
        ],
      }
      const zeros = b.op('ConstantOfShape', [b.rows(x)])
      b.op('Scan', [zeros, x], { body, num_scan_inputs: 1, scan_input_axes: [1], scan_output_axes: [1] }, 2)
      return b.last(1)
    },
  },
  // Control flow.
  'Loop as often as there are rows': {
    build: (b, x) =>
      b.op('Loop', [b.op('Squeeze', [b.rows(x), b.integers(0)]), b.scalar(1, 'bool'), x], {
        body: bodyOf([{ operator: 'Sin', inputs: ['state'], outputs: ['next'] }]),
      }),
    mixes: 'Loop',
  },
  'Loop whose body reads all rows from outside': {
    build: (b, x) =>
      b.op('Loop', [b.scalar(2), b.scalar(1, 'bool'), x], {
        body: bodyOf([
          { operator: 'ReduceMean', inputs: [x], outputs: ['mean'], attributes: { axes: [0] } },
          { operator: 'Add', inputs: ['state', 'mean'], outputs: ['next'] },
        ]),
      }),
    mixes: 'ReduceMean',
  },
  'If by a constant': {
    build: (b, x) =>
      b.op('If', [b.scalar(1, 'bool')], {
        then_branch: branchOf([{ operator: 'Neg', inputs: [x], outputs: ['a'] }], 'a'),
        else_branch: branchOf([{ operator: 'Softmax', inputs: [x], outputs: ['b'], attributes: { axis: 0 } }], 'b'),
      }),
  },
  'If that mixes in one case': {
    build: (b, x) =>
      b.op('If', [b.op('Greater', [b.op('ReduceMax', [b.weights(2)], { keepdims: 0 }), b.scalar(5, 'float32')])], {
        then_branch: branchOf([{ operator: 'Neg', inputs: [x], outputs: ['a'] }], 'a'),
        else_branch: branchOf([{ operator: 'Softmax', inputs: [x], outputs: ['b'], attributes: { axis: 0 } }], 'b'),
      }),
    mixes: 'Softmax',
  },
  // Whole numbers.
  'MatMulInteger with constant scales': {
    build: (b, x) => float(b, b.op('MatMulInteger', [quantized(b, x), weights8(b), byte(b, 128)])),
  },
  'MatMulInteger with the zero point of all rows': {
    build: (b, x) => {
      const q = b.op('DynamicQuantizeLinear', [x], {}, 3)
      return float(b, b.op('MatMulInteger', [q, weights8(b), b.last(2)]))
    },
    mixes: 'DynamicQuantizeLinear',
  },
  QLinearMatMul: {
    build: (b, x) => {
      const scale = b.scalar(0.02, 'float32')
      const product = b.op('QLinearMatMul', [
        quantized(b, x),
        scale,
        byte(b, 128),
        bytes(
          b,
          every(100).map((value) => value + 50),
          'uint8',
          [COLUMNS, COLUMNS],
        ),
        scale,
        byte(b, 50),
        b.scalar(0.5, 'float32'),
        byte(b, 128),
      ])
      return b.op('DequantizeLinear', [product, b.scalar(0.5, 'float32'), byte(b, 128)])
    },
  },
  'quantizes each column': {
    build: (b, x) =>
      b.op('DequantizeLinear', [
        b.op('QuantizeLinear', [x, floats(b, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), bytes(b, [1, 2, 3, 4, 5, 6])], {
          axis: 1,
        }),
        b.scalar(0.5, 'float32'),
        byte(b, 3),
      ]),
  },
  'com.microsoft.DynamicQuantizeMatMul': {
    build: (b, x) => b.op('com.microsoft.DynamicQuantizeMatMul', [x, weights8(b), b.scalar(0.02, 'float32')]),
    mixes: 'DynamicQuantizeMatMul',
  },
  // Operators of classical models.
  Normalizer: { build: (b, x) => b.op('ai.onnx.ml.Normalizer', [x], { norm: 'L2' }) },
  'Normalizer of a column of rows': {
    build: (b, x) =>
      b.op('Mul', [
        x,
        b.op(
          'Transpose',
          [
            b.op(
              'ai.onnx.ml.Normalizer',
              [b.op('Transpose', [b.op('Slice', [x, b.integers(0), b.integers(1), b.integers(1)])], { perm: [1, 0] })],
              { norm: 'MAX' },
            ),
          ],
          { perm: [1, 0] },
        ),
      ]),
    mixes: 'Normalizer',
  },
  'Normalizer of one axis': {
    build: (b, x) =>
      b.op('Mul', [
        x,
        b.op('Unsqueeze', [
          b.op('Squeeze', [
            b.op(
              'ai.onnx.ml.Normalizer',
              [b.op('Squeeze', [b.op('Slice', [x, b.integers(0), b.integers(1), b.integers(1)]), b.integers(1)])],
              { norm: 'MAX' },
            ),
          ]),
          b.integers(1),
        ]),
      ]),
    mixes: 'Normalizer',
  },
  'Scaler and Imputer': {
    build: (b, x) =>
      b.op(
        'ai.onnx.ml.Imputer',
        [
          b.op('ai.onnx.ml.Scaler', [x], {
            offset: { floats: [1, 1, 1, 1, 1, 1] },
            scale: { floats: [2, 2, 2, 2, 2, 2] },
          }),
        ],
        { imputed_value_floats: { floats: [0] }, replaced_value_float: { float: 5 } },
      ),
  },
  TreeEnsembleRegressor: {
    build: (b, x) =>
      b.op('ai.onnx.ml.TreeEnsembleRegressor', [x], {
        ...TREE,
        target_treeids: [0, 0],
        target_nodeids: [1, 2],
        target_ids: [0, 0],
        target_weights: { floats: [1, 2] },
        n_targets: 1,
        post_transform: 'NONE',
      }),
    output: ['batch', 1],
  },
  'TreeEnsembleRegressor of turned rows': {
    build: (b, x) =>
      b.op('Add', [
        x,
        turned(
          b,
          b.op('ai.onnx.ml.TreeEnsembleRegressor', [turned(b, x)], {
            ...TREE,
            target_treeids: [0, 0],
            target_nodeids: [1, 2],
            target_ids: [0, 0],
            target_weights: { floats: [1, 2] },
            n_targets: 1,
            post_transform: 'NONE',
          }),
        ),
      ]),
    mixes: 'TreeEnsembleRegressor',
  },
  TreeEnsembleClassifier: {
    build: (b, x) => {
      b.op(
        'ai.onnx.ml.TreeEnsembleClassifier',
        [x],
        {
          ...TREE,
          class_treeids: [0, 0],
          class_nodeids: [1, 2],
          class_ids: [0, 1],
          class_weights: { floats: [1, 1] },
          classlabels_int64s: [0, 1],
          post_transform: 'NONE',
        },
        2,
      )
      return b.op('Add', [b.last(1), float(b, b.op('Unsqueeze', [b.last(0), b.integers(1)]))])
    },
    output: ['batch', 2],
  },
  'ArrayFeatureExtractor of columns': {
    build: (b, x) => b.op('ai.onnx.ml.ArrayFeatureExtractor', [x, b.integers(0, 2)]),
    output: ['batch', 2],
  },
  'ArrayFeatureExtractor of rows': {
    build: (b, x) =>
      b.op('Add', [x, turned(b, b.op('ai.onnx.ml.ArrayFeatureExtractor', [turned(b, x), b.integers(0)]))]),
    mixes: 'ArrayFeatureExtractor',
  },
  FeatureVectorizer: {
    build: (b, x) => b.op('ai.onnx.ml.FeatureVectorizer', [x, x], { inputdimensions: [COLUMNS, COLUMNS] }),
    output: ['batch', 2 * COLUMNS],
  },
  'LabelEncoder and OneHotEncoder': {
    build: (b, x) =>
      b.op(
        'ai.onnx.ml.OneHotEncoder',
        [
          b.op('ai.onnx.ml.LabelEncoder', [b.op('ArgMax', [x], { axis: 1, keepdims: 0 })], {
            keys_int64s: [0, 1],
            values_int64s: [3, 4],
            default_int64: 5,
          }),
        ],
        { cats_int64s: [3, 4, 5], zeros: 1 },
      ),
    output: ['batch', 3],
  },
  // Attention.
  Attention: {
    build: (b, x) =>
      b.op(
        'com.microsoft.Attention',
        [b.op('Unsqueeze', [x, b.integers(0)]), b.weights(COLUMNS, 3 * COLUMNS), b.weights(3 * COLUMNS)],
        { num_heads: 1 },
      ),
    output: [1, 'batch', COLUMNS],
    mixes: 'Attention',
  },
}

/** Uses that a session cannot be asked about: they answer differently each time, or the runtime does not open them. */
export const UNREPEATABLE_CASES: Record<string, OperatorCase> = {
  RandomNormalLike: { build: (b, x) => b.op('Add', [x, b.op('RandomNormalLike', [x])]), mixes: 'RandomNormalLike' },
  RandomUniform: {
    build: (b, x) => b.op('Add', [x, b.op('RandomUniform', [], { shape: [1, COLUMNS] })]),
    mixes: 'RandomUniform',
  },
  Bernoulli: { build: (b, x) => b.op('Bernoulli', [b.op('Sigmoid', [x])]), mixes: 'Bernoulli' },
  Multinomial: { build: (b, x) => float(b, b.op('Multinomial', [x])), output: ['batch', 1], mixes: 'Multinomial' },
  'Dropout in training mode': {
    build: (b, x) => b.op('Dropout', [x, b.scalar(0.5, 'float32'), b.scalar(1, 'bool')]),
    mixes: 'Dropout',
  },
  'BatchNormalization in training mode': {
    build: (b, x) => {
      const settings = Array.from({ length: 4 }, () => b.weights(COLUMNS))
      return b.op('BatchNormalization', [x, ...settings], { training_mode: 1 }, 3)
    },
    mixes: 'BatchNormalization',
  },
  'random numbers drawn in a branch': {
    build: (b, x) => {
      const drawn = [{ operator: 'RandomNormalLike', inputs: [x], outputs: ['a'] }]
      const condition = b.op('Greater', [b.op('ReduceMax', [b.weights(2)], { keepdims: 0 }), b.scalar(5, 'float32')])
      const other = [{ operator: 'Neg', inputs: [x], outputs: ['b'] }]
      return b.op('If', [condition], { then_branch: branchOf(drawn, 'a'), else_branch: branchOf(other, 'b') })
    },
    mixes: 'RandomNormalLike',
  },
}

/** The graph of one case. */
export function operatorGraph(
  name: string,
  { build, input = TABLE, output = TABLE, opset, mixes }: OperatorCase,
  chance: Random,
): GeneratedGraph {
  const builder = new GraphBuilder(chance)
  const result = build(builder, 'x')
  return graphOf(mixes === undefined ? 'row-wise' : 'row-mixing', builder, {
    operators: [name],
    input,
    result,
    output,
    mixes,
    opset,
  })
}
