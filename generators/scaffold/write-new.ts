import { lstat, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../findings/index.ts'

/**
 * Writes files that must not be there yet, all or none.
 * @throws Failure that names every file that is there already
 */
export async function writeNew(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  const present: string[] = []
  for (const path of files.keys()) if (await exists(join(root, path))) present.push(path)
  if (present.length > 0) {
    throw new Failure(`${present.join(', ')} ${present.length === 1 ? 'exists' : 'exist'} in ${root}`, {
      fix: 'Nothing was written. Remove or rename what is there, or choose another folder.',
    })
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { flag: 'wx' })
  }
}

/** A link counts, wherever it leads. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
