import type { FeedbackEvent, RowTruth, TruthKind } from '../../prediction-log/index.ts'
import { isObject, type Problem, typeName } from '../../session/index.ts'
import { isRequestId } from '../request-id.ts'
import type { TruthChecker } from './truth-checker.ts'

/** Truths that one request may bring. */
const MOST_ENTRIES = 1000

const FIELDS = new Set(['requestId', 'truth', 'time'])

/** Date, time and zone (RFC 3339): a time without its zone would mean another moment in another pod. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

export type ReadFeedback = { events: FeedbackEvent[]; problems: Problem[] }

/**
 * The truths in a body: one `{requestId, truth, time?}` or a list of them. `truth` is `{output: value}`, or for a request of
 * several rows a list with an element a row, null where nothing is known. `now` stands for an absent `time`.
 */
export function readFeedback(
  model: string,
  checkers: ReadonlyMap<string, TruthChecker | null>,
  body: unknown,
  now: string,
): ReadFeedback {
  const list = Array.isArray(body)
  const entries: unknown[] = list ? body : [body]
  const problems: Problem[] = []
  if (entries.length === 0) problems.push({ path: '', message: 'must hold at least one truth' })
  if (entries.length > MOST_ENTRIES) {
    const message = `must hold at most ${MOST_ENTRIES} truths, got ${entries.length}; send the rest in another request`
    return { events: [], problems: [{ path: '', message }] }
  }
  const events = entries.map((entry, index) => {
    return readEntry(entry, list ? `[${index}]` : '', { model, checkers, now, problems })
  })
  return { events: events.filter((event) => event !== undefined), problems }
}

interface Reading {
  model: string
  checkers: ReadonlyMap<string, TruthChecker | null>
  now: string
  problems: Problem[]
}

function readEntry(entry: unknown, at: string, reading: Reading): FeedbackEvent | undefined {
  const { model, problems, now } = reading
  const say = (field: string, message: string) => {
    problems.push({ path: [at, field].filter(Boolean).join('.'), message })
  }
  if (!isObject(entry)) {
    say('', `must be an object, not ${typeName(entry)}`)
    return undefined
  }
  for (const field of Object.keys(entry)) {
    if (!FIELDS.has(field)) say(field, 'is not a field of a truth; it has requestId, truth and time')
  }
  const { requestId, truth, time } = entry
  if (!isRequestId(requestId)) {
    say('requestId', 'must be the x-request-id of the answer: 1 to 128 letters, digits and ._:/+=-')
  }
  if (time !== undefined && !(typeof time === 'string' && TIME.test(time) && !Number.isNaN(Date.parse(time)))) {
    say('time', 'must be a time with its zone, as in 2026-05-01T12:00:00Z')
  }
  const kinds: Record<string, TruthKind> = {}
  const path = at === '' ? 'truth' : `${at}.truth`
  if (Array.isArray(truth)) {
    if (truth.every((row) => row === null)) say('truth', 'must hold the truth of at least one row')
    truth.forEach((row, index) => {
      if (row !== null) checkRow(row, `${path}[${index}]`, kinds, reading)
    })
  } else checkRow(truth, path, kinds, reading)
  return {
    type: 'feedback',
    requestId: String(requestId),
    time: typeof time === 'string' && TIME.test(time) ? isoTime(time, now) : now,
    model,
    kinds,
    truth: (Array.isArray(truth) ? truth : [truth]) as (RowTruth | null)[],
  }
}

function checkRow(row: unknown, path: string, kinds: Record<string, TruthKind>, { checkers, problems }: Reading): void {
  if (!isObject(row)) {
    const message = `must be an object of outputs, as in {${[...checkers.keys()].map((name) => JSON.stringify(name))[0]}: ...}, not ${typeName(row)}`
    problems.push({ path, message })
    return
  }
  const given = Object.entries(row)
  if (given.length === 0) problems.push({ path, message: 'must name at least one output' })
  for (const [name, value] of given) {
    const checker = checkers.get(name)
    const at = `${path}.${name.slice(0, 100)}`
    if (checker === undefined) {
      const known = [...checkers.keys()].join(', ')
      problems.push({ path: at, message: `is not an output of this model; it has ${known}` })
    } else if (checker === null) {
      problems.push({ path: at, message: 'is an output without labels that has several values: it has no truth' })
    } else {
      kinds[name] = checker.kind
      const message = checker.problem(value)
      if (message !== undefined) problems.push({ path: at, message })
    }
  }
}

function isoTime(time: string, fallback: string): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? fallback : date.toISOString()
}
