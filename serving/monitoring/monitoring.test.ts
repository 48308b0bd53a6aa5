import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { METRICS } from '../contract/index.ts'
import { latencyBuckets } from './buckets.ts'
import { createMonitoring } from './monitoring.ts'

test('the objective itself is a bound of the latency buckets, for each model', () => {
  const bounds = latencyBuckets([25, 100, 25])
  assert.ok(bounds.includes(0.025))
  assert.ok(bounds.includes(0.1))
  assert.equal(
    bounds,
    [...new Set(bounds)].sort((a, b) => a - b),
  )
})

test('every metric of the contract is exposed, and no other of ours', async () => {
  const monitoring = createMonitoring([25])
  const text = await monitoring.text()
  const exposed = [...text.matchAll(/^# TYPE (modelyard_\S+)/gm)].map(([, name]) => name)
  assert.equal(exposed.sort(), Object.values(METRICS).sort())
  assert.match(text, 'process_cpu_seconds_total')
})

test('observations carry the labels of the contract', async () => {
  const monitoring = createMonitoring([25])
  const version = monitoring.version('iris', '1.0.0')
  version.request('predict', 200, 0.01)
  version.request('predict', 422, 0.01)
  version.entered()
  version.anomaly('age', 'out_of_range', 2)
  version.shadowCompared(true)
  version.called(0.001, 8)
  monitoring.setWanted([{ model: 'iris', version: '1.0.0', release: '', sha256: 'ab' }])
  const text = await monitoring.text()
  for (const line of [
    'modelyard_requests_total{model="iris",version="1.0.0",route="predict",code="200"} 1',
    'modelyard_requests_total{model="iris",version="1.0.0",route="predict",code="422"} 1',
    'modelyard_request_duration_seconds_bucket{le="0.025",model="iris",version="1.0.0",route="predict"} 2',
    'modelyard_requests_in_flight{model="iris",version="1.0.0"} 1',
    'modelyard_feature_anomalies_total{model="iris",version="1.0.0",feature="age",kind="out_of_range"} 2',
    'modelyard_shadow_comparisons_total{model="iris",version="1.0.0",agreed="true"} 1',
    'modelyard_batch_rows_bucket{le="8",model="iris",version="1.0.0"} 1',
    'modelyard_version_wanted{model="iris",version="1.0.0",release="",sha256="ab"} 1',
  ]) {
    assert.ok(text.includes(line), line)
  }
  monitoring.setWanted([])
  assert.not.match(await monitoring.text(), 'modelyard_version_wanted{')
})

test('a histogram is written as Prometheus reads it: cumulative, a bound belongs to its own bucket, nothing before the first', async () => {
  const monitoring = createMonitoring([25])
  const version = monitoring.version('a "quoted" model', '1')
  assert.not.match(await monitoring.text(), 'modelyard_batch_rows_bucket')
  for (const rows of [1, 2, 3, 2000]) version.called(0.5, rows)
  const lines = (await monitoring.text()).split('\n').filter((line) => line.startsWith('modelyard_batch_rows'))
  const labels = 'model="a \\"quoted\\" model",version="1"'
  const below = [1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4]
  assert.equal(lines, [
    ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, '+Inf'].map(
      (bound, index) => `modelyard_batch_rows_bucket{le="${bound}",${labels}} ${below[index]}`,
    ),
    `modelyard_batch_rows_sum{${labels}} 2006`,
    `modelyard_batch_rows_count{${labels}} 4`,
  ])
})

test('what alerts count begins at 0, so that a rate sees the first error', async () => {
  const monitoring = createMonitoring([25])
  monitoring.version('wine', '1.0.0').request('predict', 200, 0.001)
  const text = await monitoring.text()
  const labels = 'model="wine",version="1.0.0"'
  for (const code of [500, 503, 504]) {
    assert.match(text, `modelyard_requests_total{${labels},route="predict",code="${code}"} 0`)
  }
  for (const reason of ['queue_full', 'wait_too_long', 'deadline', 'client_gone']) {
    assert.match(text, `modelyard_requests_rejected_total{${labels},reason="${reason}"} 0`)
  }
  assert.match(text, `modelyard_thread_restarts_total{${labels}} 0`)
})

test('two servers in one process do not meet', async () => {
  createMonitoring([25]).version('a', '1').request('predict', 200, 1)
  assert.not.match(await createMonitoring([25]).text(), 'modelyard_requests_total{')
})

test.run()
