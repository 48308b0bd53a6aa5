import { METRICS } from 'modelyard-serving/contract'
import { is, type Matcher, matches, max, type Scope, selector, sum, type Window } from './selectors.ts'

/**
 * Every question that a rule, an autoscaler, an analysis, a dashboard or a pull request asks Prometheus is written here, from the
 * metric names of the server's contract. Each function gives one PromQL expression; `by` are the labels that it keeps.
 */

/** Answers that count against the availability objective. */
const SERVER_ERROR = matches('code', '5..')
/** Least share of a bin: an empty one would make the index infinite. */
const SHARE_FLOOR = 0.0001
/** Why a request never ran although its caller waited for it. */
const OVERLOAD = matches('reason', 'queue_full|wait_too_long|deadline')

/** Requests answered a second, all pods together; 0 while pods are scraped and nobody has called, no value when none is scraped. */
export function requestRate(scope: Scope, window: Window, by: readonly string[] = []): string {
  const rate = sum(`rate(${selector(METRICS.requests, scope)}[${window}])`, by)
  return by.length === 0 ? `${rate} or ${zeroWhileScraped(scope)}` : rate
}

/** Requests answered within the window. */
export function requestsAnswered(scope: Scope, window: Window, offset = '', by: readonly string[] = []): string {
  return sum(`increase(${selector(METRICS.requests, scope)}[${window}]${offset && ` offset ${offset}`})`, by)
}

/** Share of the requests that were answered with a server error, 0 to 1; NaN without requests. */
export function errorRatio(scope: Scope, window: Window, by: readonly string[] = []): string {
  const all = sum(`rate(${selector(METRICS.requests, scope)}[${window}])`, by)
  const failed = sum(`rate(${selector(METRICS.requests, scope, SERVER_ERROR)}[${window}])`, by)
  return ratio(failed, all)
}

/** Requests that failed with a server error within the window. */
export function failedRequests(scope: Scope, window: Window): string {
  return sum(`increase(${selector(METRICS.requests, scope, SERVER_ERROR)}[${window}])`)
}

/** Requests that took longer than `seconds`, a bound of the histogram, within the window. */
export function slowRequests(scope: Scope, seconds: number, window: Window): string {
  const all = sum(`increase(${selector(`${METRICS.requestDuration}_count`, scope)}[${window}])`)
  return `${all} - ${sum(`increase(${selector(`${METRICS.requestDuration}_bucket`, scope, bound(seconds))}[${window}])`)}`
}

/** Requests a second by status code. */
export function requestRateByCode(scope: Scope, window: Window): string {
  return sum(`rate(${selector(METRICS.requests, scope)}[${window}])`, ['code'])
}

/** Share of the requests that took longer than `seconds`, which must be a bound of the histogram: the latency objective is. */
export function slowRatio(scope: Scope, seconds: number, window: Window, by: readonly string[] = []): string {
  const inTime = sum(`rate(${selector(`${METRICS.requestDuration}_bucket`, scope, bound(seconds))}[${window}])`, by)
  const all = sum(`rate(${selector(`${METRICS.requestDuration}_count`, scope)}[${window}])`, by)
  return `1 - ${inTime} / ${all}`
}

/** Quantile (0 to 1) of the seconds that requests took; NaN without requests. */
export function latencyQuantile(quantile: number, scope: Scope, window: Window, by: readonly string[] = []): string {
  return histogramQuantile(quantile, METRICS.requestDuration, scope, window, by)
}

/** The same as an autoscaler needs it: 0 while pods are scraped and nobody calls, no value when none is scraped. */
export function latencyForScaling(quantile: number, scope: Scope, window: Window): string {
  return `${latencyQuantile(quantile, scope, window)} >= 0 or ${zeroWhileScraped(scope)}`
}

/** Quantile of the seconds between admission and the model call. */
export function queueQuantile(quantile: number, scope: Scope, window: Window, by: readonly string[] = []): string {
  return histogramQuantile(quantile, METRICS.queueDuration, scope, window, by)
}

/** Quantile of the seconds of one model call. */
export function modelQuantile(quantile: number, scope: Scope, window: Window, by: readonly string[] = []): string {
  return histogramQuantile(quantile, METRICS.modelDuration, scope, window, by)
}

/** Rows predicted a second. */
export function rowRate(scope: Scope, window: Window, by: readonly string[] = []): string {
  return sum(`rate(${selector(`${METRICS.batchRows}_sum`, scope)}[${window}])`, by)
}

/** Mean rows of one model call. */
export function meanBatchRows(scope: Scope, window: Window, by: readonly string[] = []): string {
  return `${rowRate(scope, window, by)} / ${sum(`rate(${selector(`${METRICS.batchRows}_count`, scope)}[${window}])`, by)}`
}

