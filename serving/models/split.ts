import { createHash } from 'node:crypto'
import type { Candidate } from '../contract/index.ts'

export type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What a request does with a model's candidate: nothing, be answered by it, or be mirrored to it. */
export type Split = 'stable' | 'candidate' | 'mirror'

/** The header that keeps callers of an A/B test on one version when the candidate names no other. */
const DEFAULT_HEADER = 'x-request-id'

/**
 * Decides for one request by its headers. `canary` and `shadow` take their share at random; `ab` by a hash of the header's
 * value. Without the header an A/B request stays on the stable version: it could not be sticky.
 */
export function splitRequest(model: string, candidate: Candidate, headers: Headers, random = Math.random): Split {
  if (candidate.mode === 'ab') {
    const value = headers[(candidate.header ?? DEFAULT_HEADER).toLowerCase()]
    return splitByValue(model, candidate, value === undefined ? undefined : String(value))
  }
  if (random() * 100 >= candidate.weight) return 'stable'
  return candidate.mode === 'shadow' ? 'mirror' : 'candidate'
}

/** The same for an A/B test by a value that is known already; an absent one stays on the stable version. */
export function splitByValue(model: string, candidate: Candidate, value: string | undefined): 'stable' | 'candidate' {
  if (value === undefined) return 'stable'
  const { salt = `${model}\0${candidate.version}`, weight } = candidate
  return shareOf(salt, value) < weight ? 'candidate' : 'stable'
}

/** A number in [0, 100), the same for the same salt and value, in every pod. */
function shareOf(salt: string, value: string): number {
  const digest = createHash('sha256').update(salt).update('\0').update(value).digest()
  return (digest.readUInt32BE(0) / 2 ** 32) * 100
}
