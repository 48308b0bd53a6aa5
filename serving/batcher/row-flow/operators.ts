import { Call, type Rule } from './call.ts'
import { CONTROL_FLOW } from './control-flow.ts'
import { broadcast, constant, type Flow, fromFront, type Rows, reshapeRows, rows } from './flow.ts'
import { DrawsRandomNumbers, MixesRows } from './mixes-rows.ts'
import { SHAPE_OPERATORS } from './shape-operators.ts'
import { asNumber, dependsOnRows, equal, isOne, multiply, number, ONE, product, type Size } from './size.ts'

/** Where the spatial axes of an image begin: `[rows, channels, height, width]`. */
const SPATIAL = 2

function group(names: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, rule]))
}

const elementwise: Rule = (call) => broadcast(call.present(), call.fresh)

/** Each element by itself; everything else is a setting. */
const unary: Rule = (call) => {
  call.constantsFrom(1)
  return broadcast([call.given(0)], call.fresh)
}

function mixes(why: string): Rule {
  return () => {
    throw new MixesRows(why)
  }
}

/** Only rows along the first axis, as images and sequences of `[rows, channels, ...]` have them. */
function leading(call: Call, index = 0): Rows {
  const flow = call.rows(index)
  if (flow.axis !== 0) throw new MixesRows('has the rows on another axis than the first')
  return flow
}

/** A table `[rows, features]`: what the operators of ai.onnx.ml read row by row. A single axis is one row to them. */
function table(call: Call, index = 0): Rows {
  const flow = leading(call, index)
  if (flow.shape.length !== 2) throw new MixesRows(`takes a tensor with ${flow.shape.length} axes for a single row`)
  return flow
}

const rowsOf = (flow: Rows) => flow.shape[flow.axis] as Size

/** Outputs of `[rows, ...sizes]` each, for an operator that reads a table. */
function fromTable(...outputs: ((call: Call) => Size[])[]): Rule {
  return (call) => {
    call.constantsFrom(1)
    const flow = table(call)
    return outputs.map((sizes) => rows(0, [rowsOf(flow), ...sizes(call)]))
  }
}

function reduced(flow: Rows, axes: readonly number[], keep: boolean): Rows {
  if (axes.includes(flow.axis)) throw new MixesRows('reduces over the rows')
  const shape = flow.shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [ONE] : []) : [size]))
  return rows(keep ? flow.axis : flow.axis - axes.filter((axis) => axis < flow.axis).length, shape)
}

const reduction: Rule = (call) => {
  const flow = call.rows(0)
  const rank = flow.shape.length
  const axes = call.axes(1, rank) ?? []
  if (axes.length > 0) return reduced(flow, axes, call.integer('keepdims', 1) === 1)
  if (call.integer('noop_with_empty_axes', 0) === 1) return flow
  throw new MixesRows('reduces over all axes, the rows among them')
}

const argument: Rule = (call) => {
  const flow = call.rows(0)
  return reduced(flow, [fromFront(call.integer('axis', 0), flow.shape.length)], call.integer('keepdims', 1) === 1)
}

/** Before operator set 13 everything from `axis` (1) on was one axis; since then `axis` (-1) is the only one. */
const softmax: Rule = (call) => {
  const flow = call.rows(0)
  const rank = flow.shape.length
  const whole = call.opset < 13
  const axis = fromFront(call.integer('axis', whole ? 1 : -1), rank)
  if (whole ? flow.axis >= axis : flow.axis === axis) throw new MixesRows('normalizes over the rows')
  return flow
}

/** Over one axis. */
function alongAxis(absent: number, why: string): Rule {
  return (call) => {
    call.constantsFrom(1)
    const flow = call.rows(0)
    if (fromFront(call.integer('axis', absent), flow.shape.length) === flow.axis) throw new MixesRows(why)
    return flow
  }
}

/** Over all axes from one on, with scales that are settings. */
const layerNormalization: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  const axis = fromFront(call.integer('axis', -1), flow.shape.length)
  if (flow.axis >= axis) throw new MixesRows('normalizes over the rows')
  const statistics = rows(
    flow.axis,
    flow.shape.map((size, at) => (at < axis ? size : ONE)),
  )
  return [flow, statistics, statistics]
}

