import type { Readable } from 'node:stream'

/** The bytes of a file from some offset on. */
export interface Content {
  /** Offset of the first chunk: what was asked for, or 0 from a store that only gives whole files. */
  from: number
  /** Size of the whole file as the store tells it, bytes. */
  size?: number
  /** Buffers. Whoever has opened it destroys it. */
  chunks: Readable
}

/**
 * One kind of address. `open` throws an `ArtifactError`; reading the chunks may throw any error, which means that the store broke
 * off. Messages carry no credentials.
 */
export interface Store {
  open(address: URL, from: number): Promise<Content>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** What a store is made from. */
export interface StoreSettings {
  /** Where credentials, proxies and endpoints come from: the process's environment. */
  env: Environment
  /** PEM file with certificate authorities to trust beside Node's own. */
  certificateAuthorityFile?: string
  /** Milliseconds without a byte after which a store is given up. */
  stallMs: number
}
