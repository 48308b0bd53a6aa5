import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** A longer line is skipped and counted, bytes: it is no event of ours, and memory is bounded. */
const LONGEST_LINE = 64 * 1024 * 1024

/** Logs, rotated or packed as they may be: `log.jsonl`, `log.jsonl.1`, `log-2026-05-01.jsonl.gz`. */
const LOG_FILE = /\.(jsonl|ndjson|json|log)(\.\d+)?(\.gz)?$/

/** The logs that arguments name: files as they are, folders by what in them, however deep, looks like a log. `-` is standard input. */
export async function logFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) {
    if (path === '-' || !(await isFolder(path))) files.push(path)
    else {
      const found = await logsBelow(path)
      if (found.length === 0)
        throw new Error(`${path} has no log in it: no file ends in .jsonl, .ndjson, .json or .log`)
      files.push(...found.sort())
    }
  }
  return files
}

/** Not through links, which Node follows from 22 on when it is asked for a whole tree: a log would be read twice, a circle for ever. */
async function logsBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await logsBelow(path)))
    else if (entry.isFile() && LOG_FILE.test(entry.name)) found.push(path)
  }
  return found
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw new Error(`${path} cannot be read: give a log, a folder of logs, or - for standard input`, { cause: error })
  }
}

/** Lines of one log, unpacked where it is gzip; `tooLong` hears of each line that is left out. */
export async function* linesOf(path: string, tooLong: () => void): AsyncGenerator<string> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path)
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of unpacked(source)) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      if (size + end - start > LONGEST_LINE) tooLong()
      else yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString('utf8')
      pieces = []
      size = 0
      start = end + 1
    }
    size += chunk.length - start
    if (size > LONGEST_LINE) pieces = []
    else if (start < chunk.length) pieces.push(chunk.subarray(start))
  }
  if (size > LONGEST_LINE) tooLong()
  else if (size > 0) yield Buffer.concat(pieces).toString('utf8')
}

/** By its first two bytes, so that standard input may be packed too. */
async function* unpacked(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return
  const head: Buffer = first.value
  const rest = async function* () {
    yield head
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value as Buffer
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* rest()
    return
  }
  const gunzip = createGunzip()
  const feed = (async () => {
    for await (const chunk of rest()) {
      if (!gunzip.write(chunk)) await new Promise<void>((resolve) => gunzip.once('drain', resolve))
    }
    gunzip.end()
  })()
  feed.catch((error: Error) => gunzip.destroy(error))
  yield* gunzip
}
