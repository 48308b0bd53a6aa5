import { createHash, type Hash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { diskFull } from './artifact-error.ts'

/** Milliseconds without a write after which a partial file of another host, whose processes cannot be seen, counts as left behind. */
const ABANDONED_MS = 10 * 60_000

/**
 * A file on its way into the cache: `<path>.<host>.<pid>.<random>.part`, appended to and hashed as it grows, renamed to `path`
 * when it is whole. What a killed process left behind is taken over, so that its bytes need not be fetched again.
 */
export class PartialFile {
  /** Bytes that are there. */
  size = 0
  /** Some bytes were there before this process, which cannot vouch for how they were written. */
  inherited = false
  private hash: Hash = createHash('sha256')
  private readonly path: string
  private readonly temporary: string
  private readonly handle: FileHandle

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path
    this.temporary = temporary
    this.handle = handle
  }

  /** Takes over what was left behind for `path`, else begins at nothing; rejects with Node's error. */
  static async open(path: string): Promise<PartialFile> {
    const temporary = `${path}.${ownerTag()}.${randomBytes(6).toString('hex')}.part`
    let taken = false
    for (const left of await leftBehind(path)) {
      // A rename can be won by one process only.
      taken = await rename(left, temporary).then(
        () => true,
        () => false,
      )
      if (taken) break
    }
    const partial = new PartialFile(path, temporary, await open(temporary, 'a', 0o644))
    mine.add(temporary)
    if (!taken) return partial
    for await (const chunk of createReadStream(temporary, { highWaterMark: 1024 * 1024 })) partial.count(chunk)
    partial.inherited = partial.size > 0
    return partial
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.handle.appendFile(chunk)
    this.count(chunk)
  }

  /** Begins again at nothing. */
  async restart(): Promise<void> {
    await this.handle.truncate(0)
    this.hash = createHash('sha256')
    this.size = 0
    this.inherited = false
  }

  /** sha256 of the bytes that were appended. */
  digest(): string {
    return this.hash.copy().digest('hex')
  }

  /** Throws an `artifact-disk-full` when a whole file of so many bytes has no room. */
  async requireRoom(wanted: number): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(dirname(this.path))
    const free = bavail * bsize
    // Some network file systems do not tell.
    if (blocks === 0 || wanted - this.size <= free) return
    throw diskFull(this.path, `the file has ${wanted} bytes, and the disk of the cache ${free} left`)
  }

  /**
   * Puts the whole file where it belongs, at once. It is not forced to the disk, which would take longer than all the rest for
   * many small files: each process hashes what it finds before it uses it, so a file that a power cut has torn is fetched again.
   */
  async commit(): Promise<void> {
    mine.delete(this.temporary)
    // Some file systems tell only here that there was no room.
    await this.handle.close()
    await rename(this.temporary, this.path)
  }

  /** Leaves the bytes for a later attempt. */
  async keep(): Promise<void> {
    await this.close()
    if (this.size === 0) await rm(this.temporary, { force: true })
  }

  async discard(): Promise<void> {
    await this.close()
    await rm(this.temporary, { force: true })
  }

  /** Path of the file while it grows. */
  get location(): string {
    return this.temporary
  }

  private async close(): Promise<void> {
    mine.delete(this.temporary)
    await this.handle.close().catch(() => {})
  }

  private count(chunk: Uint8Array): void {
    this.hash.update(chunk)
    this.size += chunk.length
  }
}

/** Partial files that this process is writing to. */
const mine = new Set<string>()

function ownerTag(): string {
  return `${hostname().replace(/[^A-Za-z0-9-]/g, '-')}.${process.pid}`
}

/** Partial files of `path` that no living process writes to. */
async function leftBehind(path: string): Promise<string[]> {
  const folder = dirname(path)
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.part'),
  )
  const files = names.map((name) => join(folder, name))
  const abandoned = await Promise.all(files.map(isAbandoned))
  return files.filter((_, index) => abandoned[index])
}

async function isAbandoned(file: string): Promise<boolean> {
  if (mine.has(file)) return false
  const [, host = '', pid = ''] = basename(file).split('.')
  // A container that was restarted has its pod's name, and mostly its process id, again.
  const sameHost = host === ownerTag().split('.')[0]
  if (sameHost) return Number(pid) === process.pid || !isAlive(Number(pid))
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
