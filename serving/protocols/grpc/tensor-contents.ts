import { type BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Datatype, InputTensor } from '../../contract/index.ts'
import {
  createData,
  elementCount,
  type ParsedTensor,
  type Tensor,
  type TensorData,
  tensorFromBytes,
  tensorToBytes,
} from '../../session/index.ts'
import { GrowingBytes, GrowingNumbers, type TakeMemory } from './growing.ts'
import { eachField } from './wire.ts'

/** Fields of `InferTensorContents` by number. */
const FIELDS = {
  bool_contents: 1,
  int_contents: 2,
  int64_contents: 3,
  uint_contents: 4,
  uint64_contents: 5,
  fp32_contents: 6,
  fp64_contents: 7,
  bytes_contents: 8,
} as const

type ContentsField = keyof typeof FIELDS

/** Where the protocol puts the elements of a datatype; FP16 has no field, it is raw only. */
const FIELD_OF: Record<Datatype, ContentsField | undefined> = {
  bool: 'bool_contents',
  int8: 'int_contents',
  int16: 'int_contents',
  int32: 'int_contents',
  int64: 'int64_contents',
  uint8: 'uint_contents',
  uint16: 'uint_contents',
  uint32: 'uint_contents',
  uint64: 'uint64_contents',
  float32: 'fp32_contents',
  float64: 'fp64_contents',
  float16: undefined,
  string: 'bytes_contents',
}

/**
 * `InferTensorContents` as it came, in no more memory than its elements need. Floats are little-endian bytes and texts are raw
 * BYTES (each with its length before it), which is what a tensor is made from.
 */
export interface TensorContents {
  bool_contents: GrowingNumbers<Int32Array>
  int_contents: GrowingNumbers<Int32Array>
  int64_contents: GrowingNumbers<BigInt64Array>
  uint_contents: GrowingNumbers<Uint32Array>
  uint64_contents: GrowingNumbers<BigInt64Array>
  fp32_contents: GrowingBytes
  fp64_contents: GrowingBytes
  bytes_contents: GrowingBytes & { count: number }
}

/** Reads an `InferTensorContents` message; throws an Error when it cannot be decoded, and whatever `take` throws. */
export function readTensorContents(message: Uint8Array, take: TakeMemory): TensorContents {
  const int32 = () => new GrowingNumbers((length) => new Int32Array(length), take)
  const int64 = () => new GrowingNumbers((length) => new BigInt64Array(length), take)
  const contents: TensorContents = {
    bool_contents: int32(),
    int_contents: int32(),
    int64_contents: int64(),
    uint_contents: new GrowingNumbers((length) => new Uint32Array(length), take),
    uint64_contents: int64(),
    fp32_contents: new GrowingBytes(take),
    fp64_contents: new GrowingBytes(take),
    bytes_contents: Object.assign(new GrowingBytes(take), { count: 0 }),
  }
  eachField(message, (number, wireType, reader) => {
    const numbers = NUMBERS[number]
    if (numbers !== undefined) readNumbers(wireType, reader, contents[numbers], numbers === 'bool_contents')
    else if (number === FIELDS.fp32_contents) contents.fp32_contents.append(floats(wireType, reader))
    else if (number === FIELDS.fp64_contents) contents.fp64_contents.append(floats(wireType, reader))
    else if (number === FIELDS.bytes_contents && wireType === WireType.LengthDelimited) {
      appendText(contents.bytes_contents, reader.bytes())
    } else return false
    return true
  })
  return contents
}

const NUMBERS: Record<
  number,
  'bool_contents' | 'int_contents' | 'int64_contents' | 'uint_contents' | 'uint64_contents'
> = {
  [FIELDS.bool_contents]: 'bool_contents',
  [FIELDS.int_contents]: 'int_contents',
  [FIELDS.int64_contents]: 'int64_contents',
  [FIELDS.uint_contents]: 'uint_contents',
  [FIELDS.uint64_contents]: 'uint64_contents',
}

/**
 * Values of a repeated field of varints, packed into one field or repeated one by one. Two's complement in 32 or 64 bits: the same
 * bits for signed and unsigned.
 */
function readNumbers(
  wireType: WireType,
  reader: BinaryReader,
  values: GrowingNumbers<Int32Array> | GrowingNumbers<Uint32Array> | GrowingNumbers<BigInt64Array>,
  isFlag: boolean,
): void {
  const push = (low: number, high: number) => {
    if (isFlag) values.pushBits(low === 0 && high === 0 ? 0 : 1, 0)
    else values.pushBits(low, high)
  }
  if (wireType !== WireType.LengthDelimited) {
    eachVarint(reader.skip(wireType), push)
    return
  }
  const bytes = reader.bytes()
  let count = 0
  // The last byte of a number has no continuation bit.
  for (const byte of bytes) if (byte < 0x80) count += 1
  values.reserve(count)
  eachVarint(bytes, push)
}

