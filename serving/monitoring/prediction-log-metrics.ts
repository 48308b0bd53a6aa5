import { Counter, Gauge, type Registry } from 'prom-client'
import { METRICS } from '../contract/index.ts'

/** `buffer_full`: its sink does not keep up; `refused`: its receiver does not want it; `abandoned`: the process ended; `failed`: it could not be written down. */
export type LogOutcome = 'written' | 'buffer_full' | 'refused' | 'abandoned' | 'failed'

export interface PredictionLogMetrics {
  events(outcome: LogOutcome, count: number): void
  /** An attempt that failed and is repeated. */
  retried(): void
  truncated(model: string, version: string): void
  /** Asks for the bytes that wait at each scrape. */
  watchBuffer(bytes: () => number): void
}

export function createPredictionLogMetrics(registry: Registry): PredictionLogMetrics {
  const registers = [registry]
  const events = new Counter({
    name: METRICS.predictionLogEvents,
    help: 'Predictions and truths for the prediction log, by what became of them.',
    labelNames: ['outcome'],
    registers,
  })
  const retries = new Counter({
    name: METRICS.predictionLogRetries,
    help: 'Attempts to write the prediction log that failed and were repeated.',
    registers,
  })
  const truncated = new Counter({
    name: METRICS.predictionLogTruncated,
    help: 'Predictions logged with fewer rows than the request had.',
    labelNames: ['model', 'version'],
    registers,
  })
  let bytes = () => 0
  new Gauge({
    name: METRICS.predictionLogBuffer,
    help: 'Bytes that wait for the sinks of the prediction log.',
    registers,
    collect() {
      this.set(bytes())
    },
  })
  return {
    events: (outcome, count) => events.inc({ outcome }, count),
    retried: () => retries.inc(),
    truncated: (model, version) => truncated.inc({ model, version }),
    watchBuffer(read) {
      bytes = read
    },
  }
}
