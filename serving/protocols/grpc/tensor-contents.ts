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
import { eachField, readRepeated } from './wire.ts'

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

/** `InferTensorContents` as it came; floats stay little-endian bytes, which is what a tensor is made from. */
export interface TensorContents {
  bool_contents: number[]
  int_contents: number[]
  int64_contents: bigint[]
  uint_contents: number[]
  uint64_contents: bigint[]
  fp32_contents: Uint8Array[]
  fp64_contents: Uint8Array[]
  bytes_contents: Uint8Array[]
}

/** Reads an `InferTensorContents` message. */
export function readTensorContents(message: Uint8Array): TensorContents {
  const contents: TensorContents = {
    bool_contents: [],
    int_contents: [],
    int64_contents: [],
    uint_contents: [],
    uint64_contents: [],
    fp32_contents: [],
    fp64_contents: [],
    bytes_contents: [],
  }
  eachField(message, (number, wireType, reader) => {
    if (number === FIELDS.bool_contents) readRepeated(wireType, reader, contents.bool_contents, (from) => +from.bool())
    else if (number === FIELDS.int_contents)
      readRepeated(wireType, reader, contents.int_contents, (from) => from.int32())
    else if (number === FIELDS.uint_contents) {
      readRepeated(wireType, reader, contents.uint_contents, (from) => from.uint32())
    } else if (number === FIELDS.int64_contents) {
      readRepeated(wireType, reader, contents.int64_contents, (from) => BigInt(from.int64()))
    } else if (number === FIELDS.uint64_contents) {
      readRepeated(wireType, reader, contents.uint64_contents, (from) => BigInt(from.uint64()))
    } else if (number === FIELDS.fp32_contents) contents.fp32_contents.push(floats(wireType, reader))
    else if (number === FIELDS.fp64_contents) contents.fp64_contents.push(floats(wireType, reader))
    else if (number === FIELDS.bytes_contents && wireType === WireType.LengthDelimited) {
      contents.bytes_contents.push(reader.bytes())
    } else return false
    return true
  })
  return contents
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
    return tensorFromBytes(input, shape, joined(contents[field]), path)
  }
  const values = contents[field]
  const count = elementCount(shape)
  if (values.length !== count) {
    return refuse(`.${field}`, `holds ${values.length} elements, but the shape [${shape.join(', ')}] needs ${count}`)
  }
  if (field === 'bytes_contents') return tensorFromBytes(input, shape, withLengths(contents.bytes_contents), path)
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

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
}

/** Elements as raw BYTES: each with its length, a little-endian unsigned 32-bit number, before it. */
function withLengths(elements: readonly Uint8Array[]): Uint8Array {
  const parts = elements.flatMap((element) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(element.byteLength)
    return [length, element]
  })
  return Buffer.concat(parts)
}
