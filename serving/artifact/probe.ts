import { DOWNLOAD_TIMING } from './download.ts'
import { unreachable } from './stores/http-errors.ts'
import { createStores, type Environment, shownAddress } from './stores/index.ts'

export interface ProbeOptions {
  /** Where credentials, proxies and endpoints of stores come from; `process.env` by default. */
  env?: Environment
  /** Milliseconds without an answer after which a store is given up. */
  stallMs?: number
}

/**
 * Asks stores whether they have a file, as a download would ask for it, and takes none of its bytes. Gives the size that the store tells,
 * if it does. Throws an `ArtifactError`, `artifact-not-found` where there is none.
 */
export function createProbe({
  env = process.env,
  stallMs = DOWNLOAD_TIMING.stallMs,
}: ProbeOptions = {}): (address: string) => Promise<{ size?: number }> {
  const { open } = createStores({ env, stallMs })
  return async (address) => {
    const { size, chunks } = await open(address, 0).catch((error: unknown) => {
      throw unreachable(shownAddress(address), error)
    })
    // What ending it early breaks is of no interest.
    chunks.on('error', () => {}).destroy()
    return size === undefined ? {} : { size }
  }
}
