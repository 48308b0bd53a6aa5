import type { FeedbackEvent, PredictionEvent } from '../prediction-log/index.ts'
import { isObject } from '../session/index.ts'

export type LoggedEvent = PredictionEvent | FeedbackEvent

/**
 * The events in one line: an event, a CloudEvent that holds one, or a list of either, as a receiver of batches keeps them. Null
 * for a line that holds anything else, a torn one for example.
 */
export function parseEvents(line: string): LoggedEvent[] | null {
  let document: unknown
  try {
    document = JSON.parse(line)
  } catch {
    return null
  }
  const items = (Array.isArray(document) ? document : [document]).map(unwrap)
  return items.every(isEvent) ? items : null
}

function unwrap(item: unknown): unknown {
  return isObject(item) && 'specversion' in item ? item.data : item
}

/** Enough to join it safely; logs are written by a server, but also by whoever tests with them. */
function isEvent(event: unknown): event is LoggedEvent {
  if (!isObject(event)) return false
  const { type, requestId, time, model } = event
  if (typeof requestId !== 'string' || typeof model !== 'string') return false
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return false
  if (type === 'feedback') {
    const { kinds, truth } = event
    return isObject(kinds) && Array.isArray(truth) && truth.every((row) => row === null || isObject(row))
  }
  const { version, mode, rows, inputs, outputs } = event
  return (
    type === 'prediction' &&
    typeof version === 'string' &&
    typeof mode === 'string' &&
    typeof rows === 'number' &&
    [inputs, outputs].every((list) => Array.isArray(list) && list.every(isObject))
  )
}
