import type { AlertName } from '../../generators/charts/monitoring/alert.ts'
import { METRICS } from '../../serving/contract/index.ts'
import { changed, healthy, logged, process, REQUESTS, type Series, series, slow, then, type Watched } from './series.ts'

export interface AlertCase {
  alert: AlertName
  /** What happens. */
  what: string
  fires: boolean
  input: Series[]
  /** Minutes of a step: the windows that the case is about have some steps. */
  step: number
  /** When it is looked at, steps after the first sample. */
  at: number
  /** Further labels of the alert. */
  labels?: Record<string, string>
}

/** Every alert in a case in which it fires, and what is like it and is nothing. A model that is well is looked at for all of them. */
export function alertCases(watched: Watched): AlertCase[] {
  const { version, candidate, objective } = watched
  const well = healthy(watched)
  const one = (name: string, labels: Record<string, string>, step: number, start = 0) =>
    series(name, watched, labels, step, start)
  const failures = (share: number, requests = REQUESTS): Series[] => [
    one(METRICS.requests, { version, route: 'predict', code: '200' }, requests * (1 - share)),
    one(METRICS.requests, { version, route: 'predict', code: '500' }, requests * share),
  ]
  const late = (share: number) =>
    slow(METRICS.requestDuration, watched, { version, route: 'predict' }, objective, share)
  const bins = (kind: 'feature' | 'output', low: number, high: number): Series[] => {
    const counts = kind === 'feature' ? METRICS.featureBins : METRICS.outputBins
    return [
      one(counts, { version, [kind]: 'x', bin: 'low' }, low),
      one(counts, { version, [kind]: 'x', bin: 'high' }, high),
    ]
  }
  const week = 1008
  const stopped = (after: number) =>
    [version, candidate].map((name) =>
      then(one(METRICS.requests, { version: name, route: 'predict', code: '200' }, REQUESTS), after, 0),
    )
  const busy = (changes: Series[]) => ({ input: changed(well, changes), fires: true, step: 1, at: 180 })
  const quiet = (changes: Series[]) => ({ ...busy(changes), fires: false })
  const burn = (window: string, step: number, at: number, share: number, fires = true) => ({
    ...busy(failures(share)),
    ...{ fires, step, at, labels: { window } },
  })
  return [
    // Both versions are called alike, so that a share of one is half of it of all.
    { alert: 'ModelyardAvailabilityBurn', what: 'a share far above the budget, an hour', ...burn('1h', 1, 180, 0.1) },
    { alert: 'ModelyardAvailabilityBurn', what: 'six times the budget, six hours', ...burn('6h', 5, 100, 0.016) },
    { alert: 'ModelyardAvailabilityBurn', what: 'three times the budget, a day', ...burn('1d', 10, 200, 0.008) },
    { alert: 'ModelyardAvailabilityBurn', what: 'twice the budget, three days', ...burn('3d', 10, 500, 0.004) },
    { alert: 'ModelyardAvailabilityBurn', what: 'within the budget, three days', ...burn('3d', 10, 500, 0.001, false) },
    {
      alert: 'ModelyardAvailabilityBurn',
      what: 'a few failures of a model that is hardly called',
      ...quiet([
        ...failures(0.5, 0.05),
        one(METRICS.requests, { version: candidate, route: 'predict', code: '200' }, 0),
      ]),
    },
    { alert: 'ModelyardLatencyBurn', what: 'two of five are late', ...busy([late(0.4)]), labels: { window: '1h' } },
    { alert: 'ModelyardLatencyBurn', what: 'one of a thousand is late', ...quiet([late(0.001)]) },
    { alert: 'ModelyardErrors', what: 'a fifth fails', ...busy(failures(0.4)) },
    { alert: 'ModelyardErrors', what: 'one of a hundred fails', ...quiet(failures(0.02)) },
    {
      alert: 'ModelyardRequestsRejected',
      what: 'one of twenty is rejected',
      ...busy([one(METRICS.rejected, { version, reason: 'queue_full' }, REQUESTS / 10)]),
    },
    {
      alert: 'ModelyardQueueing',
      what: 'a tenth waits for longer than half of the objective',
      ...busy([slow(METRICS.queueDuration, watched, { version }, 0.00005, 0.1)]),
      input: [
        ...changed(well, [slow(METRICS.queueDuration, watched, { version }, 0.00005, 0.1)]),
        slow(METRICS.queueDuration, watched, { version }, 1, 0),
        slow(METRICS.queueDuration, watched, { version }, objective / 1.5, 0.1),
      ],
    },
    {
      alert: 'ModelyardMemoryNearLimit',
      what: 'nearly all memory is used',
      ...busy([process('process_resident_memory_bytes', 1e9)]),
    },
    {
      alert: 'ModelyardModelRestarts',
      what: 'the model ends every ten minutes',
      ...busy([one(METRICS.threadRestarts, { version }, 0.1)]),
    },
    {
      alert: 'ModelyardSilent',
      what: 'nobody calls, a week after many did',
      fires: true,
      input: changed(well, stopped(week)),
      step: 10,
      at: week + 7,
    },
    {
      alert: 'ModelyardSilent',
      what: 'nobody calls a model of two days, as many did yesterday',
      fires: true,
      input: changed(well, stopped(288)),
      step: 10,
      at: 288 + 7,
    },
    {
      alert: 'ModelyardSilent',
      what: 'nobody calls, as a week ago',
      fires: false,
      input: changed(well, stopped(12)),
      step: 10,
      at: week + 30,
    },
    { alert: 'ModelyardNotScraped', what: 'no pod is there', fires: true, input: [], step: 1, at: 60 },
    {
      alert: 'ModelyardVersionNotLoaded',
      what: 'the candidate does not answer',
      ...busy([]),
      input: changed(well, [], [new RegExp(`^${METRICS.versionLoaded}.*"${candidate}"`)]),
    },
    {
      alert: 'ModelyardVersionNotWanted',
      what: 'an artifact answers that Git does not name',
      ...busy([]),
      input: [
        ...well,
        one(METRICS.versionLoaded, { version: '0.9.0', release: '', sha256: 'f'.repeat(64), pod: 'p0' }, 0, 1),
      ],
    },
    {
      alert: 'ModelyardCandidateFallback',
      what: 'the candidate never answers',
      ...busy([
        one(METRICS.candidateFallbacks, { version: candidate, reason: 'stopped' }, REQUESTS),
        one(METRICS.requests, { version: candidate, route: 'predict', code: '200' }, 0),
      ]),
    },
    {
      alert: 'ModelyardShadowDisagrees',
      what: 'every third answer differs',
      ...busy([one(METRICS.shadowComparisons, { version: candidate, agreed: 'false' }, REQUESTS / 2)]),
    },
    { alert: 'ModelyardFeatureDrift', what: 'nine of ten are in one of two bins', ...busy(bins('feature', 540, 60)) },
    { alert: 'ModelyardFeatureDrift', what: 'the same, of few values', ...quiet(bins('feature', 0.9, 0.1)) },
    { alert: 'ModelyardPredictionDrift', what: 'nine of ten are in one of two bins', ...busy(bins('output', 60, 540)) },
    { alert: 'ModelyardPredictionDrift', what: 'a little more in one bin', ...quiet(bins('output', 280, 320)) },
    {
      alert: 'ModelyardConfidenceDrop',
      what: 'from 0.9 to 0.6 after two days',
      fires: true,
      input: changed(well, [
        then(one(METRICS.confidenceSum, { version, output: 'probabilities' }, REQUESTS * 0.9), 288, REQUESTS * 0.6),
      ]),
      step: 10,
      at: 300,
    },
    {
      alert: 'ModelyardInputAnomalies',
      what: 'every tenth row is out of range',
      ...busy([one(METRICS.featureAnomalies, { version, feature: 'x', kind: 'out_of_range' }, REQUESTS / 10)]),
    },
    {
      alert: 'ModelyardDriftNotCounted',
      what: 'three features are left out',
      ...busy([one(METRICS.driftLeftOut, { version }, 0, 3)]),
    },
    {
      alert: 'ModelyardPredictionLogLost',
      what: 'every tenth event is refused',
      ...busy([logged('refused', REQUESTS / 9)]),
    },
  ]
}
