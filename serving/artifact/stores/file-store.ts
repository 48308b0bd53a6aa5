import { createReadStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArtifactError } from '../artifact-error.ts'
import { PartialFile } from '../partial-file.ts'
import type { Outgoing, Store } from './store.ts'

/** `file:///path`: a volume of the pod, or a folder of this machine. */
export function createFileStore(): Store {
  return {
    async open(address, from) {
      try {
        const path = fileURLToPath(address)
        const found = await stat(path)
        if (!found.isFile()) throw new Error('not a file')
        return { from, size: found.size, chunks: createReadStream(path, { start: from, highWaterMark: 1024 * 1024 }) }
      } catch (error) {
        throw failed(address, error, 'read')
      }
    },
    async put(address, file) {
      try {
        const path = fileURLToPath(address)
        await mkdir(dirname(path), { recursive: true })
        await write(path, file)
      } catch (error) {
        throw error instanceof ArtifactError ? error : failed(address, error, 'written')
      }
    },
  }
}

/** Renamed into place once all bytes are there and have the digest: a pod never sees half a file. */
async function write(path: string, { sha256, read }: Outgoing): Promise<void> {
  const partial = await PartialFile.open(path)
  const chunks = read()
  try {
    if (partial.inherited) await partial.restart()
    for await (const chunk of chunks) await partial.append(chunk)
    if (partial.digest() !== sha256) {
      const reason = `the file was changed while it was copied: wanted sha256 ${sha256}, got ${partial.digest()}`
      throw new ArtifactError({ code: 'artifact-digest-mismatch', address: path, reason, repair: 'push again' })
    }
    await partial.commit()
  } catch (error) {
    await partial.discard()
    throw error
  } finally {
    chunks.on('error', () => {}).destroy()
  }
}

function failed(address: URL, error: unknown, what: 'read' | 'written'): ArtifactError {
  const errno = error instanceof Error && 'code' in error ? error.code : undefined
  return new ArtifactError({
    code:
      errno === 'ENOENT'
        ? 'artifact-not-found'
        : errno === 'EACCES'
          ? 'artifact-forbidden'
          : errno === 'ENOSPC' || errno === 'EDQUOT'
            ? 'artifact-disk-full'
            : 'artifact-unreachable',
    address: address.href,
    reason: `cannot be ${what}: ${error instanceof Error ? error.message : String(error)}`,
    repair:
      what === 'read'
        ? 'check the address, and that the volume is mounted and readable'
        : 'check the address, and that the volume is mounted, writable and has room',
    cause: error,
  })
}
