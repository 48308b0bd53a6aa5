import { ArtifactError } from '../artifact-error.ts'
import { discardBody } from '../bounded-body.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts'
import { refused, refusedUpload } from './http-errors.ts'
import type { Content, Outgoing } from './store.ts'

/** Asks for a file from an offset on (RFC 9110, 14: a server may ignore `Range`). */
export function requestContent(http: HttpClient, request: HttpRequest, from: number): Promise<HttpAnswer> {
  const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
  return http.send({ ...request, headers: { ...request.headers, ...headers } })
}

/** Sends a file. The answer's body is the caller's to read or to discard. */
export async function sendContent(http: HttpClient, request: HttpRequest, file: Outgoing): Promise<HttpAnswer> {
  const body = file.read()
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(file.size) }
  try {
    return await http.send({ ...request, method: 'PUT', headers: { ...headers, ...request.headers }, body })
  } finally {
    // An answer can come before all bytes were taken; what that breaks is of no interest.
    body.on('error', () => {}).destroy()
  }
}

/** Throws an `ArtifactError` for any answer to `sendContent` but one of success. */
export async function requireStored(shown: string, answer: HttpAnswer, detail?: string): Promise<void> {
  await discardBody(answer.body)
  if (answer.status < 200 || answer.status > 299) throw refusedUpload(shown, answer, detail)
}

/** The content in an answer to `requestContent`; throws an `ArtifactError` for any status but 200 and 206. */
export async function contentOf(shown: string, answer: HttpAnswer, detail?: string): Promise<Content> {
  if (answer.status !== 200 && answer.status !== 206) {
    await discardBody(answer.body)
    throw refused(shown, answer, detail)
  }
  const encoding = answer.header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') {
    abandon(answer)
    throw broken(shown, `the store sends it as ${encoding}`, 'switch compression off for this file')
  }
  if (answer.status === 200) {
    const length = answer.header('content-length')
    return { from: 0, ...(length !== undefined && { size: Number(length) }), chunks: answer.body }
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '')
  if (range === null) {
    abandon(answer)
    throw broken(shown, 'the store answered 206 without Content-Range', 'check the store')
  }
  const [, first, size] = range
  return { from: Number(first), ...(size !== '*' && { size: Number(size) }), chunks: answer.body }
}

function abandon({ body }: HttpAnswer): void {
  body.on('error', () => {}).destroy()
}

function broken(address: string, reason: string, repair: string): ArtifactError {
  return new ArtifactError({ code: 'artifact-unreachable', address, reason, repair })
}
