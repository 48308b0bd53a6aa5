import { METRICS } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as queries from './queries.ts'

const SCOPE = { namespace: 'ml', model: 'churn' }

/** One expression of every function of the module. */
const ALL: Record<keyof typeof queries, string> = {
  requestRate: queries.requestRate(SCOPE, '5m'),
  requestsAnswered: queries.requestsAnswered(SCOPE, '7d', '1w'),
  errorRatio: queries.errorRatio(SCOPE, '5m'),
  failedRequests: queries.failedRequests(SCOPE, '1h'),
  slowRequests: queries.slowRequests(SCOPE, 0.025, '1h'),
  requestRateByCode: queries.requestRateByCode(SCOPE, '5m'),
  slowRatio: queries.slowRatio(SCOPE, 0.025, '5m'),
  latencyQuantile: queries.latencyQuantile(0.99, SCOPE, '5m', ['version']),
  latencyForScaling: queries.latencyForScaling(0.95, SCOPE, '2m'),
  queueQuantile: queries.queueQuantile(0.99, SCOPE, '5m'),
  modelQuantile: queries.modelQuantile(0.99, SCOPE, '5m'),
  rowRate: queries.rowRate(SCOPE, '5m'),
  meanBatchRows: queries.meanBatchRows(SCOPE, '5m'),
  rejectedRatio: queries.rejectedRatio(SCOPE, '5m'),
  rejectedRate: queries.rejectedRate(SCOPE, '5m'),
  queueDepth: queries.queueDepth(SCOPE),
  inFlight: queries.inFlight(SCOPE),
  scrapedPods: queries.scrapedPods(SCOPE),
  noPodScraped: queries.noPodScraped(SCOPE),
  wantedNotLoaded: queries.wantedNotLoaded(SCOPE),
  wantedCount: queries.wantedCount(SCOPE),
  notLoadedCount: queries.notLoadedCount(SCOPE),
  loadedNotIn: queries.loadedNotIn(SCOPE, ['ab', 'cd']),
  loadedPods: queries.loadedPods(SCOPE),
  wantedPods: queries.wantedPods(SCOPE),
  stepsLoaded: queries.stepsLoaded(SCOPE, '7d', '5m'),
  residentMemory: queries.residentMemory(SCOPE),
  cpuCores: queries.cpuCores(SCOPE, '5m'),
  eventLoopLag: queries.eventLoopLag(SCOPE),
  fallbackRatio: queries.fallbackRatio(SCOPE, '5m'),
  shadowDisagreement: queries.shadowDisagreement(SCOPE, '5m'),
  threadRestarts: queries.threadRestarts(SCOPE, '1h'),
  predictionLogLoss: queries.predictionLogLoss(SCOPE, '5m'),
  populationStabilityIndex: queries.populationStabilityIndex('feature', SCOPE, '1d'),
  countedValues: queries.countedValues('output', SCOPE, '1d'),
  binShares: queries.binShares('output', SCOPE, '1h'),
  baselineShares: queries.baselineShares('output', SCOPE),
  meanConfidence: queries.meanConfidence(SCOPE, '1h', '1d'),
  anomalyRatio: queries.anomalyRatio(SCOPE, '1h'),
  driftLeftOut: queries.driftLeftOut(SCOPE),
}

test('every query asks for metrics of the server and for one namespace', () => {
  const known = new Set<string>(Object.values(METRICS))
  const unknown = Object.entries(ALL).flatMap(([name, expression]) => {
    const metrics = [...expression.matchAll(/(\w+)\{([^}]*)\}/g)]
    assert.ok(metrics.length > 0, `${name} names no metric`)
    return metrics
      .filter(([, metric = '', labels = '']) => {
        const ours = known.has(metric.replace(/_(bucket|sum|count)$/, ''))
        return !(ours || /^(process|nodejs)_/.test(metric)) || !labels.startsWith('namespace="ml"')
      })
      .map(([selector]) => `${name}: ${selector}`)
  })
  assert.equal(unknown, [])
})

test('a share is 0, not absent, while the counter of its part has never counted', () => {
  assert.is(
    ALL.errorRatio,
    '(sum(rate(modelyard_requests_total{namespace="ml",model="churn",code=~"5.."}[5m])) or ' +
      '0 * sum(rate(modelyard_requests_total{namespace="ml",model="churn"}[5m]))) / ' +
      'sum(rate(modelyard_requests_total{namespace="ml",model="churn"}[5m]))',
  )
})

test('no call is 0 for an autoscaler, and no pod that is scraped is no value', () => {
  const zero = '0 * max(modelyard_version_wanted{namespace="ml",model="churn"})'
  assert.is(ALL.requestRate, `sum(rate(modelyard_requests_total{namespace="ml",model="churn"}[5m])) or ${zero}`)
  assert.ok(ALL.latencyForScaling.endsWith(`>= 0 or ${zero}`))
})

test('the bound of a whole second is found as Prometheus 2 and as Prometheus 3 write it', () => {
  assert.match(queries.slowRatio(SCOPE, 1, '5m'), 'le=~"1([.]0)?"')
  assert.match(queries.slowRatio(SCOPE, 0.1, '5m'), 'le="0.1"')
})

test('what people write in a name stays inside its quotes', () => {
  const expression = queries.inFlight({ namespace: 'ml', model: 'a"} or vector(1) #' })
  assert.is(expression, 'sum(modelyard_requests_in_flight{namespace="ml",model="a\\"} or vector(1) #"})')
})

test.run()
