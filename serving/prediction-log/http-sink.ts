import { readFile } from 'node:fs/promises'
import type { PredictionLogChoice } from '../contract/index.ts'
import { RefusedBatchError, type Sink } from './sink.ts'

const TIMEOUT_MS = 10_000
const MOST_LINES = 1000

/** Statuses by which a receiver says that this content is wrong; any other may pass, as a 404 does when the receiver is deployed. */
const WRONG_CONTENT = new Set([400, 413, 415, 422])

interface Mode {
  contentType: string
  mostLines: number
  body(lines: readonly string[]): string
}

const MODES: Record<NonNullable<PredictionLogChoice['format']>, Mode> = {
  json: {
    contentType: 'application/x-ndjson',
    mostLines: MOST_LINES,
    body: (lines) => `${lines.join('\n')}\n`,
  },
  cloudevents: {
    contentType: 'application/cloudevents+json; charset=utf-8',
    mostLines: 1,
    body: ([line = '']) => line,
  },
  'cloudevents-batch': {
    contentType: 'application/cloudevents-batch+json; charset=utf-8',
    mostLines: MOST_LINES,
    body: (lines) => `[${lines.join(',')}]`,
  },
}

/**
 * POSTs lines: JSON lines, or CloudEvents in the structured or the batched content mode (CloudEvents 1.0, HTTP protocol binding
 * 3.2 and 3.3). A receiver may see a batch twice, when its answer was lost. The token, when there is one, is read at each attempt.
 */
export function createHttpSink(
  url: string,
  format: NonNullable<PredictionLogChoice['format']>,
  tokenFile: string | undefined,
): Sink {
  const { contentType, mostLines, body } = MODES[format]
  return {
    mostLines,
    async write(lines, signal) {
      const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim()
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': contentType, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        body: body(lines),
        // What is logged goes to the address that was configured and to no other.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await response.body?.cancel()
      if (response.ok) return
      const message = `the receiver answered ${response.status}`
      throw WRONG_CONTENT.has(response.status) ? new RefusedBatchError(message) : new Error(message)
    },
    close: async () => {},
  }
}
