import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Sink } from './sink.ts'

const MOST_LINES = 1000

export interface FileBounds {
  /** A file does not grow beyond this, bytes, unless one batch alone does. */
  maxBytes: number
  /** Files that are kept, the current one included. */
  count: number
}

/**
 * Appends lines to a file. Before it would grow too large it becomes `<path>.1`, `<path>.1` becomes `<path>.2`, and the oldest is
 * removed. A write that fails half-way (disk full) is taken back, so that no line is ever torn; what a crash has torn gets a
 * line end of its own.
 */
export function createFileSink(path: string, { maxBytes, count }: FileBounds): Sink {
  let file: FileHandle | undefined
  let size = 0

  async function opened(): Promise<FileHandle> {
    if (file !== undefined) return file
    await mkdir(dirname(path), { recursive: true })
    const handle = await open(path, 'a+', 0o640)
    try {
      size = (await handle.stat()).size
      if (size > 0) {
        const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
        if (buffer[0] !== 0x0a) {
          await handle.appendFile('\n')
          size += 1
        }
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    file = handle
    return handle
  }

  async function rotate(): Promise<void> {
    await file?.close()
    file = undefined
    await rm(nameOf(count - 1), { force: true })
    for (let number = count - 2; number >= 0; number--) {
      await rename(nameOf(number), nameOf(number + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
  }

  function nameOf(number: number): string {
    return number === 0 ? path : `${path}.${number}`
  }

  return {
    mostLines: MOST_LINES,
    async write(lines) {
      const text = Buffer.from(`${lines.join('\n')}\n`)
      let handle = await opened()
      if (size > 0 && size + text.length > maxBytes) {
        await rotate()
        handle = await opened()
      }
      try {
        await handle.appendFile(text)
      } catch (error) {
        await handle.truncate(size).catch(() => {})
        // Opened anew at the next attempt: the volume may have been mended, or mounted again.
        file = undefined
        await handle.close().catch(() => {})
        throw error
      }
      size += text.length
    },
    async close() {
      await file?.close()
      file = undefined
    },
  }
}
