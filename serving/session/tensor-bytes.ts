import { endianness } from 'node:os'
import type { Datatype, InputTensor } from '../contract/index.ts'
import type { Problem } from './model-error.ts'
import { textProblem } from './scalar.ts'
import { createData, elementCount, type Tensor, type TensorData } from './tensor.ts'
import { announcedShape, type ParsedTensor } from './tensor-from-json.ts'

/** Bytes of one element; a string has as many as its own length says. */
const ELEMENT_BYTES: Record<Exclude<Datatype, 'string'>, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
}

/** Bytes before each string: its length as an unsigned 32-bit number. */
const LENGTH_BYTES = 4

/** Bytes of one element of a type whose elements are all of one size. */
export function bytesOfElement(datatype: Exclude<Datatype, 'string'>): number {
  return ELEMENT_BYTES[datatype]
}

const BIG_ENDIAN = endianness() === 'BE'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The tensor for `input` from raw bytes (binary tensor data extension of the Open Inference Protocol, and `raw_input_contents`
 * of its gRPC form): little-endian, row-major; BOOL one byte; BYTES each with a 4-byte length before it, here UTF-8. Bytes are
 * copied: they may lie at any offset of a body. In named features NaN passes only where the column may be missing and infinities
 * never, as in JSON; what a raw tensor holds is the model's affair.
 */
export function tensorFromBytes(input: InputTensor, shape: unknown, bytes: Uint8Array, path: string): ParsedTensor {
  const announced = announcedShape(shape, path)
  if (!announced.ok) return announced
  const tensor = { datatype: input.datatype, shape: announced.shape, data: [] as TensorData }
  const problem =
    input.datatype === 'string' ? readStrings(tensor, bytes) : readNumbers(tensor, input.datatype, bytes, input)
  return problem === undefined ? { ok: true, tensor } : { ok: false, problems: [{ ...problem, path: `${path}.data` }] }
}

/** The bytes of a tensor as `tensorFromBytes` reads them; numbers share the tensor's memory. */
export function tensorToBytes({ datatype, data }: Pick<Tensor, 'datatype' | 'data'>): Uint8Array {
  if (Array.isArray(data)) return writeStrings(data)
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return BIG_ENDIAN ? swapped(bytes, ELEMENT_BYTES[datatype as Exclude<Datatype, 'string'>]) : bytes
}

function readNumbers(
  tensor: Tensor,
  datatype: Exclude<Datatype, 'string'>,
  bytes: Uint8Array,
  input: InputTensor,
): Omit<Problem, 'path'> | undefined {
  const count = elementCount(tensor.shape)
  const wanted = count * ELEMENT_BYTES[datatype]
  if (bytes.byteLength !== wanted) {
    return { message: `holds ${bytes.byteLength} bytes, but the shape [${tensor.shape.join(', ')}] needs ${wanted}` }
  }
  const data = createData(datatype, count)
  new Uint8Array(data.buffer).set(BIG_ENDIAN ? swapped(bytes, ELEMENT_BYTES[datatype]) : bytes)
  tensor.data = data
  if (datatype === 'bool') return boolProblem(data as Uint8Array)
  return datatype.startsWith('float') ? notFinite(tensor, input) : undefined
}

function boolProblem(data: Uint8Array): Omit<Problem, 'path'> | undefined {
  const wrong = data.findIndex((value) => value > 1)
  return wrong === -1 ? undefined : { message: `has ${data[wrong]} at element ${wrong}; a BOOL is the byte 0 or 1` }
}

function notFinite({ datatype, data }: Tensor, { columns }: InputTensor): Omit<Problem, 'path'> | undefined {
  if (columns === undefined) return undefined
  const half = datatype === 'float16'
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number
    // All bits of the exponent set: an infinity, or NaN when there is a mantissa too.
    const finite = half ? (value & 0x7c00) !== 0x7c00 : Number.isFinite(value)
    if (finite) continue
    const missing = half ? (value & 0x3ff) !== 0 : Number.isNaN(value)
    if (missing && columns[index % columns.length]?.missing === true) continue
    return { message: `must be finite as a ${datatype}, got ${missing ? 'NaN' : 'an infinity'} at element ${index}` }
  }
  return undefined
}

function readStrings(tensor: Tensor, bytes: Uint8Array): Omit<Problem, 'path'> | undefined {
  const count = elementCount(tensor.shape)
  // Before anything is allocated: each element has at least its length.
  if (bytes.byteLength < count * LENGTH_BYTES) {
    return { message: `holds ${bytes.byteLength} bytes, too few for ${count} elements with their lengths` }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = createData('string', count)
  let offset = 0
  for (let index = 0; index < count; index++) {
    if (offset + LENGTH_BYTES > bytes.byteLength) return { message: `ends in the length of element ${index}` }
    const end = offset + LENGTH_BYTES + view.getUint32(offset, true)
    if (end > bytes.byteLength) return { message: `ends in element ${index}` }
    try {
      data[index] = UTF8.decode(bytes.subarray(offset + LENGTH_BYTES, end))
    } catch {
      return { message: `has an element ${index} that is not UTF-8` }
    }
    const wrong = textProblem(data[index] as string)
    if (wrong !== undefined) return { message: `element ${index} ${wrong}` }
    offset = end
  }
  if (offset !== bytes.byteLength) return { message: `has ${bytes.byteLength - offset} bytes after its last element` }
  tensor.data = data
  return undefined
}

function writeStrings(data: readonly string[]): Uint8Array {
  const parts = data.flatMap((text) => {
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(Buffer.byteLength(text))
    return [length, Buffer.from(text)]
  })
  return Buffer.concat(parts)
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let start = 0; start < copy.length; start += size) copy.subarray(start, start + size).reverse()
  return copy
}
