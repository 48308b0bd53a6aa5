import { type OnnxNode, type OnnxTensor, onnxModel } from '../../serving/testing/onnx-model.ts'

export type Random = () => number

/** Standard normal (G. E. P. Box and M. E. Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** What a caller sends, and the truth that came out. */
export interface Row {
  distance: number
  night: 'no' | 'yes'
  zone: 'north' | 'south' | 'airport'
  truth: number | string
}

/** A linear model of one answer: what the graph computes and what the checker computes again, each from these numbers. */
export interface Weights {
  base: number
  distance: number
  night: number
  south: number
  airport: number
}

export const NIGHTS = { no: 0, yes: 1 } as const
export const ZONES = { north: 0, south: 1, airport: 2 } as const

export function linear({ base, distance, night, south, airport }: Weights, row: Omit<Row, 'truth'>): number {
  return (
    base +
    distance * row.distance +
    night * NIGHTS[row.night] +
    (row.zone === 'south' ? south : 0) +
    (row.zone === 'airport' ? airport : 0)
  )
}

/** Probability of the second label. */
export function probability(weights: Weights, row: Omit<Row, 'truth'>): number {
  return 1 / (1 + Math.exp(-linear(weights, row)))
}

/** Rows whose groups are all large enough to be told apart. */
export function drawRows(random: Random, count: number): Omit<Row, 'truth'>[] {
  return Array.from({ length: count }, () => {
    const zone = random()
    return {
      distance: Math.round(100 + random() * 3900) / 100,
      night: random() < 0.3 ? 'yes' : 'no',
      zone: zone < 0.45 ? 'north' : zone < 0.75 ? 'south' : 'airport',
    }
  })
}

interface Graph {
  outputs: { name: string; weights: Weights }[]
  /** Two labels: the answer is a probability for each, and `flipped` gives them in the other order. */
  isClass?: { flipped: boolean }
  /** Width of three layers that compute nothing: a slower graph of the same answers. */
  ballast?: number
  /** A column behind the others that the graph does not use. */
  extraColumn?: boolean
}

const float = (shape: number[], values: number[]): OnnxTensor => ({ type: 'float32', shape, values })
const node = (operator: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) => ({
  operator,
  inputs,
  outputs: [output],
  attributes,
})

/** The same model as an ONNX file: distance, night and the zones as hidden units, then one weight each. */
export function graphOf({ outputs, isClass, ballast = 0, extraColumn = false }: Graph): Uint8Array {
  const columns = extraColumn ? 4 : 3
  // Columns of the hidden layer: distance, night, relu(zone - 1) for the airport, relu(1 - zone) for the north.
  const hidden = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, -1],
    [0, 0, 0, 0],
  ].slice(0, columns)
  const initializers: Record<string, OnnxTensor> = {
    W: float([columns, 4], hidden.flat()),
    b: float([4], [0, 0, -1, 1]),
  }
  const nodes: OnnxNode[] = [
    node('MatMul', ['features', 'W'], 'xw'),
    node('Add', ['xw', 'b'], 'xb'),
    node('Relu', ['xb'], 'h'),
  ]
  let last = 'h'
  if (ballast > 0) {
    initializers['up'] = float([4, ballast], new Array(4 * ballast).fill(0))
    initializers['wide'] = float([ballast, ballast], new Array(ballast * ballast).fill(0))
    initializers['down'] = float([ballast, 4], new Array(4 * ballast).fill(0))
    nodes.push(node('MatMul', ['h', 'up'], 'l0'), node('MatMul', ['l0', 'wide'], 'l1'))
    nodes.push(node('MatMul', ['l1', 'wide'], 'l2'), node('MatMul', ['l2', 'down'], 'l3'))
    nodes.push(node('Add', ['h', 'l3'], 'heavy'))
    last = 'heavy'
  }
  for (const { name, weights } of outputs) {
    const { base, distance, night, south, airport } = weights
    const column = [distance, night, airport - south, -south]
    const [values, bias] = isClass
      ? [
          column.flatMap((value) => (isClass.flipped ? [value, 0] : [0, value])),
          isClass.flipped ? [base + south, 0] : [0, base + south],
        ]
      : [column, [base + south]]
    const width = isClass ? 2 : 1
    initializers[`w_${name}`] = float([4, width], values)
    initializers[`b_${name}`] = float([width], bias)
    nodes.push(node('MatMul', [last, `w_${name}`], `m_${name}`))
    nodes.push(node('Add', [`m_${name}`, `b_${name}`], isClass ? `a_${name}` : name))
    if (isClass) nodes.push(node('Softmax', [`a_${name}`], name, { axis: 1 }))
  }
  return onnxModel({
    inputs: [{ name: 'features', type: 'float32', shape: ['batch', columns] }],
    outputs: outputs.map(({ name }) => ({ name, type: 'float32', shape: ['batch', isClass ? 2 : 1] })),
    initializers,
    nodes,
  })
}
