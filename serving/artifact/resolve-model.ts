import { createHash, randomBytes } from 'node:crypto'
import { constants, copyFile, link, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ServedVersion } from '../contract/index.ts'
import { ArtifactError } from './artifact-error.ts'
import type { ContentCache } from './content-cache.ts'
import { sha256File } from './sha256-file.ts'

interface Part {
  /** Where in the assembled directory. */
  path: string
  /** The checked file in the cache. */
  source: string
  sha256: string
}

const MODEL_FILE = 'model.onnx'

/**
 * Path of a local model file that ONNX Runtime can load, its external data beside it under the paths that the graph names.
 * Without external data that is the cache's own file. Throws an `ArtifactError`.
 */
export async function resolveModel(cache: ContentCache, artifact: ServedVersion['artifact']): Promise<string> {
  const { externalData } = artifact
  for (const { path } of externalData) refuseUnsafe(path)
  const source = await cache.resolve(artifact)
  if (externalData.length === 0) return source
  const parts: Part[] = [
    { path: MODEL_FILE, source, sha256: artifact.sha256 },
    ...(await Promise.all(
      externalData.map(async (file) => ({ ...file, path: file.path, source: await cache.resolve(file) })),
    )),
  ]
  const identity = createHash('sha256').update(JSON.stringify(parts.map(({ path, sha256 }) => [path, sha256])))
  const directory = join(cache.directory, 'assembled', identity.digest('hex'))
  if (!(await isAssembled(directory, parts))) await assemble(directory, parts)
  return join(directory, MODEL_FILE)
}

/** Throws for a path that is absolute, leaves the directory, or would replace the model itself. */
function refuseUnsafe(path: string): void {
  const names = path.split(/[\\/]/)
  const unsafe = names.some((name) => name === '' || name === '.' || name === '..') || /^[A-Za-z]:|\0/.test(path)
  if (!unsafe && path !== MODEL_FILE) return
  throw new ArtifactError({
    code: 'artifact-path-unsafe',
    address: path,
    reason: 'external data must lie beside the model under a plain relative path',
    repair: 'save the model again with its external data in the same directory',
  })
}

async function isAssembled(directory: string, parts: Part[]): Promise<boolean> {
  try {
    for (const { path, source, sha256 } of parts) {
      const file = join(directory, path)
      const [here, there] = await Promise.all([stat(file), stat(source)])
      // A hard link is the checked file itself; a copy has to be hashed.
      const same = here.ino === there.ino && here.dev === there.dev
      if (!same && (await sha256File(file)).sha256 !== sha256) return false
    }
    return true
  } catch {
    return false
  }
}

/** Hard links rather than symbolic ones: ONNX Runtime refuses external data that resolves to another directory. */
async function assemble(directory: string, parts: Part[]): Promise<void> {
  const temporary = `${directory}.${process.pid}.${randomBytes(6).toString('hex')}.part`
  try {
    for (const { path, source } of parts) {
      const target = join(temporary, path)
      await mkdir(dirname(target), { recursive: true })
      await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE))
    }
    await rm(directory, { recursive: true, force: true })
    await rename(temporary, directory)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    // Another process sharing the cache may have been faster; its directory is as good.
    if (await isAssembled(directory, parts)) return
    throw new ArtifactError({
      code: 'artifact-cache-failed',
      address: directory,
      reason: `the model and its external data cannot be put together: ${error instanceof Error ? error.message : String(error)}`,
      repair: 'check that the cache directory is writable and has room, and that no two paths collide',
      cause: error,
    })
  }
}
