/**
 * True for this share, 0 to 1, of request ids: the same ones in every pod and version, so that what a shadow or a retried call
 * predicted is in the log with what it is compared to.
 */
export function isSampled(requestId: string, share: number): boolean {
  return requestHash(requestId) < share * 2 ** 32
}

/** 32 bits: FNV-1a, with the finalizer of MurmurHash3, without which ids that differ in the last digit stay close together. */
export function requestHash(requestId: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < requestId.length; index++) {
    hash = Math.imul(hash ^ requestId.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