/** Visits the varints of packed bytes as their low and high 32 bits, without a BigInt for each; throws an Error for what is none. */
function eachVarint(bytes: Uint8Array, visit: (low: number, high: number) => void): void {
  let [low, high, shift] = [0, 0, 0]
  for (const byte of bytes) {
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else if (shift < 70) high |= bits << (shift - 32)
    else throw new Error('a varint is longer than 10 bytes')
    shift += 7
    if (byte >= 0x80) continue
    visit(low, high)
    low = high = shift = 0
  }
  if (shift > 0) throw new Error('a varint has no end')
}

const LENGTH = Buffer.alloc(4)

function appendText(contents: TensorContents['bytes_contents'], text: Uint8Array): void {
  LENGTH.writeUInt32LE(text.byteLength)
  // The first part is kept as it is, and this one is used again.
  contents.append(contents.count === 0 ? Buffer.from(LENGTH) : LENGTH)
  contents.append(text)
  contents.count += 1
}

/** The tensor for `input` from typed contents; they must be in the field of its datatype and fit it. */
export function tensorFromContents(
  input: InputTensor,
  shape: number[],
  contents: TensorContents,
  path: string,
): ParsedTensor {
  const refuse = (part: string, message: string): ParsedTensor => ({
    ok: false,
    problems: [{ path: `${path}.contents${part}`, message }],
  })
  const field = FIELD_OF[input.datatype]
  if (field === undefined) return refuse('', 'cannot hold FP16: send it in raw_input_contents')
  for (const other of Object.keys(FIELDS) as ContentsField[]) {
    if (other !== field && contents[other].length > 0) return refuse(`.${other}`, `must be in ${field}`)
  }
  if (field === 'fp32_contents' || field === 'fp64_contents') {
    return tensorFromBytes(input, shape, contents[field].value(), path)
  }
  const count = elementCount(shape)
  const given = field === 'bytes_contents' ? contents.bytes_contents.count : contents[field].length
  if (given !== count) {
    return refuse(`.${field}`, `holds ${given} elements, but the shape [${shape.join(', ')}] needs ${count}`)
  }
  if (field === 'bytes_contents') return tensorFromBytes(input, shape, contents.bytes_contents.value(), path)
  if (field === 'int64_contents' || field === 'uint64_contents') {
    const bits = contents[field].values()
    const data = field === 'int64_contents' ? bits : new BigUint64Array(bits.buffer, bits.byteOffset, bits.length)
    return tensorFromBytes(input, shape, tensorToBytes({ datatype: input.datatype, data }), path)
  }
  const values = contents[field].values()
  const data = createData(input.datatype, count)
  for (let index = 0; index < count; index++) {
    const value = values[index] as number
    data[index] = value
    // A narrow type wraps: what comes back differs.
    if (data[index] !== value) return refuse(`.${field}[${index}]`, `must fit ${input.datatype}, got ${value}`)
  }
  return tensorFromBytes(input, shape, tensorToBytes({ datatype: input.datatype, data }), path)
}

/** True when `InferTensorContents` can hold the datatype. */
export function hasTypedContents(datatype: Datatype): boolean {
  return FIELD_OF[datatype] !== undefined
}

/** An `InferTensorContents` message of a tensor's elements. */
export function writeTensorContents({ datatype, data }: Tensor): Uint8Array {
  const writer = new BinaryWriter()
  const field = FIELD_OF[datatype]
  if (field === undefined) throw new Error(`${datatype} has no typed contents`)
  const number = FIELDS[field]
  if (Array.isArray(data)) {
    for (const text of data) writer.tag(number, WireType.LengthDelimited).string(text)
    return writer.finish()
  }
  writer.tag(number, WireType.LengthDelimited)
  if (field === 'fp32_contents' || field === 'fp64_contents' || field === 'bool_contents') {
    return writer.bytes(tensorToBytes({ datatype, data })).finish()
  }
  return writer.bytes(packed(field, data)).finish()
}

function packed(field: ContentsField, data: TensorData): Uint8Array {
  const writer = new BinaryWriter()
  for (const value of data) {
    if (field === 'int_contents') writer.int32(value as number)
    else if (field === 'uint_contents') writer.uint32(value as number)
    else if (field === 'int64_contents') writer.int64(value)
    else writer.uint64(value)
  }
  return writer.finish()
}

/** The bytes of packed floats, or of one float. */
function floats(wireType: WireType, reader: BinaryReader): Uint8Array {
  return wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType)
}
