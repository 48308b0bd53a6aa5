import type { ServedVersion } from '../contract/index.ts'
import type { Tensors } from '../session/index.ts'
import type { Envelope } from './envelope.ts'
import type { PredictionMode } from './event.ts'
import { type HashValue, redactionsOf } from './redaction.ts'
import { createRowWriter, rowsOf } from './write-rows.ts'

/** One answered call of a version. */
export interface AnsweredCall {
  requestId: string
  mode: PredictionMode
  feeds: Tensors
  /** All of the version's outputs, or those that the caller asked for. */
  outputs: Tensors
  /** From admission to the end of the model call. */
  milliseconds: number
}

export interface WrittenPrediction {
  envelope: Envelope
  /** A `PredictionEvent`. */
  data: string
  truncated: boolean
}

/** Room for what an event says beside its rows, bytes. */
const HEAD_BYTES = 768

/**
 * Writes the calls of one version as `PredictionEvent`s of about `maxBytes` at most. The text is put together by hand: what is
 * the same for every call is written once, which halves the cost of an event.
 */
export function createPredictionWriter(
  model: string,
  { name, release, artifact, interface: modelInterface, predictionLog = {} }: ServedVersion,
  {
    redact = {},
    hash,
    maxBytes,
  }: { redact?: typeof predictionLog.redact; hash: HashValue | undefined; maxBytes: number },
): (call: AnsweredCall, time: string) => WrittenPrediction {
  const redactions = redactionsOf(modelInterface, [redact, predictionLog.redact ?? {}], hash !== undefined)
  const writeRows = createRowWriter(modelInterface, redactions, hash)
  const source = `/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(name)}`
  const identity = {
    model,
    version: name,
    ...(release !== undefined && { release }),
    digest: `sha256:${artifact.sha256}`,
  }
  const fixed = JSON.stringify({ ...identity, ...namesOf(redactions) }).slice(1, -1)

  return ({ requestId, mode, feeds, outputs, milliseconds }, time) => {
    const rows = rowsOf(modelInterface, feeds)
    const written = writeRows(feeds, outputs, rows, maxBytes - HEAD_BYTES)
    const truncated = written.inputs.length < rows
    const data =
      `{"type":"prediction","requestId":${JSON.stringify(requestId)},"time":"${time}",${fixed},"mode":"${mode}",` +
      `"latencyMs":${Math.round(milliseconds * 1000) / 1000},"rows":${rows},${truncated ? '"truncated":true,' : ''}` +
      `"inputs":[${written.inputs.join(',')}],"outputs":[${written.outputs.join(',')}]}`
    return { envelope: { type: 'prediction', requestId, time, source }, data, truncated }
  }
}

function namesOf(redactions: ReturnType<typeof redactionsOf>): { dropped?: string[]; hashed?: string[] } {
  const names = (wanted: string) =>
    [...redactions].filter(([, redaction]) => redaction === wanted).map(([name]) => name)
  const dropped = names('drop')
  const hashed = names('hash')
  return { ...(dropped.length > 0 && { dropped }), ...(hashed.length > 0 && { hashed }) }
}
