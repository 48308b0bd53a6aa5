import { BodyLimitError, readBounded } from 'modelyard-serving/artifact'
import { redact } from '../git/index.ts'

/** Milliseconds for a whole exchange. */
const TIMEOUT = 10_000

export interface Answer {
  ok: boolean
  status: number
  text: string
}

/**
 * One request to a server outside, bounded in time and in what it may answer. A redirect is an error: what is sent is for this
 * address. Throws whatever `fetch` throws, and a `BodyLimitError`.
 */
export async function exchange(url: URL, init: RequestInit, maxBytes: number): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT)
  const response = await fetch(url, { ...init, redirect: 'error', signal })
  const body = await readBounded(response.body, { maxBytes, timeoutMs: TIMEOUT })
  return { ok: response.ok, status: response.status, text: body.toString('utf8') }
}

/** Why an exchange failed, without credentials. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return redact(String(error))
  if (error instanceof BodyLimitError) return error.message
  return redact((error.cause as Error | undefined)?.message || error.message)
}
