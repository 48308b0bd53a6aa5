import { randomUUID } from 'node:crypto'
import type { PredictionLogChoice } from '../contract/index.ts'
import type { FeedbackEvent } from './event.ts'

/** What an envelope says of the event in it. */
export interface Envelope {
  type: 'prediction' | 'feedback'
  requestId: string
  time: string
  /** Path of who speaks. */
  source: string
}

/** An event's line: the event itself, or CloudEvents 1.0 in the JSON event format with the event as `data`. */
export function writeLine(
  format: NonNullable<PredictionLogChoice['format']>,
  { type, requestId, time, source }: Envelope,
  data: string,
): string {
  if (format === 'json') return data
  // `source` and `id` together must be unique, and one request may have several predictions and truths: an id of its own.
  return (
    `{"specversion":"1.0","id":"${randomUUID()}","source":${JSON.stringify(source)},"type":"dev.modelyard.${type}.v1",` +
    `"subject":${JSON.stringify(requestId)},"time":"${time}","datacontenttype":"application/json","data":${data}}`
  )
}

export function feedbackEnvelope({ requestId, time, model }: FeedbackEvent): Envelope {
  return { type: 'feedback', requestId, time, source: `/models/${encodeURIComponent(model)}` }
}
