/** A dimension as the file states it: a size, the name of a free dimension, or null when the file gives neither. */
export type GraphDimension = number | string | null

/** One input or output of an ONNX graph. */
export interface GraphValue {
  name: string
  kind: 'tensor' | 'sparse-tensor' | 'sequence' | 'map' | 'optional' | 'opaque' | 'undeclared'
  /** Element type of a tensor (`float32`, `int4`, ...); for any other kind the whole type, `sequence(map(int64, float32))`. */
  type: string
  /** Null when the file declares no shape, and for anything but a tensor. */
  shape: GraphDimension[] | null
}

/** What an ONNX file says of itself, read without loading its weights. */
export interface GraphFacts {
  irVersion: number
  producer: { name: string; version: string }
  /** Version of each operator set by domain; the default domain is `ai.onnx`. */
  opsets: Record<string, number>
  /** Without the inputs that an initializer gives a value. */
  inputs: GraphValue[]
  outputs: GraphValue[]
  /** Operators used, also in subgraphs and local functions, as `domain.Operator`, sorted. */
  operators: string[]
  /** Locations of external data as the file names them, sorted. */
  externalData: string[]
}

/** Names of `TensorProto.DataType` (onnx.proto), by number. */
export const ELEMENT_TYPES: readonly string[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
]
