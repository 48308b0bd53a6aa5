import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PredictionLogChoice, PredictionLogSettings, ServedVersion } from '../contract/index.ts'
import type { PredictionLogMetrics } from '../monitoring/index.ts'
import { Delivery } from './delivery.ts'
import { feedbackEnvelope, writeLine } from './envelope.ts'
import type { FeedbackEvent } from './event.ts'
import { createFileSink } from './file-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { createHashValue, type HashValue, unknownRedactions } from './redaction.ts'
import { isSampled } from './sampled.ts'
import { type AnsweredCall, createPredictionWriter } from './write-prediction.ts'

const DEFAULTS = {
  maxEventBytes: 64 * 1024,
  bufferBytes: 8 * 1024 * 1024,
  batchBytes: 256 * 1024,
  flushMs: 1000,
  files: { maxBytes: 64 * 1024 * 1024, count: 4 },
}

/** Records the calls of one version that are sampled. Never throws and never waits. */
export type RecordPrediction = (call: AnsweredCall) => void

export interface PredictionLog {
  /** Null for a version whose predictions are not logged. */
  version(model: string, served: ServedVersion): RecordPrediction | null
  /** Writes where a version's predictions go: all events or, when the buffer is full, none and false. */
  feedback(served: ServedVersion, events: readonly FeedbackEvent[]): boolean
  /** Writes what is waiting, for at most so long; the rest is lost, and the log says how much. */
  close(timeoutMs: number): Promise<void>
}

interface Log {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

type Format = NonNullable<PredictionLogChoice['format']>

/**
 * Sampled predictions and their truths, as JSON lines or CloudEvents, to files or addresses. A version that names a sink of its
 * own writes there, the others to the server's. What does not fit into a sink's buffer is dropped and counted.
 */
export function createPredictionLog(
  settings: PredictionLogSettings,
  metrics: PredictionLogMetrics,
  log: Log,
): PredictionLog {
  const { maxEventBytes: maxBytes, bufferBytes, batchBytes, flushMs } = { ...DEFAULTS, ...settings }
  const files = { ...DEFAULTS.files, ...settings.files }
  const hash = readSalt(settings.saltFile, log)
  const deliveries = new Map<string, Delivery>()
  metrics.watchBuffer(() => [...deliveries.values()].reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0))

  function deliveryTo(sink: string, format: Format): Delivery {
    const key = `${format} ${sink}`
    const known = deliveries.get(key)
    if (known !== undefined) return known
    const isFile = sink.startsWith('file:')
    const target = isFile ? createFileSink(pathOf(sink), files) : createHttpSink(sink, format, settings.tokenFile)
    // Where it goes, without what may be secret: the path of an address can hold a key.
    const details = { sink: isFile ? sink : new URL(sink).origin }
    const bounds = { bufferBytes, flushMs, batchBytes: isFile ? Math.min(batchBytes, files.maxBytes) : batchBytes }
    let refusing = false
    const delivery = new Delivery(target, bounds, {
      written(lines) {
        refusing = false
        metrics.events('written', lines)
      },
      lost(lines, why, reason) {
        metrics.events(why, lines)
        // Once for all that are refused in a row; the metric counts them.
        if (why === 'refused' && refusing) return
        refusing = why === 'refused'
        log.error({ ...details, lines, reason }, `events of the prediction log are lost: ${why}`)
      },
      failing(reason, first) {
        metrics.retried()
        if (first) log.warn({ ...details, reason }, 'the prediction log cannot be written; it is tried again')
      },
    })
    deliveries.set(key, delivery)
    return delivery
  }

  function push(delivery: Delivery, lines: readonly string[]): boolean {
    const taken = delivery.push(lines)
    if (!taken) metrics.events('buffer_full', lines.length)
    return taken
  }

  function warnOfUnknown(model: string, { name, interface: modelInterface, predictionLog }: ServedVersion): void {
    const names = unknownRedactions(modelInterface, [settings.redact ?? {}, predictionLog?.redact ?? {}])
    if (names.length === 0) return
    log.warn(
      { model, version: name, names },
      'predictionLog.redact names what this version does not have: nothing is redacted',
    )
  }

  return {
    version(model, served) {
      const { sink, format = 'json', sampleRate = 1 } = { ...settings, ...served.predictionLog }
      if (sink === undefined || sampleRate === 0) return null
      warnOfUnknown(model, served)
      const write = createPredictionWriter(model, served, { redact: settings.redact ?? {}, hash, maxBytes })
      const delivery = deliveryTo(sink, format)
      let failed = false
      return (call) => {
        if (!isSampled(call.requestId, sampleRate)) return
        try {
          const { envelope, data, truncated } = write(call, new Date().toISOString())
          if (truncated) metrics.truncated(model, served.name)
          push(delivery, [writeLine(format, envelope, data)])
        } catch (error) {
          // The answer is right and must reach its caller whatever becomes of the log.
          metrics.events('failed', 1)
          if (!failed) log.error({ model, version: served.name, err: error }, 'a prediction could not be logged')
          failed = true
        }
      }
    },
    feedback(served, events) {
      const { sink, format = 'json' } = { ...settings, ...served.predictionLog }
      if (sink === undefined) throw new Error(`the predictions of ${served.name} are not logged`)
      const lines = events.map((event) => writeLine(format, feedbackEnvelope(event), JSON.stringify(event)))
      return push(deliveryTo(sink, format), lines)
    },
    async close(timeoutMs) {
      await Promise.all([...deliveries.values()].map((delivery) => delivery.close(timeoutMs)))
    },
  }
}

/** A folder gets a file named after the host, so that pods that share a volume do not write into each other's. */
function pathOf(sink: string): string {
  const path = fileURLToPath(sink)
  return sink.endsWith('/') ? join(path, `predictions-${hostname()}.jsonl`) : path
}

/** Undefined, and an error in the log, when the secret cannot be read: then what is to be hashed is dropped. */
function readSalt(saltFile: string | undefined, log: Log): HashValue | undefined {
  if (saltFile === undefined) return undefined
  try {
    return createHashValue(saltFile)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error(
      { file: saltFile, reason },
      'the salt of the prediction log cannot be read: what is to be hashed is dropped',
    )
    return undefined
  }
}
