import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Kubernetes may swap a volume between listing and reading; then it is read again. */
const ATTEMPTS = 3

export interface SecretFile {
  name: string
  text: string
}

/**
 * The files of a mounted secret, by name: one file, or those of a directory. Names that begin with a dot are not keys of the
 * secret but what Kubernetes keeps beside them (`..data`). Throws Node's error when there is nothing to read.
 */
export async function readSecret(path: string, attempt = 1): Promise<SecretFile[]> {
  if (!(await stat(path)).isDirectory()) return [{ name: basename(path), text: await readFile(path, 'utf8') }]
  const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort()
  try {
    const files = await Promise.all(names.map((name) => readIfFile(join(path, name))))
    return files.flatMap((text, index) => (text === undefined ? [] : [{ name: names[index] as string, text }]))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error
    return readSecret(path, attempt + 1)
  }
}

async function readIfFile(path: string): Promise<string | undefined> {
  return (await stat(path)).isFile() ? readFile(path, 'utf8') : undefined
}
