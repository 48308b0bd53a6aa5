import { endianness } from 'node:os'

/** Takes so many bytes of memory before they are used; throws where there are none. */
export type TakeMemory = (bytes: number) => void

const FIRST_CAPACITY = 16

const LOW_WORD = endianness() === 'LE' ? 0 : 1

/** Numbers of one width that come one after the other, in a typed array that grows. */
export class GrowingNumbers<T extends Int32Array | Uint32Array | BigInt64Array> {
  private readonly create: (length: number) => T
  private readonly take: TakeMemory
  private data: T
  /** The same memory, where a number has two words. */
  private words: Int32Array | undefined
  length = 0

  constructor(create: (length: number) => T, take: TakeMemory) {
    this.create = create
    this.take = take
    this.data = create(0)
  }

  /** Room for so many more, so that a packed field is allocated once. */
  reserve(more: number): void {
    const wanted = this.length + more
    if (wanted <= this.data.length) return
    const capacity = Math.max(wanted, Math.min(this.data.length * 2, this.data.length + 2 ** 20), FIRST_CAPACITY)
    // Beside what is copied: a tensor is made of them afterwards.
    this.take(2 * capacity * this.data.BYTES_PER_ELEMENT)
    const grown = this.create(capacity)
    grown.set(this.data as never)
    this.data = grown
    if (grown instanceof BigInt64Array) this.words = new Int32Array(grown.buffer)
  }

  /** One more, by its low and high 32 bits; numbers of 32 bits have the low ones alone. */
  pushBits(low: number, high: number): void {
    if (this.length === this.data.length) this.reserve(1)
    const at = this.length++
    if (this.words === undefined) {
      this.data[at] = low
      return
    }
    this.words[2 * at + LOW_WORD] = low
    this.words[2 * at + 1 - LOW_WORD] = high
  }

  /** What has come; shares the memory. */
  values(): T {
    return this.data.subarray(0, this.length) as T
  }
}

/** Bytes that come in parts; one part alone is not copied. */
export class GrowingBytes {
  private readonly take: TakeMemory
  private data = new Uint8Array(0)
  private only: Uint8Array | undefined
  length = 0

  constructor(take: TakeMemory) {
    this.take = take
  }

  append(part: Uint8Array): void {
    if (this.length === 0) this.only = part
    else {
      if (this.only !== undefined) this.copy(this.only, 0)
      this.only = undefined
      this.copy(part, this.length)
    }
    this.length += part.byteLength
  }

  value(): Uint8Array {
    return this.only ?? this.data.subarray(0, this.length)
  }

  private copy(part: Uint8Array, at: number): void {
    const wanted = at + part.byteLength
    if (wanted > this.data.byteLength) {
      const capacity = Math.max(wanted, Math.min(this.data.byteLength * 2, this.data.byteLength + 2 ** 22), 64)
      this.take(2 * capacity)
      const grown = new Uint8Array(capacity)
      grown.set(this.data)
      this.data = grown
    }
    this.data.set(part, at)
  }
}
