/**
 * - `artifact-address-invalid`: not an address that can be fetched, or one that lacks what its store needs
 * - `artifact-unreachable`: the store is down, busy, cuts off or cannot be trusted; `transient` says whether a later attempt can help
 * - `artifact-not-found`: the store has no such file
 * - `artifact-forbidden`: the store does not let this server read the file
 * - `artifact-size-mismatch`, `artifact-digest-mismatch`: the bytes are not those that the reference names
 * - `artifact-path-unsafe`: external data outside the model's directory
 * - `artifact-cache-failed`: the cache directory cannot be read or written
 * - `artifact-disk-full`: the cache has no room for the file
 */
export type ArtifactErrorCode =
  | 'artifact-address-invalid'
  | 'artifact-unreachable'
  | 'artifact-not-found'
  | 'artifact-forbidden'
  | 'artifact-size-mismatch'
  | 'artifact-digest-mismatch'
  | 'artifact-path-unsafe'
  | 'artifact-cache-failed'
  | 'artifact-disk-full'

export interface ArtifactErrorDetails {
  code: ArtifactErrorCode
  /** What was asked for: an address or a path. */
  address: string
  /** What went wrong, in a clause. */
  reason: string
  /** What to do about it. */
  repair: string
  transient?: boolean
  /** Milliseconds that the store asked to be left alone. */
  retryAfterMs?: number
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
  readonly retryAfterMs: number | undefined

  constructor(details: ArtifactErrorDetails) {
    super(`${details.address}: ${details.reason}; ${details.repair}`, { cause: details.cause })
    this.name = 'ArtifactError'
    this.code = details.code
    this.address = details.address
    this.reason = details.reason
    this.repair = details.repair
    this.transient = details.transient ?? false
    this.retryAfterMs = details.retryAfterMs
  }
}

/** An address that no attempt can fetch. */
export function addressInvalid(address: string, reason: string, repair: string): ArtifactError {
  return new ArtifactError({ code: 'artifact-address-invalid', address, reason, repair })
}

/** The cache, or the disk below it, cannot be used. `error` is Node's; the path is shown as the address. */
export function cacheFailed(path: string, error: unknown): ArtifactError {
  const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
  if (full) return diskFull(path, 'the disk of the cache is full', error)
  return new ArtifactError({
    code: 'artifact-cache-failed',
    address: path,
    reason: `the cache cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    repair: 'check that the directory exists, is writable and has room',
    transient: true,
    cause: error,
  })
}

export function diskFull(path: string, reason: string, cause?: unknown): ArtifactError {
  return new ArtifactError({
    code: 'artifact-disk-full',
    address: path,
    reason,
    repair: "give the cache's volume more room, or remove what it does not need",
    transient: true,
    cause,
  })
}

export function digestMismatch(address: string, wanted: string, got: string): ArtifactError {
  return new ArtifactError({
    code: 'artifact-digest-mismatch',
    address,
    reason: `wanted sha256 ${wanted}, got ${got}`,
    repair: 'the file was changed or damaged after it was registered: restore it, or register it as a new version',
  })
}

export function sizeMismatch(address: string, wanted: number, got: string): ArtifactError {
  return new ArtifactError({
    code: 'artifact-size-mismatch',
    address,
    reason: `wanted ${wanted} bytes, got ${got}`,
    repair: 'the file was cut short or changed after it was registered: restore it, or register it as a new version',
  })
}