/** Share of the requests that never ran since too many were waiting. */
export function rejectedRatio(scope: Scope, window: Window): string {
  const rejected = sum(`rate(${selector(METRICS.rejected, scope, OVERLOAD)}[${window}])`)
  return ratio(rejected, sum(`rate(${selector(METRICS.requests, scope)}[${window}])`))
}

/** Requests a second that never ran, by reason. */
export function rejectedRate(scope: Scope, window: Window): string {
  return sum(`rate(${selector(METRICS.rejected, scope)}[${window}])`, ['reason'])
}

/** Requests that wait for a model call. */
export function queueDepth(scope: Scope, by: readonly string[] = []): string {
  return sum(selector(METRICS.queueDepth, scope), by)
}

/** Requests admitted and not yet answered by the model. */
export function inFlight(scope: Scope, by: readonly string[] = []): string {
  return sum(selector(METRICS.inFlight, scope), by)
}

/** Pods that are scraped. */
export function scrapedPods(scope: Scope, by: readonly string[] = []): string {
  const pods = max(selector(METRICS.versionWanted, scope), [...by, 'pod'])
  return by.length === 0 ? `count(${pods})` : `count by (${by.join(', ')}) (${pods})`
}

/** 1 when no pod of the model is scraped. */
export function noPodScraped(scope: Scope): string {
  return `absent(${selector(METRICS.versionWanted, scope)})`
}

/** Versions that a pod's configuration asks for and that do not answer there: {pod, version, sha256}. */
export function wantedNotLoaded(scope: Scope): string {
  const by = ['model', 'pod', 'version', 'sha256']
  const wanted = max(selector(METRICS.versionWanted, scope), by)
  return `${wanted} unless ${max(selector(METRICS.versionLoaded, scope), by)}`
}

/** Versions that pods ask for, and those of them that do not answer, each pod counted, by model. */
export function wantedCount(scope: Scope): string {
  return `count by (model) (${selector(METRICS.versionWanted, scope)})`
}

export function notLoadedCount(scope: Scope): string {
  return `count by (model) (${wantedNotLoaded(scope)}) or 0 * ${wantedCount(scope)}`
}

/** Pods in which an artifact answers that is none of `digests`: {version, sha256}. */
export function loadedNotIn(scope: Scope, digests: readonly string[]): string {
  const others: Matcher = { label: 'sha256', operator: '!~', value: ['', ...digests].join('|') }
  return `count by (version, sha256) (${selector(METRICS.versionLoaded, scope, others)})`
}

/** Pods in which a version answers. */
export function loadedPods(scope: Scope): string {
  return `count by (model, version, release) (${selector(METRICS.versionLoaded, scope)})`
}

/** Pods whose configuration asks for a version. */
export function wantedPods(scope: Scope): string {
  return `count by (model, version, release) (${selector(METRICS.versionWanted, scope)})`
}

/** Steps within the window in which a version answered in at least one pod; no value when none was seen. */
export function stepsLoaded(scope: Scope, window: Window, step: Window): string {
  return `count_over_time((max(${selector(METRICS.versionLoaded, scope)}))[${window}:${step}])`
}

/** Bytes of memory that the server's process uses, the fullest pod of the scope. */
export function residentMemory(scope: Scope): string {
  return max(ofPods('process_resident_memory_bytes', scope), [])
}

/** Cores that the server's process uses, the busiest pod of the scope. */
export function cpuCores(scope: Scope, window: Window): string {
  const { namespace } = scope
  const rate = `rate(${selector('process_cpu_seconds_total', { namespace })}[${window}])`
  return `max(${rate} and on (pod) ${selector(METRICS.versionWanted, scope)})`
}

/** 99th percentile of how late the event loop ran, seconds, the worst pod. */
export function eventLoopLag(scope: Scope): string {
  return max(ofPods('nodejs_eventloop_lag_p99_seconds', scope), [])
}

/** Requests of a candidate that the stable version answered, as a share of all that were the candidate's. */
export function fallbackRatio(scope: Scope, window: Window): string {
  const fallbacks = sum(`rate(${selector(METRICS.candidateFallbacks, scope)}[${window}])`)
  // What the stable version answered is counted as the stable version's.
  const answered = sum(`rate(${selector(METRICS.requests, scope)}[${window}])`)
  const missed = `(${fallbacks} or 0 * ${answered})`
  return `${missed} / (${missed} + (${answered} or 0 * ${fallbacks}))`
}

/** Share of the mirrored requests in which the candidate did not agree with the stable version. */
export function shadowDisagreement(scope: Scope, window: Window): string {
  const compared = (...more: Matcher[]) =>
    sum(`rate(${selector(METRICS.shadowComparisons, scope, ...more)}[${window}])`, ['version'])
  return ratio(compared(is('agreed', 'false')), compared())
}

/** Threads of models that ended within the window. */
export function threadRestarts(scope: Scope, window: Window): string {
  return sum(`increase(${selector(METRICS.threadRestarts, scope)}[${window}])`)
}

