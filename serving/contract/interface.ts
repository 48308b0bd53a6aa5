/**
 * The interface of a model version: what ONNX itself cannot hold (column names, units, ranges, categories), frozen when the
 * version is registered. The generator writes it, the server validates requests with it.
 */

/** Tensor element types that onnxruntime-node 1.30 can both take and return. Names are ONNX Runtime's. */
export const DATATYPES = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
  'string',
] as const

export type Datatype = (typeof DATATYPES)[number]

/** One dimension: a size, or the name of a free dimension. By convention the free first dimension is `batch`. */
export type Dimension = number | string

/** What happens to a feature in the prediction log: left out, or a keyed hash by which equal values can still be told. */
export type Redaction = 'drop' | 'hash'

/** One named feature. In a matrix input it is one column; in a column input it is the whole `[batch, 1]` tensor. */
export interface Column {
  name: string
  kind: 'number' | 'category'
  description?: string
  /** Unit of the raw value that a caller sends, for example `kg/m2`. */
  unit?: string
  /** Inclusive bounds. A value outside is counted, or refused when the version is strict. */
  min?: number
  max?: number
  /** Only whole numbers are accepted. */
  integer?: boolean
  /** `null` or an absent field is accepted and becomes NaN (numbers) or `missingText` (string categories). */
  missing?: boolean
  /** What the graph takes for a missing text. Default: the empty string. */
  missingText?: string
  /** A map of label to the number the graph expects, or the list of strings that the graph itself takes. */
  categories?: Record<string, number> | string[]
  /** How the prediction log keeps this value to itself; a configuration may add to it, never take away. */
  sensitive?: Redaction
  example?: number | string
}

export interface InputTensor {
  name: string
  datatype: Datatype
  shape: Dimension[]
  /** Named features held by this tensor, in order along the last dimension; absent for a raw tensor. */
  columns?: Column[]
}

export interface OutputTensor {
  name: string
  datatype: Datatype
  shape: Dimension[]
  /** Names along the last dimension, for example the classes of a probability matrix. */
  labels?: string[]
  unit?: string
  description?: string
}

export interface ModelInterface {
  inputs: InputTensor[]
  outputs: OutputTensor[]
}

/** True when there are inputs and every one is made of named features, so that `/predict` can take records. */
export function hasNamedFeatures({ inputs }: ModelInterface): boolean {
  return inputs.length > 0 && inputs.every((input) => input.columns !== undefined)
}

/** The text that stands for a missing value in a column of texts. */
export function missingTextOf({ missingText = '' }: Pick<Column, 'missingText'>): string {
  return missingText
}

/** Every named feature in the order of the inputs and of the columns in each. */
export function namedFeatures(modelInterface: ModelInterface): Column[] {
  return modelInterface.inputs.flatMap((input) => input.columns ?? [])
}
