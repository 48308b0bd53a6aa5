import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ArtifactError } from '../artifact-error.ts'
import type { Store } from './store.ts'

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
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        throw new ArtifactError({
          code:
            code === 'ENOENT'
              ? 'artifact-not-found'
              : code === 'EACCES'
                ? 'artifact-forbidden'
                : 'artifact-unreachable',
          address: address.href,
          reason: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          repair: 'check the address, and that the volume is mounted and readable',
          cause: error,
        })
      }
    },
  }
}
