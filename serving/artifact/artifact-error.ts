/**
 * - `artifact-address-invalid`: not a `file:`, `http:` or `https:` URL
 * - `artifact-unreachable`: not found, refused or cut off; `transient` says whether a later attempt can help
 * - `artifact-size-mismatch`, `artifact-digest-mismatch`: the bytes are not those that the reference names
 * - `artifact-path-unsafe`: external data outside the model's directory
 * - `artifact-cache-failed`: the cache directory cannot be read or written
 */
export type ArtifactErrorCode =
  | 'artifact-address-invalid'
  | 'artifact-unreachable'
  | 'artifact-size-mismatch'
  | 'artifact-digest-mismatch'
  | 'artifact-path-unsafe'
  | 'artifact-cache-failed'

export interface ArtifactErrorDetails {
  code: ArtifactErrorCode
  /** What was asked for: an address or a path. */
  address: string
  /** What went wrong, in a clause. */
  reason: string
  /** What to do about it. */
  repair: string
  transient?: boolean
  cause?: unknown
}

/** A file of a bundle that could not be had. */
export class ArtifactError extends Error {
  readonly code: ArtifactErrorCode
  readonly address: string
  readonly reason: string
  readonly repair: string
  /** True when the same request may succeed later: the store was down, not wrong. */
  readonly transient: boolean

  constructor(details: ArtifactErrorDetails) {
    super(`${details.address}: ${details.reason}; ${details.repair}`, { cause: details.cause })
    this.name = 'ArtifactError'
    this.code = details.code
    this.address = details.address
    this.reason = details.reason
    this.repair = details.repair
    this.transient = details.transient ?? false
  }
}