const instanceNormalization: Rule = (call) => {
  call.constantsFrom(1)
  return leading(call)
}

const batchNormalization: Rule = (call) => {
  call.constantsFrom(1)
  const training =
    call.opset >= 14
      ? call.integer('training_mode', 0) === 1
      : call.opset >= 7
        ? call.node.outputs.filter((name) => name !== '').length > 1
        : call.integer('is_test', 0) === 0
  if (training) throw new MixesRows('is in training mode: it normalizes over the rows')
  return leading(call)
}

const meanVarianceNormalization: Rule = (call) => {
  const flow = call.rows(0)
  const axes = (call.integers('axes') ?? [0, 2, 3]).map((axis) => fromFront(axis, flow.shape.length))
  if (axes.includes(flow.axis)) throw new MixesRows('normalizes over the rows')
  return flow
}

const dropout: Rule = (call) => {
  call.constantsFrom(1)
  const training = call.inputs[2] === undefined ? [0] : call.numbers(2)
  if (training?.[0] !== 0 || (call.opset < 7 && call.integer('is_test', 0) === 0)) {
    throw new DrawsRandomNumbers('is in training mode: it draws random numbers')
  }
  return [call.given(0), call.given(0)]
}

/** A product of matrices of the last two axes, broadcast over the axes before. */
function matrixProduct(a: Flow, b: Flow, fresh: () => Size): Flow {
  if (a.kind === 'constant' && b.kind === 'constant') return constant()
  if (a.kind === 'count' || b.kind === 'count') throw new MixesRows('computes with the number of rows')
  if (a.kind === 'mixed' || b.kind === 'mixed' || a.shape === undefined || b.shape === undefined) {
    throw new MixesRows('multiplies rows with a tensor whose shape is not known')
  }
  if (a.shape.length === 0 || b.shape.length === 0) throw new MixesRows('multiplies a single number')
  if (a.kind === 'rows' && a.axis === a.shape.length - 1) throw new MixesRows('adds up over the rows')
  if (b.kind === 'rows' && b.axis === Math.max(0, b.shape.length - 2)) throw new MixesRows('adds up over the rows')
  // A vector is a matrix of one row or of one column, whose axis is not in the result.
  const left = a.shape.length === 1 ? [ONE, ...a.shape] : [...a.shape]
  const right = b.shape.length === 1 ? [...b.shape, ONE] : [...b.shape]
  const rank = Math.max(left.length, right.length)
  const height = left[left.length - 2] as Size
  const width = right[right.length - 1] as Size
  // As a broadcast: each side has what it contributes, and 1 for the other's matrix axis.
  const outer = (flow: Flow, shape: Size[]): Flow => (flow.kind === 'rows' ? rows(flow.axis, shape) : constant(shape))
  const result = broadcast(
    [outer(a, [...left.slice(0, -2), height, ONE]), outer(b, [...right.slice(0, -2), ONE, width])],
    fresh,
  )
  if (result.kind !== 'rows') return result
  const drop = new Set([...(a.shape.length === 1 ? [rank - 2] : []), ...(b.shape.length === 1 ? [rank - 1] : [])])
  if (drop.has(result.axis)) throw new MixesRows('takes all rows for one vector')
  const shape = result.shape.filter((_, axis) => !drop.has(axis))
  return rows(result.axis - [...drop].filter((axis) => axis < result.axis).length, shape)
}

/** Scales and zero points of whole tensors: a scale for each row would depend on its position. */
function wholeTensorSettings(call: Call, indexes: readonly number[]): void {
  for (const index of indexes) {
    const flow = call.inputs[index]
    if (flow === undefined) continue
    if (flow.kind === 'constant' && flow.shape !== undefined && isOne(product(flow.shape))) continue
    throw new MixesRows(`may take input ${index + 1} row by row`)
  }
}

