import { Readable } from 'node:stream'

export interface BodyLimits {
  /** Bytes after decoding, so that a compressed body cannot grow past it. */
  maxBytes: number
  /** Milliseconds for the whole body. */
  timeoutMs: number
}

/** A body that is larger or slower than its limits. */
export class BodyLimitError extends Error {
  readonly code: 'body-too-large' | 'body-too-slow'

  constructor(code: BodyLimitError['code'], message: string) {
    super(message)
    this.name = 'BodyLimitError'
    this.code = code
  }
}

/** What one read is kept for when its body is not of interest: enough to reuse the connection after an error page. */
const DISCARDED: BodyLimits = { maxBytes: 64 * 1024, timeoutMs: 1000 }

/**
 * The whole body of an HTTP answer: `undici`'s, `node:http`'s or `fetch`'s; empty for null.
 * Throws a `BodyLimitError` at the first byte or millisecond too many, and whatever reading throws. The connection is free afterwards.
 */
export async function readBounded(
  body: Readable | ReadableStream<Uint8Array> | null,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0)
  const { next, stop } = chunksOf(body)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new BodyLimitError('body-too-slow', `the answer is not complete after ${timeoutMs / 1000} s`)
    timer = setTimeout(() => reject(error), timeoutMs)
  })
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (;;) {
      const read = next()
      // The read that a time-out leaves behind fails when the body is stopped.
      read.catch(() => {})
      const { done, value } = await Promise.race([read, late])
      if (done) return Buffer.concat(chunks)
      bytes += value.byteLength
      if (bytes > maxBytes) throw new BodyLimitError('body-too-large', `the answer has more than ${maxBytes} bytes`)
      chunks.push(value)
    }
  } finally {
    clearTimeout(timer)
    stop()
  }
}

/** Reads and forgets a small body, so that its connection is used again; closes the connection of a larger one. Never throws. */
export async function discardBody(body: Readable | ReadableStream<Uint8Array> | null): Promise<void> {
  await readBounded(body, DISCARDED).catch(() => {})
}

type Chunk = { done: true; value?: undefined } | { done: false; value: Uint8Array }

function chunksOf(body: Readable | ReadableStream<Uint8Array>): { next(): Promise<Chunk>; stop(): void } {
  if (body instanceof Readable) {
    const iterator = body[Symbol.asyncIterator]()
    return { next: () => iterator.next() as Promise<Chunk>, stop: () => body.on('error', () => {}).destroy() }
  }
  const reader = body.getReader()
  return { next: () => reader.read() as Promise<Chunk>, stop: () => void reader.cancel().catch(() => {}) }
}
