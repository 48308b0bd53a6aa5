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

/** A file of this machine on its way into a store. */
export interface Outgoing {
  /** 64 hexadecimal digits. */
  sha256: string
  /** Bytes. */
  size: number
  /** The bytes from the start, in buffers: a stream for each attempt, destroyed by whoever reads it. */
  read(): Readable
}

/** The files of a version, as a registry lists them in a manifest. */
export interface Bundle {
  model: string
  version: string
  files: readonly BundledFile[]
}

export interface BundledFile {
  /** Relative path under which a client writes it: `model.onnx`. */
  path: string
  kind: 'weights' | 'data'
  sha256: string
  /** Bytes. */
  size: number
}

/** One kind of address. Each function throws an `ArtifactError`. Messages carry no credentials. */
export interface Store {
  /** Reading the chunks may throw any error, which means that the store broke off. */
  open(address: URL, from: number): Promise<Content>
  /** Puts a file at the address, in place of what is there. A file that was cut short does not appear there. */
  put(address: URL, file: Outgoing): Promise<void>
  /**
   * Lists the files of a version, which are in the store, where it deletes content that nothing lists.
   * @param address of any of them
   * @returns the name of the list; undefined where it had these files
   */
  list?(address: URL, bundle: Bundle): Promise<string | undefined>
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
