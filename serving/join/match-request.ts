import type { FeedbackEvent, PredictionEvent, RowTruth } from '../prediction-log/index.ts'
import type { LoggedEvent } from './parse-events.ts'

/** One row of a request whose truth is known. */
export interface JoinedRow {
  prediction: PredictionEvent
  /** Position in the request. */
  row: number
  inputs: Record<string, unknown>
  outputs: PredictionEvent['outputs'][number]
  truth: RowTruth
  /** When the newest part of the truth was known. */
  truthTime: string
  kinds: FeedbackEvent['kinds']
}

/** What was read and what became of it. */
export interface JoinCounts {
  predictions: number
  truths: number
  /** Rows with a truth. */
  joinedRows: number
  /** Predictions of a version for a request that it has answered before, a batch sent twice for example: the newest counts. */
  duplicatePredictions: number
  /** Truths that say again, or correct, what one before has said: the newest counts. */
  duplicateTruths: number
  /** Truths that came later after the prediction than allowed. */
  lateTruths: number
  /** Truths of as many rows as the request did not have. */
  mismatchedTruths: number
  predictionsWithoutTruth: number
  truthsWithoutPrediction: number
  /** Rows with a truth that the log has cut off. */
  truncatedRows: number
}

export function createCounts(): JoinCounts {
  return {
    predictions: 0,
    truths: 0,
    joinedRows: 0,
    duplicatePredictions: 0,
    duplicateTruths: 0,
    lateTruths: 0,
    mismatchedTruths: 0,
    predictionsWithoutTruth: 0,
    truthsWithoutPrediction: 0,
    truncatedRows: 0,
  }
}

/** Joins the events of one request; a request may have been answered by several versions. `maxDelayMs` is from prediction to truth. */
export function matchRequest(events: readonly LoggedEvent[], maxDelayMs: number, counts: JoinCounts): JoinedRow[] {
  const predictions = new Map<string, PredictionEvent>()
  const truths: FeedbackEvent[] = []
  for (const event of [...events].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))) {
    if (event.type === 'feedback') truths.push(event)
    else {
      const key = [event.model, event.version, event.mode].join('\n')
      if (predictions.has(key)) counts.duplicatePredictions += 1
      predictions.set(key, event)
      counts.predictions += 1
    }
  }
  counts.truths += truths.length
  const models = new Set([...predictions.values()].map(({ model }) => model))
  counts.truthsWithoutPrediction += truths.filter(({ model }) => !models.has(model)).length
  const rows: JoinedRow[] = []
  for (const model of models) {
    const answered = [...predictions.values()].filter((prediction) => prediction.model === model)
    const known = mergeTruths(
      answered,
      truths.filter((truth) => truth.model === model),
      maxDelayMs,
      counts,
    )
    for (const prediction of answered) {
      const joined = known === null ? [] : [...joinRows(prediction, known, counts)]
      if (joined.length === 0) counts.predictionsWithoutTruth += 1
      rows.push(...joined)
    }
  }
  counts.joinedRows += rows.length
  return rows
}

interface KnownTruth {
  byRow: Map<number, { truth: RowTruth; time: string }>
  kinds: FeedbackEvent['kinds']
}

/** What the truths of one request say together, the newest last; they are in the order of their times. */
function mergeTruths(
  answered: readonly PredictionEvent[],
  truths: readonly FeedbackEvent[],
  maxDelayMs: number,
  counts: JoinCounts,
): KnownTruth | null {
  const known: KnownTruth = { byRow: new Map(), kinds: {} }
  const [first] = answered
  for (const event of truths) {
    if (first === undefined || event.truth.length !== first.rows) counts.mismatchedTruths += 1
    else if (Date.parse(event.time) - Date.parse(first.time) > maxDelayMs) counts.lateTruths += 1
    else {
      let repeated = false
      for (const [row, truth] of event.truth.entries()) {
        if (truth === null) continue
        const before = known.byRow.get(row)?.truth ?? {}
        repeated ||= Object.keys(truth).some((name) => Object.hasOwn(before, name))
        known.byRow.set(row, { truth: { ...before, ...truth }, time: event.time })
      }
      if (repeated) counts.duplicateTruths += 1
      Object.assign(known.kinds, event.kinds)
    }
  }
  return known.byRow.size === 0 ? null : known
}

function* joinRows(prediction: PredictionEvent, known: KnownTruth, counts: JoinCounts): Generator<JoinedRow> {
  for (const [row, { truth, time }] of [...known.byRow].sort(([a], [b]) => a - b)) {
    const inputs = prediction.inputs[row]
    const outputs = prediction.outputs[row]
    if (inputs === undefined || outputs === undefined) counts.truncatedRows += 1
    else yield { prediction, row, inputs, outputs, truth, truthTime: time, kinds: known.kinds }
  }
}