/** A product of whole numbers; `settings` are the scales and zero points of its two sides and of the result. */
function quantizedProduct(
  left: number,
  right: number,
  settings: { left: number[]; right: number[]; result: number[] },
): Rule {
  return (call) => {
    const [a, b] = [call.given(left), call.given(right)]
    for (const index of [...settings.left, ...settings.right, ...settings.result]) {
      if (call.inputs[index] !== undefined && call.given(index).kind !== 'constant') {
        throw new MixesRows(`takes its input ${index + 1} from the rows`)
      }
    }
    wholeTensorSettings(call, settings.result)
    if (a.kind === 'rows') wholeTensorSettings(call, settings.left)
    if (b.kind === 'rows') wholeTensorSettings(call, settings.right)
    return matrixProduct(a, b, call.fresh)
  }
}

const gemm: Rule = (call) => {
  const swapped = (flow: Flow, turn: boolean): Flow => {
    if (!turn || flow.kind === 'mixed' || flow.shape === undefined) return flow
    const shape = [...flow.shape].reverse()
    return flow.kind === 'rows' ? rows(1 - flow.axis, shape) : { ...flow, shape }
  }
  const a = swapped(call.given(0), call.integer('transA', 0) !== 0)
  const b = swapped(call.given(1), call.integer('transB', 0) !== 0)
  const multiplied = matrixProduct(a, b, call.fresh)
  return call.inputs[2] === undefined ? multiplied : broadcast([multiplied, call.given(2)], call.fresh)
}

const einsum: Rule = (call) => {
  const [left = '', right] = call.text('equation', '').replaceAll(' ', '').split('->')
  const terms = left.split(',')
  if (right === undefined || left.includes('.')) throw new MixesRows(`has an equation that is not followed: ${left}`)
  const flows = call.inputs.map((_, index) => call.given(index))
  let label: string | undefined
  for (const [index, flow] of flows.entries()) {
    if (flow.kind === 'count') throw new MixesRows('computes with the number of rows')
    if (flow.kind !== 'rows') continue
    const own = terms[index]?.[flow.axis]
    if (own === undefined || (label !== undefined && own !== label))
      throw new MixesRows('combines each row with every other')
    label = own
    if ([...(terms[index] ?? '')].filter((letter) => letter === own).length > 1)
      throw new MixesRows('takes a diagonal of rows')
  }
  if (label === undefined) return constant()
  const axis = right.indexOf(label)
  if (axis === -1) throw new MixesRows('adds up over the rows')
  const sizes = new Map<string, Size>()
  for (const [index, flow] of flows.entries()) {
    if (flow.kind === 'constant' && terms[index]?.includes(label))
      throw new MixesRows('treats a row by its position among the others')
    for (const [at, letter] of [...(terms[index] ?? '')].entries()) {
      const size = flow.shape?.[at]
      const known = sizes.get(letter)
      if (size === undefined) continue
      if (letter === label && known !== undefined && !equal(known, size))
        throw new MixesRows('combines rows of different sizes')
      if (known === undefined || isOne(known)) sizes.set(letter, size)
    }
  }
  return rows(
    axis,
    [...right].map((letter) => sizes.get(letter) ?? call.fresh()),
  )
}

/** Size of a spatial axis after a window has moved over it; undefined when it cannot be told. */
function windowed(call: Call, size: Size, at: number, kernel: number | undefined): Size | undefined {
  const from = asNumber(size)
  if (from === undefined || kernel === undefined) return undefined
  const stride = call.integers('strides')?.[at] ?? 1
  const dilation = call.integers('dilations')?.[at] ?? 1
  const pads = call.integers('pads')
  const mode = call.text('auto_pad', 'NOTSET')
  if (mode.startsWith('SAME')) return number(Math.ceil(from / stride))
  const padding = mode === 'VALID' || pads === undefined ? 0 : (pads[at] ?? 0) + (pads[at + pads.length / 2] ?? 0)
  const steps = (from + padding - dilation * (kernel - 1) - 1) / stride
  if (!Number.isInteger(steps) && call.integer('ceil_mode', 0) === 1) return undefined
  return number(Math.floor(steps) + 1)
}

function spatial(call: Call, flow: Rows, kernels: readonly (number | undefined)[]): Size[] {
  return flow.shape.slice(SPATIAL).map((size, at) => windowed(call, size, at, kernels[at]) ?? call.fresh())
}

