import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { RejectionReason } from '../batcher/index.ts'
import { METRICS } from '../contract/index.ts'
import { type BoundHistogram, BoundHistograms } from './bound-histogram.ts'
import { latencyBuckets, PART_BUCKETS, ROW_BUCKETS } from './buckets.ts'
import { createDrift, type Drift } from './drift/drift-exposition.ts'
import { createPredictionLogMetrics, type PredictionLogMetrics } from './prediction-log-metrics.ts'
import { addTiming, countCall, countRequest, createStatistics, type VersionStatistics } from './statistics.ts'

/** One version as the gauges of wanted and loaded versions name it. */
export interface VersionIdentity {
  model: string
  version: string
  /** Empty where an environment has no sealed releases. */
  release: string
  sha256: string
}

/** The metrics of one version, labels bound ahead. */
export interface VersionMetrics {
  /** Totals of what was observed here. */
  readonly statistics: VersionStatistics
  /** One answered request; `seconds` from its first byte to the last of the answer. */
  request(route: string, code: number, seconds: number): void
  queued(seconds: number): void
  called(seconds: number, rows: number): void
  entered(): void
  left(): void
  /** A request that never ran. */
  rejected(reason: string): void
  /** Asks for the depth of the queue at each scrape, until the returned function is called. */
  watchQueue(depth: () => number): () => void
  threadRestarted(): void
  anomaly(feature: string, kind: string, count: number): void
  shadowCompared(agreed: boolean): void
  /** A request that was to be mirrored here and could not be compared. */
  shadowSkipped(reason: string): void
  /** A request of this candidate that the stable version answered. */
  fellBack(reason: string): void
}

export interface Monitoring {
  /** Metrics of one version; `version` is empty for requests that no version answered. */
  version(model: string, version: string): VersionMetrics
  /** Counts by the bins of the versions' baselines. */
  drift: Drift
  /** A request without a valid key. */
  unauthenticated(): void
  predictionLog: PredictionLogMetrics
  setWanted(versions: readonly VersionIdentity[]): void
  setLoaded(versions: readonly VersionIdentity[]): void
  /** The Prometheus text format and its content type. */
  contentType: string
  text(): Promise<string>
}

/** Codes that rules count; a counter that begins at its first error would hide that error from every rate. */
const SERVER_ERRORS = [500, 503, 504]
const REJECTIONS: readonly RejectionReason[] = ['queue_full', 'wait_too_long', 'deadline', 'client_gone']

interface VersionLabels {
  model: string
  version: string
}

interface Outcome extends VersionLabels {
  route: string
  code: string
}

