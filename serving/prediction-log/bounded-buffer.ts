interface Waiting {
  line: string
  bytes: number
}

/** Lines that wait to be written, bounded by their bytes. Lines that are being written count until they are confirmed. */
export class BoundedBuffer {
  private waiting: Waiting[] = []
  private used = 0
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  get bytes(): number {
    return this.used
  }

  get length(): number {
    return this.waiting.length
  }

  /** All lines or, when they do not fit together, none and false. */
  push(lines: readonly string[]): boolean {
    const added = lines.map((line) => ({ line, bytes: Buffer.byteLength(line) }))
    const bytes = added.reduce((sum, item) => sum + item.bytes, 0)
    if (this.used + bytes > this.limit) return false
    for (const item of added) this.waiting.push(item)
    this.used += bytes
    return true
  }

  /** The oldest lines, at most so many and so many bytes, but at least one. They stay until `confirm`. */
  peek(mostLines: number, mostBytes: number): string[] {
    let total = 0
    const batch: string[] = []
    for (const { line, bytes } of this.waiting) {
      total += bytes
      if (batch.length === mostLines || (batch.length > 0 && total > mostBytes)) break
      batch.push(line)
    }
    return batch
  }

  /** Lets the oldest `count` lines go. */
  confirm(count: number): void {
    for (const { bytes } of this.waiting.splice(0, count)) this.used -= bytes
  }
}
