import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  category,
  columns,
  defineEnvironment,
  defineModel,
  features,
  files,
  hpa,
  https,
  integer,
  metric,
  mlflow,
  number,
  oci,
  override,
  parseCpu,
  parseDuration,
  parseMemory,
  parsePercentage,
  s3,
  serverSplit,
  tensor,
} from './index.ts'

test('durations are milliseconds', () => {
  assert.equal(
    (['25ms', '1.5s', '2m', '24h', '7d', '0ms', '.5s'] as const).map(parseDuration),
    [25, 1500, 120_000, 86_400_000, 604_800_000, 0, 500],
  )
})

test('quantities are cores, bytes and shares', () => {
  assert.equal((['250m', '2', '0.5', '1500m'] as const).map(parseCpu), [0.25, 2, 0.5, 1.5])
  assert.equal((['1Ki', '256Mi', '2Gi'] as const).map(parseMemory), [1024, 268_435_456, 2_147_483_648])
  assert.equal((['2%', '0%', '2.5%', '100%'] as const).map(parsePercentage), [0.02, 0, 0.025, 1])
})

test('features hold what was written, and defaults of their kind', () => {
  assert.equal(number(), { kind: 'number', datatype: 'float32' })
  assert.equal(number({ unit: 'kg', min: 1, datatype: 'float64' }), {
    kind: 'number',
    datatype: 'float64',
    unit: 'kg',
    min: 1,
  })
  assert.equal(integer({ max: 3 }), { kind: 'number', integer: true, datatype: 'int64', max: 3 })
  assert.equal(category(['no', 'yes']), { kind: 'category', datatype: 'string', categories: ['no', 'yes'] })
  assert.equal(category({ no: 0, yes: 1 }, { example: 'no', missing: true }), {
    kind: 'category',
    datatype: 'float32',
    categories: { no: 0, yes: 1 },
    example: 'no',
    missing: true,
  })
})

test('inputs and outputs hold their features, types and shapes', () => {
  const a = number()
  assert.equal(features('float32', { a }), { matrix: 'float32', features: { a } })
  assert.equal(columns({ a }), { columns: { a } })
  assert.equal(tensor('int64', ['batch', 2], { labels: ['x', 'y'] }), {
    datatype: 'int64',
    shape: ['batch', 2],
    labels: ['x', 'y'],
  })
})

test('a definition is what was written, marked with its kind', () => {
  const outputs = { y: tensor('float32', ['batch', 1]) }
  const model = defineModel({ name: 'a', owner: 'team', inputs: columns({ x: number() }), outputs })
  assert.is(model.kind, 'model')
  assert.is(model.outputs, outputs)
  const environment = defineEnvironment({
    name: 'production',
    revision: 1,
    cluster: { name: 'eu', server: 'https://k.example.com' },
    namespace: 'models',
    artifacts: https('https://store.example.com'),
    argocd: { repoURL: 'https://git.example.com/models.git' },
    autoscaling: hpa({ cpu: 60, memory: 80 }),
    traffic: serverSplit(),
    overrides: [override(model, { replicas: { min: 1, max: 2 } })],
  })
  assert.is(environment.kind, 'environment')
  assert.equal(environment.artifacts, { kind: 'https', base: 'https://store.example.com' })
  assert.equal(environment.autoscaling, { engine: 'hpa', cpu: 60, memory: 80 })
  assert.equal(environment.traffic, { engine: 'server-split' })
  assert.equal(environment.overrides, [{ model: 'a', replicas: { min: 1, max: 2 } }])
  assert.equal(files('/models', { claim: 'models' }), { kind: 'files', base: '/models', claim: 'models' })
  assert.equal(s3('models/team', { region: 'eu-west-1' }), { kind: 's3', base: 'models/team', region: 'eu-west-1' })
  assert.equal(oci('ghcr.io/team/models'), { kind: 'oci', base: 'ghcr.io/team/models' })
  assert.equal(mlflow('https://m.example.com'), { kind: 'mlflow', base: 'models', endpoint: 'https://m.example.com' })
})

test('gates compare a metric with a value or with the champion', () => {
  assert.equal(metric('r2').atLeast(0.4), { kind: 'threshold', metric: 'r2', comparison: 'at-least', value: 0.4 })
  assert.equal(metric('mae').atMost(3), { kind: 'threshold', metric: 'mae', comparison: 'at-most', value: 3 })
  assert.equal(metric('mae').noWorseThanChampion({ tolerance: '2%' }), {
    kind: 'champion',
    metric: 'mae',
    better: 'lower',
    tolerance: '2%',
  })
  assert.is(metric('auc').noWorseThanChampion().tolerance, '0%')
})

test('errors and losses are better when lower, all else when higher, and a definition may say so itself', () => {
  const better = (name: string) => metric(name).noWorseThanChampion().better
  const lower = 'mae RMSE log_loss logloss mean_absolute_error meanAbsoluteError test-mse brier rmse@10 wer latency_p99'
  const higher = 'r2 auc accuracy power answered lower_bound_recall career_f1 glossary_hits neg_mean_squared_error'
  for (const name of lower.split(' ')) assert.is(better(name), 'lower', name)
  for (const name of higher.split(' ')) assert.is(better(name), 'higher', name)
  assert.is(metric('mae', { better: 'higher' }).noWorseThanChampion().better, 'higher')
})

test.run()