/** Events of the prediction log that were lost, as a share of all. Of pods of one model: the metric has no label for it. */
export function predictionLogLoss(scope: Scope, window: Window): string {
  const { namespace } = scope
  const events = (...more: Matcher[]) => {
    const rate = `rate(${selector(METRICS.predictionLogEvents, { namespace }, ...more)}[${window}])`
    return `sum(${rate} and on (pod) ${selector(METRICS.versionWanted, scope)})`
  }
  return ratio(events({ label: 'outcome', operator: '!=', value: 'written' }), events())
}

/** What a PSI or a count by bins is of. */
export type Variable = 'feature' | 'output'

const BINS = {
  feature: { counts: METRICS.featureBins, shares: METRICS.featureBaselineShare },
  output: { counts: METRICS.outputBins, shares: METRICS.outputBaselineShare },
}

/**
 * Population stability index of each feature or output of each version over a window: the sum over bins of
 * (actual - expected) * ln(actual / expected), both shares at least 0.0001. Below 0.1 is taken for no change, above 0.2 for a
 * clear one. Pods export counts, since a PSI of theirs could not be added up.
 */
export function populationStabilityIndex(variable: Variable, scope: Scope, window: Window): string {
  const { counts, shares } = BINS[variable]
  const labels = ['model', 'version', variable]
  const increase = `increase(${selector(counts, scope)}[${window}])`
  const actual = `clamp_min(${sum(increase, [...labels, 'bin'])} / on (${labels.join(', ')}) group_left () (${sum(increase, labels)} > 0), ${SHARE_FLOOR})`
  const expected = `clamp_min(${max(selector(shares, scope), [...labels, 'bin'])}, ${SHARE_FLOOR})`
  return sum(`(${actual} - ${expected}) * ln(${actual} / ${expected})`, labels)
}

/** Values of each feature or output that were counted within the window: how much a PSI can be trusted. */
export function countedValues(variable: Variable, scope: Scope, window: Window): string {
  return sum(`increase(${selector(BINS[variable].counts, scope)}[${window}])`, ['model', 'version', variable])
}

/** Share of the values of each bin, of what was counted within the window. */
export function binShares(variable: Variable, scope: Scope, window: Window): string {
  const labels = ['version', variable]
  const increase = `increase(${selector(BINS[variable].counts, scope)}[${window}])`
  return `${sum(increase, [...labels, 'bin'])} / on (${labels.join(', ')}) group_left () (${sum(increase, labels)} > 0)`
}

/** The same bins in the data that the version was trained on. */
export function baselineShares(variable: Variable, scope: Scope): string {
  return max(selector(BINS[variable].shares, scope), ['version', variable, 'bin'])
}

/** Mean of each row's top probability, 0 to 1, by output. */
export function meanConfidence(scope: Scope, window: Window, offset = ''): string {
  const labels = ['model', 'version', 'output']
  const rate = (metric: string) =>
    sum(`rate(${selector(metric, scope)}[${window}]${offset && ` offset ${offset}`})`, labels)
  return `${rate(METRICS.confidenceSum)} / ${rate(METRICS.confidenceRows)}`
}

/** Values that the interface does not know or expect, a row, by feature and kind. */
export function anomalyRatio(scope: Scope, window: Window): string {
  const anomalies = sum(`rate(${selector(METRICS.featureAnomalies, scope)}[${window}])`, [
    'model',
    'version',
    'feature',
    'kind',
  ])
  const rows = rowRate(scope, window, ['model', 'version'])
  return `${anomalies} / on (model, version) group_left () (${rows} > 0)`
}

/** Features and outputs of a version's baseline that are not counted. */
export function driftLeftOut(scope: Scope): string {
  return max(selector(METRICS.driftLeftOut, scope), ['model', 'version'])
}

/** 0 as long as a pod is scraped, nothing otherwise: what tells "nobody calls" from "nobody looks". */
function zeroWhileScraped(scope: Scope): string {
  return `0 * max(${selector(METRICS.versionWanted, { ...scope, where: [] })})`
}

/** Series of the process, which know no model, of the pods that a scope has. */
function ofPods(metric: string, scope: Scope): string {
  return `${selector(metric, { namespace: scope.namespace })} and on (pod) ${selector(METRICS.versionWanted, scope)}`
}

/** part / all, 0 when there is no series of the part: a counter that never counted is not there. */
function ratio(part: string, all: string): string {
  return `(${part} or 0 * ${all}) / ${all}`
}

function histogramQuantile(
  quantile: number,
  metric: string,
  scope: Scope,
  window: Window,
  by: readonly string[],
): string {
  return `histogram_quantile(${quantile}, ${sum(`rate(${selector(`${metric}_bucket`, scope)}[${window}])`, [...by, 'le'])})`
}

/** Prometheus 3 writes the bound 1 as 1.0, Prometheus 2 as the server does. */
function bound(seconds: number): Matcher {
  return Number.isInteger(seconds) ? matches('le', `${seconds}([.]0)?`) : is('le', String(seconds))
}