function convolution(weights: number): Rule {
  return (call) => {
    call.constantsFrom(1)
    const flow = leading(call)
    const shape = call.shape(weights)
    const kernels = call.integers('kernel_shape') ?? shape?.slice(SPATIAL).map(asNumber) ?? []
    return rows(0, [rowsOf(flow), shape?.[0] ?? call.fresh(), ...spatial(call, flow, kernels)])
  }
}

const transposedConvolution: Rule = (call) => {
  call.constantsFrom(1)
  const flow = leading(call)
  const channels = call.shape(1)?.[1]
  const out = channels === undefined ? call.fresh() : multiply(channels, number(call.integer('group', 1)))
  return rows(0, [rowsOf(flow), out, ...flow.shape.slice(SPATIAL).map(call.fresh)])
}

const pool: Rule = (call) => {
  const flow = leading(call)
  const sizes = spatial(call, flow, call.integers('kernel_shape') ?? [])
  return rows(0, [rowsOf(flow), flow.shape[1] ?? call.fresh(), ...sizes])
}

const globalPool: Rule = (call) => {
  const flow = leading(call)
  return rows(
    0,
    flow.shape.map((size, axis) => (axis < SPATIAL ? size : ONE)),
  )
}

/** Channels and spatial sizes trade places within each row. */
const rearranged: Rule = (call) => {
  const flow = leading(call)
  return rows(0, [rowsOf(flow), ...flow.shape.slice(1).map(call.fresh)])
}

const resize: Rule = (call) => {
  const scalesAt = call.opset >= 11 ? 2 : 1
  for (const index of [1, 2]) {
    if (call.inputs[index] !== undefined && call.given(index).kind !== 'constant') {
      throw new MixesRows(`takes its input ${index + 1} from the rows`)
    }
  }
  const flow = leading(call)
  const cropped = call.text('coordinate_transformation_mode', '') === 'tf_crop_and_resize'
  const [size, ...others] = call.values(3) ?? []
  const scale = call.values(scalesAt)?.[0]
  const kept =
    size === undefined ? scale !== undefined && isOne(scale) : equal(size, rowsOf(flow)) && !others.some(dependsOnRows)
  if (!kept || cropped || call.has('axes')) throw new MixesRows('may change the number of rows')
  return rows(0, [rowsOf(flow), ...flow.shape.slice(1).map(call.fresh)])
}

/** Recurrent networks read `[steps, rows, features]`, or `[rows, steps, features]` with `layout` 1. */
function recurrent(outputs: number): Rule {
  return (call) => {
    const batchFirst = call.integer('layout', 0) === 1
    const axis = batchFirst ? 0 : 1
    const flow = call.rows(0)
    if (flow.axis !== axis) throw new MixesRows('steps through the rows')
    for (const [index, other] of call.inputs.entries()) {
      if (index === 0 || other === undefined) continue
      if (index === 4 || index === 5 || index === 6) {
        const wanted = index === 4 ? 0 : axis
        const size = other.kind === 'rows' ? other.shape[other.axis] : undefined
        if (other.kind !== 'rows' || other.axis !== wanted || !size || !equal(size, rowsOf(flow))) {
          throw new MixesRows(`has an input ${index + 1} that is not one for each row`)
        }
      } else if (other.kind !== 'constant') throw new MixesRows(`takes its input ${index + 1} from the rows`)
    }
    const hidden = number(call.integer('hidden_size', 1))
    const directions = number(call.text('direction', 'forward') === 'bidirectional' ? 2 : 1)
    const [steps, batch] = (batchFirst ? [flow.shape[1], flow.shape[0]] : flow.shape) as [Size, Size]
    const all = batchFirst ? rows(0, [batch, steps, directions, hidden]) : rows(2, [steps, directions, batch, hidden])
    const last = batchFirst ? rows(0, [batch, directions, hidden]) : rows(1, [directions, batch, hidden])
    return [all, last, last].slice(0, outputs)
  }
}

