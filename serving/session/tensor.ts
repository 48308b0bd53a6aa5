import type { Datatype } from '../contract/index.ts'

/** `bool` holds 0 and 1; `float16` holds the IEEE bits, on every version of Node. */
interface DataOf {
  float32: Float32Array
  float64: Float64Array
  float16: Uint16Array
  int8: Int8Array
  int16: Int16Array
  int32: Int32Array
  int64: BigInt64Array
  uint8: Uint8Array
  uint16: Uint16Array
  uint32: Uint32Array
  uint64: BigUint64Array
  bool: Uint8Array
  string: string[]
}

export type TensorData = DataOf[Datatype]

/** A dense tensor, row-major. `data.length` is the product of `shape`; the shape `[]` holds one element. */
export interface Tensor {
  datatype: Datatype
  shape: number[]
  data: TensorData
}

/** Tensors by input or output name. */
export type Tensors = Record<string, Tensor>

const CREATE: { [D in Datatype]: (length: number) => DataOf[D] } = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  float16: (length) => new Uint16Array(length),
  int8: (length) => new Int8Array(length),
  int16: (length) => new Int16Array(length),
  int32: (length) => new Int32Array(length),
  int64: (length) => new BigInt64Array(length),
  uint8: (length) => new Uint8Array(length),
  uint16: (length) => new Uint16Array(length),
  uint32: (length) => new Uint32Array(length),
  uint64: (length) => new BigUint64Array(length),
  bool: (length) => new Uint8Array(length),
  string: (length) => new Array<string>(length).fill(''),
}

/** Zeroed storage for `length` elements (empty strings for `string`). */
export function createData<D extends Datatype>(datatype: D, length: number): DataOf[D] {
  return CREATE[datatype](length)
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let count = 1
  for (const size of shape) count *= size
  return count
}

/** Elements `[start, end)`; typed arrays share their memory with the original. */
export function sliceData(data: TensorData, start: number, end: number): TensorData {
  return Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end)
}

/** Copies `source` into `target` from element `offset` on; both are of the same datatype. */
export function copyData(target: TensorData, source: TensorData, offset: number): void {
  if (Array.isArray(target)) {
    for (let index = 0; index < source.length; index++) target[offset + index] = source[index] as string
  } else if (target instanceof BigInt64Array || target instanceof BigUint64Array) {
    target.set(source as BigInt64Array, offset)
  } else {
    target.set(source as Float32Array, offset)
  }
}
