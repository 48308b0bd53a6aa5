import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { sha256File } from 'modelyard-serving/artifact'
import type { BundleFile } from '../definitions/index.ts'
import { bundlePath } from './bundle-path.ts'
import type { Repository } from './repository.ts'

/**
 * What this machine has of a bundle's file:
 * - `whole`: the file that the version names, by digest and size
 * - `store-only`: the version names no path, only a digest
 * - `lfs-pointer`: a Git LFS pointer in its place
 * - `crlf`: the file, with the line ends of Windows
 * - `other`: a file with another digest or size
 * - `unreadable`: no file, or one that cannot be read; `reason` is Node's code for it
 */
export type LocalContent =
  | { state: 'whole'; path: string }
  | { state: 'store-only' }
  | { state: 'lfs-pointer' }
  | { state: 'crlf' }
  | { state: 'other'; sha256: string; size: number }
  | { state: 'unreadable'; reason: string }

/**
 * Reads and hashes a bundle's file.
 * @throws Failure for a path that leads out of the model's folder or of the package
 */
export async function localContent(repository: Repository, model: string, file: BundleFile): Promise<LocalContent> {
  const path = bundlePath(repository, model, file)
  if (path === undefined) return { state: 'store-only' }
  try {
    const found = await sha256File(path)
    if (found.sha256 === file.sha256 && found.size === file.size) return { state: 'whole', path }
    if (await isLfsPointer(path, found.size)) return { state: 'lfs-pointer' }
    if (await isWithCrlf(path, found.size, file)) return { state: 'crlf' }
    return { state: 'other', ...found }
  } catch (error) {
    return { state: 'unreadable', reason: String((error as NodeJS.ErrnoException).code ?? error) }
  }
}

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer is smaller than 1,024 bytes and begins with this. */
const LFS_POINTER = /^version https:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\//

async function isLfsPointer(path: string, size: number): Promise<boolean> {
  return size < 1024 && LFS_POINTER.test(await readFile(path, 'latin1'))
}

/** Bytes. Samples and baselines are smaller; nobody converts line ends of a larger file by accident. */
const MAX_TEXT = 64 * 1024 * 1024

async function isWithCrlf(path: string, size: number, file: BundleFile): Promise<boolean> {
  if (size <= file.size || size > MAX_TEXT) return false
  const text = Buffer.from((await readFile(path, 'latin1')).replaceAll('\r\n', '\n'), 'latin1')
  return createHash('sha256').update(text).digest('hex') === file.sha256
}
