import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'

const WINDOW_BYTES = 64 * 1024
/** A tag and a length, or a tag and a value, are at most this long. */
const HEADER_BYTES = 20
const LONGEST_VARINT = 10
const LONGEST_STRING = 64 * 1024

/** One field of a protobuf message: where its content lies in the file. */
export interface Field {
  number: number
  wireType: WireType
  start: number
  end: number
}

/**
 * A protobuf file walked field by field through a small window: only headers and the strings asked for are read, so a
 * model of gigabytes costs no memory. Reads are synchronous; every one is bounded by the file's size.
 */
export class MessageFile {
  readonly size: number
  private readonly descriptor: number
  private window = new Uint8Array(0)
  private reader = new BinaryReader(this.window)
  private windowStart = 0
  private windowEnd = 0

  constructor(path: string) {
    this.descriptor = openSync(path, 'r')
    this.size = fstatSync(this.descriptor).size
  }

  close(): void {
    closeSync(this.descriptor)
  }

  /**
   * Fields of the message between two offsets, or those of the `wanted` numbers; throws a RangeError when one reaches past the
   * end. The thresholds of a tree are a field each: to pass over them is most of the work.
   */
  *fields(start: number, end: number, wanted?: ReadonlySet<number>): Generator<Field> {
    let position = start
    while (position < end) {
      const reader = this.at(position, Math.min(HEADER_BYTES, end - position))
      const [number, wireType] = reader.tag()
      let contentStart = this.windowStart + reader.pos
      let contentEnd: number
      if (wireType === WireType.LengthDelimited) {
        const length = reader.uint32()
        contentStart = this.windowStart + reader.pos
        contentEnd = contentStart + length
      } else if (wireType === WireType.StartGroup || wireType === WireType.EndGroup) {
        throw new RangeError(`group field at byte ${position}`)
      } else {
        reader.skip(wireType)
        contentEnd = this.windowStart + reader.pos
      }
      if (contentEnd > end) throw new RangeError(`field ${number} at byte ${position} reaches past the end`)
      position = contentEnd
      if (wanted === undefined || wanted.has(number)) yield { number, wireType, start: contentStart, end: contentEnd }
    }
  }

  /** A varint as a number; values beyond 2^53 lose precision, which no count or version in ONNX reaches. */
  integer(field: Field): number {
    this.expect(field, WireType.Varint)
    return Number(this.at(field.start, field.end - field.start).int64())
  }

  /** A repeated integer, packed or one element of it; undefined when it holds more than `limit`. */
  integers(field: Field, limit: number): number[] | undefined {
    if (field.wireType === WireType.Varint) return [this.integer(field)]
    this.expect(field, WireType.LengthDelimited)
    const length = field.end - field.start
    if (length > limit * LONGEST_VARINT) return undefined
    const reader = this.at(field.start, length)
    const end = reader.pos + length
    const values: number[] = []
    while (reader.pos < end) values.push(Number(reader.int64()))
    return values.length > limit ? undefined : values
  }

  /** A copy of the bytes of a field. */
  bytes(field: Field): Uint8Array {
    const length = field.end - field.start
    const { pos } = this.at(field.start, length)
    return this.window.slice(pos, pos + length)
  }

  string(field: Field): string {
    this.expect(field, WireType.LengthDelimited)
    const length = field.end - field.start
    if (length > LONGEST_STRING) throw new RangeError(`a string of ${length} bytes at byte ${field.start}`)
    const reader = this.at(field.start, length)
    return Buffer.from(this.window.buffer, reader.pos, length).toString('utf8')
  }

  /** Fields of an embedded message, or those of the `wanted` numbers. */
  embedded(field: Field, wanted?: ReadonlySet<number>): Generator<Field> {
    this.expect(field, WireType.LengthDelimited)
    return this.fields(field.start, field.end, wanted)
  }

  private expect(field: Field, wireType: WireType): void {
    if (field.wireType !== wireType) throw new RangeError(`field ${field.number} has wire type ${field.wireType}`)
  }

  /** The window's reader at `offset`, with at least `bytes` bytes behind it. */
  private at(offset: number, bytes: number): BinaryReader {
    if (offset + bytes > this.size) throw new RangeError(`byte ${offset + bytes} of ${this.size}`)
    if (offset < this.windowStart || offset + bytes > this.windowEnd) {
      const window = new Uint8Array(Math.min(Math.max(WINDOW_BYTES, bytes), this.size - offset))
      let filled = 0
      while (filled < window.length) {
        const read = readSync(this.descriptor, window, filled, window.length - filled, offset + filled)
        if (read === 0) throw new RangeError(`byte ${offset + filled} of ${this.size}: the file became shorter`)
        filled += read
      }
      this.window = window
      this.reader = new BinaryReader(window)
      this.windowStart = offset
      this.windowEnd = offset + window.length
    }
    this.reader.pos = offset - this.windowStart
    return this.reader
  }
}