/** A registry of its own for each server, so that several in one process do not meet. */
export function createMonitoring(latencyP99Ms: readonly number[]): Monitoring {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const version = ['model', 'version']
  // What every request counts is counted in plain numbers, which a scrape takes into its metric.
  const outcomes: { labels: Outcome; count: number }[] = []
  new Counter({
    name: METRICS.requests,
    help: 'Requests answered, by route and status code.',
    labelNames: [...version, 'route', 'code'],
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of outcomes) this.inc({ ...labels }, count)
    },
  })
  const requestDuration = new BoundHistograms(
    METRICS.requestDuration,
    'Seconds from the arrival of a request to the end of its answer.',
    latencyBuckets(latencyP99Ms),
  )
  const queueDuration = new BoundHistograms(
    METRICS.queueDuration,
    'Seconds between admission of a request and the model call.',
    PART_BUCKETS,
  )
  const modelDuration = new BoundHistograms(METRICS.modelDuration, 'Seconds of one model call.', PART_BUCKETS)
  const batchRows = new BoundHistograms(METRICS.batchRows, 'Rows in one model call.', ROW_BUCKETS)
  const histograms = [requestDuration, queueDuration, modelDuration, batchRows]
  const flying: { labels: VersionLabels; count: number }[] = []
  new Gauge({
    name: METRICS.inFlight,
    help: 'Requests admitted and not yet answered by the model.',
    labelNames: version,
    registers,
    collect() {
      this.reset()
      for (const { labels, count } of flying) this.inc({ ...labels }, count)
    },
  })
  const rejected = new Counter({
    name: METRICS.rejected,
    help: 'Requests that never ran, by reason.',
    labelNames: [...version, 'reason'],
    registers,
  })
  const queues = new Map<{ model: string; version: string }, () => number>()
  new Gauge({
    name: METRICS.queueDepth,
    help: 'Requests that wait for a model call.',
    labelNames: version,
    registers,
    collect() {
      this.reset()
      for (const [labels, depth] of queues) this.inc(labels, depth())
    },
  })
  const threadRestarts = new Counter({
    name: METRICS.threadRestarts,
    help: 'Threads of models that ended and were started again.',
    labelNames: version,
    registers,
  })
  const anomalies = new Counter({
    name: METRICS.featureAnomalies,
    help: 'Values that the interface does not know or expect.',
    labelNames: [...version, 'feature', 'kind'],
    registers,
  })
  const shadows = new Counter({
    name: METRICS.shadowComparisons,
    help: 'Mirrored requests, by whether the candidate agreed with the stable version.',
    labelNames: [...version, 'agreed'],
    registers,
  })
  const unauthenticated = new Counter({
    name: METRICS.unauthenticated,
    help: 'Requests without a valid key where one is needed.',
    registers,
  })
  const skipped = new Counter({
    name: METRICS.shadowSkipped,
    help: 'Requests that were to be mirrored and could not be compared, by reason.',
    labelNames: [...version, 'reason'],
    registers,
  })
  const fallbacks = new Counter({
    name: METRICS.candidateFallbacks,
    help: 'Requests of a candidate that the stable version answered, by why the candidate did not.',
    labelNames: [...version, 'reason'],
    registers,
  })
  const identity = ['model', 'version', 'release', 'sha256']
  const wanted = new Gauge({
    name: METRICS.versionWanted,
    help: 'Versions that the configuration asks for.',
    labelNames: identity,
    registers,
  })
  const loaded = new Gauge({
    name: METRICS.versionLoaded,
    help: 'Versions that answer.',
    labelNames: identity,
    registers,
  })

  const drift = createDrift()
  const predictionLog = createPredictionLogMetrics(registry)

  const bound = new Map<string, VersionMetrics>()
  function bind(labels: VersionLabels): VersionMetrics {
    const routes = new Map<string, { duration: BoundHistogram; codes: Map<number, { count: number }> }>()
    const begin = (route: string, code: number) => {
      const counted = { labels: { ...labels, route, code: String(code) }, count: 0 }
      outcomes.push(counted)
      return counted
    }
    const queue = queueDuration.labels({ ...labels })
    const model = modelDuration.labels({ ...labels })
    const rows = batchRows.labels({ ...labels })
    const inFlight = { labels, count: 0 }
    // A request that no version answers enters none.
    if (labels.version !== '') {
      flying.push(inFlight)
      threadRestarts.inc({ ...labels }, 0)
      for (const reason of REJECTIONS) rejected.inc({ ...labels, reason }, 0)
    }
    const statistics = createStatistics()
    return {
      statistics,
      request(route, code, seconds) {
        let known = routes.get(route)
        if (known === undefined) {
          const codes = new Map(SERVER_ERRORS.map((error) => [error, begin(route, error)]))
          known = { duration: requestDuration.labels({ ...labels, route }), codes }
          routes.set(route, known)
        }
        known.duration.observe(seconds)
        let outcome = known.codes.get(code)
        if (outcome === undefined) {
          outcome = begin(route, code)
          known.codes.set(code, outcome)
        }
        outcome.count += 1
        countRequest(statistics, code, seconds)
      },
      queued(seconds) {
        queue.observe(seconds)
        addTiming(statistics.queue, seconds)
      },
      called(seconds, count) {
        model.observe(seconds)
        rows.observe(count)
        countCall(statistics, seconds, count)
      },
      entered() {
        inFlight.count += 1
      },
      left() {
        inFlight.count -= 1
      },
      rejected: (reason) => rejected.inc({ ...labels, reason }),
      watchQueue(depth) {
        // A version that is loaded again while the former one ends has two queues: their depths are added up.
        const key = { ...labels }
        queues.set(key, depth)
        return () => void queues.delete(key)
      },
      threadRestarted: () => threadRestarts.inc({ ...labels }),
      anomaly: (feature, kind, count) => anomalies.inc({ ...labels, feature, kind }, count),
      shadowCompared: (agreed) => shadows.inc({ ...labels, agreed: String(agreed) }),
      shadowSkipped: (reason) => skipped.inc({ ...labels, reason }),
      fellBack: (reason) => fallbacks.inc({ ...labels, reason }),
    }
  }

  return {
    version(model, name) {
      const key = `${model} ${name}`
      const known = bound.get(key) ?? bind({ model, version: name })
      bound.set(key, known)
      return known
    },
    drift,
    unauthenticated: () => unauthenticated.inc(),
    predictionLog,
    setWanted: (versions) => setAll(wanted, versions),
    setLoaded: (versions) => setAll(loaded, versions),
    contentType: registry.contentType,
    text: async () => {
      const rare = await registry.metrics()
      return [rare, ...histograms.map((histogram) => histogram.text()), drift.text()].join('')
    },
  }
}

function setAll(gauge: Gauge, versions: readonly VersionIdentity[]): void {
  gauge.reset()
  for (const version of versions) gauge.set({ ...version }, 1)
}
