import { ArtifactError } from '../artifact-error.ts'

/** Statuses below 500 that say "later", not "no". */
const LATER = new Set([408, 425, 429])
/** Statuses from 500 on that no later attempt changes: not implemented, HTTP version not supported. */
const NEVER = new Set([501, 505])

/** Node's and OpenSSL's codes for a peer that cannot be trusted. Waiting does not help. */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/

/** What a status other than success means. `detail` is what the store says about it, without secrets. */
export function refused(
  shown: string,
  answer: { status: number; header(name: string): string | undefined },
  detail?: string,
): ArtifactError {
  const { status } = answer
  const reason = `the store answered ${status}${detail === undefined ? '' : ` (${detail})`}`
  if (status === 401 || status === 403) {
    const repair = 'check the credentials of this server and what they may read'
    return new ArtifactError({ code: 'artifact-forbidden', address: shown, reason, repair })
  }
  if (status === 404 || status === 410) {
    const repair = 'check the address, and that the file was put into this store'
    return new ArtifactError({ code: 'artifact-not-found', address: shown, reason, repair })
  }
  if (status === 416) {
    const repair =
      'the file was cut short or changed after it was registered: restore it, or register it as a new version'
    return new ArtifactError({
      code: 'artifact-size-mismatch',
      address: shown,
      reason: 'the store has fewer bytes',
      repair,
    })
  }
  const transient = LATER.has(status) || (status >= 500 && !NEVER.has(status))
  const retryAfterMs = transient ? waitOf(answer.header('retry-after')) : undefined
  return new ArtifactError({
    code: 'artifact-unreachable',
    address: shown,
    reason,
    repair: transient ? 'wait for the store, or see its log' : 'check the address and the settings of the store',
    transient,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** What a status other than success means for an upload. `detail` is what the store says about it, without secrets. */
export function refusedUpload(
  shown: string,
  answer: { status: number; header(name: string): string | undefined },
  detail?: string,
): ArtifactError {
  const { status } = answer
  const refusal = refused(shown, answer, detail)
  const repairs: Record<number, string> = {
    401: 'check the credentials of this machine and what they may write',
    403: 'check the credentials of this machine and what they may write',
    404: 'check the address: the bucket, repository or folder must exist',
    405: 'let the store accept PUT, or put the file there by its own client',
    409: 'create the folder of the address in the store',
    413: 'raise the limit on the size of a request in the store, or in the proxy before it',
    501: 'let the store accept PUT, or put the file there by its own client',
  }
  const repair = repairs[status]
  if (repair === undefined) return refusal
  const { code, address, reason } = refusal
  return new ArtifactError({ code, address, reason, repair })
}

/** What an error of the connection means: transient, unless the peer cannot be trusted. */
export function unreachable(shown: string, error: unknown, what: 'read' | 'written' = 'read'): ArtifactError {
  if (error instanceof ArtifactError) return error
  const cause = deepest(error)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const untrusted = CERTIFICATE.test(code)
  return new ArtifactError({
    code: 'artifact-unreachable',
    address: shown,
    reason: `cannot be ${what}: ${cause instanceof Error ? cause.message || code || cause.name : String(cause)}`,
    repair: untrusted
      ? 'mount the certificate authority of the store and name it in NODE_EXTRA_CA_CERTS or server.artifacts.certificateAuthorityFile'
      : 'check the address and that this server can reach it',
    transient: !untrusted,
    cause: error,
  })
}

function deepest(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0])
  return error instanceof Error && error.cause instanceof Error ? deepest(error.cause) : error
}

/** Milliseconds that `Retry-After` asks for, in either of its forms (RFC 9110, 10.2.3). */
function waitOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