const topK: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  const axis = fromFront(call.integer('axis', -1), flow.shape.length)
  if (axis === flow.axis) throw new MixesRows('ranks the rows')
  const k = call.opset >= 10 ? call.values(1)?.[0] : number(call.integer('k', 1))
  const kept = rows(
    flow.axis,
    flow.shape.map((size, at) => (at === axis ? (k ?? call.fresh()) : size)),
  )
  return [kept, kept]
}

const cumulativeSum: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  const axis = call.numbers(1)?.[0]
  if (axis === undefined || fromFront(axis, flow.shape.length) === flow.axis)
    throw new MixesRows('adds up over the rows')
  return flow
}

const oneHot: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  const axis = fromFront(call.integer('axis', -1), flow.shape.length + 1)
  const shape = [...flow.shape.slice(0, axis), call.values(1)?.[0] ?? call.fresh(), ...flow.shape.slice(axis)]
  return rows(axis <= flow.axis ? flow.axis + 1 : flow.axis, shape)
}

const triangle: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.rows(0)
  if (flow.axis >= flow.shape.length - 2) throw new MixesRows('treats a row by its position among the others')
  return flow
}

const reverseSequence: Rule = (call) => {
  const flow = call.rows(0)
  const lengths = call.rows(1)
  const fits = flow.axis === call.integer('batch_axis', 1) && lengths.axis === 0 && equal(rowsOf(flow), rowsOf(lengths))
  if (!fits) throw new MixesRows('reverses the order of rows')
  return flow
}

/** Scales of a whole tensor, or of each channel on an axis that the rows are not on. */
const quantize: Rule = (call) => {
  call.constantsFrom(1)
  const flow = call.given(0)
  if (flow.kind !== 'rows') return broadcast([flow], call.fresh)
  const scale = call.shape(1)
  const axis = fromFront(call.integer('axis', 1), flow.shape.length)
  const whole = scale !== undefined && isOne(product(scale))
  if (!whole && (scale?.length !== 1 || axis === flow.axis)) throw new MixesRows('may have a scale for each row')
  return flow
}

/** ai.onnx.ml.ArrayFeatureExtractor: columns of the last axis; a list of labels is one row, and the indices are all columns. */
const arrayFeatureExtractor: Rule = (call) => {
  const data = call.given(0)
  const indexes = call.given(1)
  if (data.kind === 'rows' && indexes.kind === 'constant') {
    if (data.axis === data.shape.length - 1) throw new MixesRows('takes all rows for one')
    const count = indexes.shape === undefined ? call.fresh() : product(indexes.shape)
    return rows(data.axis, [...data.shape.slice(0, -1), count])
  }
  if (data.kind === 'constant' && data.shape && isOne(product(data.shape.slice(0, -1))) && indexes.kind === 'rows') {
    const flat = reshapeRows(indexes, [product(indexes.shape)], call.fresh)
    return rows(1, [ONE, ...flat.shape])
  }
  throw new MixesRows('combines each row with every other')
}

const featureVectorizer: Rule = (call) => {
  const tables = call.inputs.map((_, index) => table(call, index))
  const [first] = tables
  if (first === undefined || tables.some((other) => !equal(rowsOf(other), rowsOf(first))))
    throw new MixesRows('combines rows of different sizes')
  return rows(0, [rowsOf(first), call.fresh()])
}

const oneHotEncoder: Rule = (call) => {
  const flow = call.rows(0)
  const count = call.count('cats_strings') ?? call.count('cats_int64s')
  return rows(flow.axis, [...flow.shape, count === undefined ? call.fresh() : number(count)])
}

const sameTable: Rule = (call) => table(call)

const anySize = (call: Call): Size[] => [call.fresh()]
const targets = (call: Call): Size[] => [number(call.integer('n_targets', call.integer('targets', 1)))]

const randomNumbers: Rule = () => {
  throw new DrawsRandomNumbers('draws random numbers')
}

