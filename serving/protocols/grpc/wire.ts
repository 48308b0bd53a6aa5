import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'

/** Reads one field and says true, or leaves the reader where it is and says false. */
export type FieldVisitor = (number: number, wireType: WireType, reader: BinaryReader) => boolean

/** Visits the fields of a protobuf message; skips those that nobody knows. Throws an Error when the bytes are no message. */
export function eachField(message: Uint8Array, visit: FieldVisitor): void {
  const reader = new BinaryReader(message)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (!visit(number, wireType, reader)) reader.skip(wireType, number)
  }
}

/** `eachField` for the fields that have a length before them: strings, bytes and messages; the rest is skipped. */
export function eachLengthDelimited(
  message: Uint8Array,
  visit: (number: number, reader: BinaryReader) => boolean,
): void {
  eachField(message, (number, wireType, reader) => wireType === WireType.LengthDelimited && visit(number, reader))
}

/** The values of a repeated scalar field, which a sender may pack into one field or repeat one by one; throws for more than `most`. */
export function readRepeated<T>(
  wireType: WireType,
  reader: BinaryReader,
  values: T[],
  most: number,
  read: (from: BinaryReader) => T,
): void {
  const packed = wireType === WireType.LengthDelimited ? new BinaryReader(reader.bytes()) : undefined
  if (packed === undefined) values.push(read(reader))
  else while (packed.pos < packed.len && values.length <= most) values.push(read(packed))
  if (values.length > most) throw new Error(`more than ${most} values`)
}
