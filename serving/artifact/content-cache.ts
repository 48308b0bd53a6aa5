import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentReference } from '../contract/index.ts'
import { ArtifactError } from './artifact-error.ts'
import { openAddress } from './open-address.ts'
import { sha256File } from './sha256-file.ts'

/** Files by digest in `<directory>/sha256/<hex>`; what it hands out has been checked in this process. */
export interface ContentCache {
  readonly directory: string
  /**
   * Path of the local file that holds the content: the cached one, hashed again the first time it is used, else fetched
   * from the reference's address. A cached file that is damaged is discarded and fetched again.
   * Throws an `ArtifactError`; a file with the wrong bytes is never left behind.
   */
  resolve(reference: ContentReference): Promise<string>
}

/** A cache in `directory`, which is made when it is first written to. Concurrent requests for one digest share one download. */
export function createContentCache(directory: string): ContentCache {
  const checked = new Map<string, string>()
  const running = new Map<string, Promise<string>>()

  async function resolveOnce(reference: ContentReference): Promise<string> {
    const path = join(directory, 'sha256', reference.sha256)
    const present = await stampOf(path)
    if (present !== undefined) {
      if (checked.get(path) === present) return path
      const { sha256 } = await sha256File(path).catch((error: unknown) => {
        throw cacheFailed(path, error)
      })
      if (sha256 !== reference.sha256) {
        await rm(path, { force: true }).catch((error: unknown) => {
          throw cacheFailed(path, error)
        })
        await fetchInto(path, reference)
      }
    } else {
      await fetchInto(path, reference)
    }
    const stamp = await stampOf(path)
    if (stamp !== undefined) checked.set(path, stamp)
    return path
  }

  return {
    directory,
    resolve(reference) {
      const current = running.get(reference.sha256)
      if (current !== undefined) return current
      const started = resolveOnce(reference).finally(() => running.delete(reference.sha256))
      running.set(reference.sha256, started)
      return started
    },
  }
}

/** Tells a replaced or rewritten file from the one that was hashed. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs } = await stat(path)
    return `${ino} ${size} ${mtimeMs}`
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw cacheFailed(path, error)
  }
}

/** Streams the content to a temporary file beside `path` and renames it only when size and digest are right. */
async function fetchInto(path: string, reference: ContentReference): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.part`
  try {
    await mkdir(join(path, '..'), { recursive: true })
    await download(temporary, reference)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error instanceof ArtifactError ? error : cacheFailed(path, error)
  }
}

async function download(temporary: string, reference: ContentReference): Promise<void> {
  const { address, size: wantedSize, sha256: wanted } = reference
  const hash = createHash('sha256')
  let size = 0
  const file = await open(temporary, 'wx', 0o644)
  try {
    for await (const chunk of openAddress(address)) {
      size += chunk.length
      // Stops a wrong or hostile address from filling the disk.
      if (size > wantedSize) throw sizeMismatch(address, wantedSize, `more than ${wantedSize}`)
      hash.update(chunk)
      await file.appendFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (size !== wantedSize) throw sizeMismatch(address, wantedSize, String(size))
  const got = hash.digest('hex')
  if (got !== wanted) {
    throw new ArtifactError({
      code: 'artifact-digest-mismatch',
      address,
      reason: `wanted sha256 ${wanted}, got ${got}`,
      repair: 'the file was changed or damaged after it was registered: restore it, or register it as a new version',
    })
  }
}

function sizeMismatch(address: string, wanted: number, got: string): ArtifactError {
  return new ArtifactError({
    code: 'artifact-size-mismatch',
    address,
    reason: `wanted ${wanted} bytes, got ${got}`,
    repair: 'the file was cut short or changed after it was registered: restore it, or register it as a new version',
  })
}

function cacheFailed(path: string, error: unknown): ArtifactError {
  return new ArtifactError({
    code: 'artifact-cache-failed',
    address: path,
    reason: `the cache cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    repair: 'check that the directory exists, is writable and has room',
    transient: true,
    cause: error,
  })
}