/** Rules by operator, its domain before it where it has one: those known to treat rows one by one, or not to. Of others nothing is assumed. */
export const OPERATORS: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...group(
      `Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or
    PRelu Pow StringConcat Sub Sum Where Xor`,
      elementwise,
    ),
    ...group(
      `Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid
    HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal RegexFullMatch Relu Round Selu Shrink Sigmoid Sign Sin Sinh
    Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu ai.onnx.ml.Binarizer ai.onnx.ml.CategoryMapper ai.onnx.ml.LabelEncoder
    com.microsoft.Gelu com.microsoft.QuickGelu`,
      unary,
    ),
    ...group(
      'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare',
      reduction,
    ),
    ...group('ArgMax ArgMin', argument),
    ...group('Softmax LogSoftmax Hardmax', softmax),
    LpNormalization: alongAxis(-1, 'normalizes over the rows'),
    ...group('LayerNormalization RMSNormalization', layerNormalization),
    ...group('InstanceNormalization GroupNormalization', instanceNormalization),
    LRN: instanceNormalization,
    BatchNormalization: batchNormalization,
    MeanVarianceNormalization: meanVarianceNormalization,
    Dropout: dropout,
    MatMul: (call) => matrixProduct(call.given(0), call.given(1), call.fresh),
    MatMulInteger: quantizedProduct(0, 1, { left: [2], right: [3], result: [] }),
    QLinearMatMul: quantizedProduct(0, 3, { left: [1, 2], right: [4, 5], result: [6, 7] }),
    Gemm: gemm,
    Einsum: einsum,
    ...group('Conv ConvInteger', convolution(1)),
    QLinearConv: convolution(3),
    ConvTranspose: transposedConvolution,
    ...group('MaxPool AveragePool LpPool', pool),
    ...group('GlobalAveragePool GlobalMaxPool GlobalLpPool', globalPool),
    ...group('DepthToSpace SpaceToDepth', rearranged),
    ...group('Resize Upsample', resize),
    ...group('RNN GRU', recurrent(2)),
    LSTM: recurrent(3),
    TopK: topK,
    CumSum: cumulativeSum,
    OneHot: oneHot,
    Trilu: triangle,
    ReverseSequence: reverseSequence,
    ...group('QuantizeLinear DequantizeLinear', quantize),
    TfIdfVectorizer: fromTable(anySize),
    'ai.onnx.ml.ArrayFeatureExtractor': arrayFeatureExtractor,
    'ai.onnx.ml.FeatureVectorizer': featureVectorizer,
    ...group('ai.onnx.ml.Imputer ai.onnx.ml.Normalizer ai.onnx.ml.Scaler', sameTable),
    'ai.onnx.ml.OneHotEncoder': oneHotEncoder,
    ...group('ai.onnx.ml.LinearRegressor ai.onnx.ml.TreeEnsembleRegressor ai.onnx.ml.TreeEnsemble', fromTable(targets)),
    'ai.onnx.ml.SVMRegressor': fromTable(anySize),
    ...group(
      'ai.onnx.ml.LinearClassifier ai.onnx.ml.SVMClassifier ai.onnx.ml.TreeEnsembleClassifier',
      fromTable(() => [], anySize),
    ),
    ...SHAPE_OPERATORS,
    ...CONTROL_FLOW,
    Constant: (call) => {
      const tensor = call.tensor('value')
      if (tensor !== undefined) return Call.constantOf(tensor.shape, tensor.values)
      const integer = call.integer('value_int')
      if (integer !== undefined) return constant([], [number(integer)])
      const integers = call.integers('value_ints')
      return integers === undefined ? constant() : constant([number(integers.length)], integers.map(number))
    },
    ...group('DynamicQuantizeLinear com.microsoft.DynamicQuantizeMatMul com.microsoft.DynamicQuantizeLSTM', (call) => {
      if (!call.hasRows) return [constant(call.shape(0)), constant([]), constant([])]
      throw new MixesRows('takes its scale from the smallest and largest value of all rows')
    }),
    NonZero: mixes('counts over all rows'),
    Unique: mixes('compares all rows'),
    NonMaxSuppression: mixes('compares all boxes'),
    EyeLike: mixes('treats a row by its position among the others'),
    ...group('StringSplit com.microsoft.Tokenizer', mixes('pads to the longest text of all rows')),
    ...group('Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike', randomNumbers),
  }),
)
