import { METRICS } from '../../serving/contract/index.ts'

/** A series of a rule's unit test: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/. */
export interface Series {
  series: string
  values: string
}

export interface Watched {
  model: string
  version: string
  candidate: string
  /** Digests of both. */
  digests: [string, string]
  /** Seconds. */
  objective: number
}

type Labels = Record<string, string>

export const NAMESPACE = 'models'
/** Steps of every test; the last alerts begin a week after the first sample. */
export const STEPS = 1040
/** Requests in a step of a model that is well. */
export const REQUESTS = 600

/** `name{namespace,model,pod,...}`, rising by `step` from 0, or staying at `start`. */
export function series(name: string, { model }: Watched, labels: Labels, step: number, start = 0): Series {
  const all = { namespace: NAMESPACE, model, pod: 'p1', ...labels }
  const texts = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return { series: `${name}{${texts.join(',')}}`, values: `${start}+${step}x${STEPS}` }
}

/** Stands still, or goes on another way, after `steps` steps. */
export function then(given: Series, steps: number, step: number): Series {
  const [, start = '', rise = ''] = /^(\d+)\+([\d.]+)x/.exec(given.values) ?? []
  const reached = Number(start) + Number(rise) * steps
  return { ...given, values: `${start}+${rise}x${steps} ${reached + step}+${step}x${STEPS - steps}` }
}

/** What a pod exposes whose model is well. */
export function healthy(watched: Watched): Series[] {
  const { version, candidate, digests, objective } = watched
  const one = (name: string, labels: Labels, step: number, start = 0) => series(name, watched, labels, step, start)
  const histogram = (name: string, labels: Labels, bound: number): Series[] => [
    one(`${name}_bucket`, { ...labels, le: String(bound) }, REQUESTS),
    one(`${name}_bucket`, { ...labels, le: '+Inf' }, REQUESTS),
    one(`${name}_count`, labels, REQUESTS),
  ]
  const bins = (kind: 'feature' | 'output', counts: string, shares: string): Series[] =>
    ['low', 'high'].flatMap((bin) => [
      one(counts, { version, [kind]: 'x', bin }, REQUESTS / 2),
      one(shares, { version, [kind]: 'x', bin }, 0, 0.5),
    ])
  return [
    ...[version, candidate].flatMap((name, index) => [
      one(METRICS.requests, { version: name, route: 'predict', code: '200' }, REQUESTS),
      one(METRICS.requests, { version: name, route: 'predict', code: '500' }, 0),
      ...histogram(METRICS.requestDuration, { version: name, route: 'predict' }, objective),
      one(METRICS.versionWanted, { version: name, release: '', sha256: digests[index] ?? '' }, 0, 1),
      one(METRICS.versionLoaded, { version: name, release: '', sha256: digests[index] ?? '' }, 0, 1),
    ]),
    ...histogram(METRICS.queueDuration, { version }, 0.00005),
    one(METRICS.rejected, { version, reason: 'queue_full' }, 0),
    one(METRICS.threadRestarts, { version }, 0),
    one(METRICS.candidateFallbacks, { version: candidate, reason: 'stopped' }, 0),
    one(METRICS.shadowComparisons, { version: candidate, agreed: 'true' }, REQUESTS),
    one(METRICS.shadowComparisons, { version: candidate, agreed: 'false' }, 0),
    ...bins('feature', METRICS.featureBins, METRICS.featureBaselineShare),
    ...bins('output', METRICS.outputBins, METRICS.outputBaselineShare),
    one(`${METRICS.batchRows}_sum`, { version }, REQUESTS),
    one(METRICS.featureAnomalies, { version, feature: 'x', kind: 'out_of_range' }, 0),
    one(METRICS.driftLeftOut, { version }, 0),
    one(METRICS.confidenceSum, { version, output: 'probabilities' }, REQUESTS * 0.9),
    one(METRICS.confidenceRows, { version, output: 'probabilities' }, REQUESTS),
    process('process_resident_memory_bytes', 50e6),
    logged('written', REQUESTS),
    logged('refused', 0),
  ]
}

/** Of the process, which knows no model. */
export function process(name: string, value: number): Series {
  return { series: `${name}{namespace="${NAMESPACE}",pod="p1"}`, values: `${value}+0x${STEPS}` }
}

export function logged(outcome: string, step: number): Series {
  const labels = `namespace="${NAMESPACE}",pod="p1",outcome="${outcome}"`
  return { series: `${METRICS.predictionLogEvents}{${labels}}`, values: `0+${step}x${STEPS}` }
}

/** A histogram in which `share` of the observations are above the bound. */
export function slow(name: string, watched: Watched, labels: Labels, bound: number, share: number): Series {
  return series(`${name}_bucket`, watched, { ...labels, le: String(bound) }, REQUESTS * (1 - share))
}

/** `series` with some of them replaced; one of `values` undefined is not there. */
export function changed(given: readonly Series[], changes: readonly Series[], gone: readonly RegExp[] = []): Series[] {
  for (const { series } of changes)
    if (!given.some((item) => item.series === series)) throw new Error(`nothing to replace: ${series}`)
  const replaced = new Map(changes.map((item) => [item.series, item]))
  return given
    .filter(({ series }) => !gone.some((pattern) => pattern.test(series)))
    .map((item) => replaced.get(item.series) ?? item)
}
