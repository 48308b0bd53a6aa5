import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentReference } from '../contract/index.ts'
import { cacheFailed } from './artifact-error.ts'
import { DOWNLOAD_TIMING, type DownloadTiming, download } from './download.ts'
import { type DownloadLog, SILENT } from './progress.ts'
import { sha256File } from './sha256-file.ts'
import { createStores, type Environment } from './stores/index.ts'

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

export interface CacheOptions {
  /** Where credentials, proxies and endpoints of stores come from; `process.env` by default. */
  env?: Environment
  /** PEM file with certificate authorities to trust beside Node's own. */
  certificateAuthorityFile?: string
  /** Told about downloads over a second and about interruptions; nothing by default. */
  log?: DownloadLog
  timing?: Partial<DownloadTiming>
}

/** A cache in `directory`, which is made when it is first written to. Concurrent requests for one digest share one download. */
export function createContentCache(directory: string, options: CacheOptions = {}): ContentCache {
  const { env = process.env, certificateAuthorityFile, log = SILENT } = options
  const timing = { ...DOWNLOAD_TIMING, ...options.timing }
  const { open } = createStores({
    env,
    stallMs: timing.stallMs,
    ...(certificateAuthorityFile !== undefined && { certificateAuthorityFile }),
  })
  const checked = new Map<string, string>()
  const running = new Map<string, { address: string; path: Promise<string> }>()

  async function fetchInto(path: string, reference: ContentReference): Promise<void> {
    await mkdir(join(path, '..'), { recursive: true }).catch((error: unknown) => {
      throw cacheFailed(path, error)
    })
    await download(path, reference, { open, timing, log })
  }

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
      const { sha256, address } = reference
      const current = running.get(sha256)
      if (current?.address === address) return current.path
      // Another address of the same content is tried only when the one that is under way fails.
      const path = (current?.path ?? Promise.reject()).catch(() => resolveOnce(reference))
      const started = { address, path }
      running.set(sha256, started)
      const forget = () => {
        if (running.get(sha256) === started) running.delete(sha256)
      }
      path.then(forget, forget)
      return path
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
