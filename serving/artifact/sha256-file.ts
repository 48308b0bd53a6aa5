import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Digest (64 lower-case hexadecimal digits) and size (bytes) of a file, streamed; rejects with Node's error when it cannot be read. */
export async function sha256File(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk)
    size += chunk.length
  }
  return { sha256: hash.digest('hex'), size }
}
