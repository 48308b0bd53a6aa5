import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columns, defineModel, integer, number, type ServingSettings, tensor } from '../definitions/index.ts'
import { declaredInterface } from './interface.ts'
import { applyOverride, resolveSettings } from './settings.ts'

const model = (serving?: ServingSettings) =>
  defineModel({
    name: 'wine',
    owner: 'cellar',
    inputs: columns({ alcohol: number() }),
    outputs: { quality: tensor('float32', ['batch', 1]) },
    ...(serving && { serving }),
  })

test('every default is filled in', () => {
  assert.equal(resolveSettings(model()), {
    owner: 'cellar',
    resources: { cpu: '250m', memory: '256Mi', cpuLimit: '1' },
    replicas: { min: 2, max: 4 },
    batching: { maxSize: 32, maxDelayMs: 0 },
    slo: { latencyP99Ms: 100, availability: 0.999 },
    strict: false,
  })
})

test('what the model says comes before the defaults', () => {
  const serving: ServingSettings = {
    resources: { cpu: '2', memory: '1Gi', cpuLimit: '4' },
    replicas: { min: 1, max: 1 },
    batching: { maxSize: 8, maxDelay: '1.5s' },
    strict: true,
  }
  assert.equal(resolveSettings({ ...model(serving), slo: { latencyP99: '2m', availability: 0.5 } }), {
    owner: 'cellar',
    resources: { cpu: '2', memory: '1Gi', cpuLimit: '4' },
    replicas: { min: 1, max: 1 },
    batching: { maxSize: 8, maxDelayMs: 1500 },
    slo: { latencyP99Ms: 120_000, availability: 0.5 },
    strict: true,
  })
})

test('the CPU limit is one core, or the request when that is more', () => {
  const limit = (cpu: '250m' | '1' | '1001m' | '3') =>
    resolveSettings(model({ resources: { cpu, memory: '1Gi' } })).resources.cpuLimit
  assert.equal(
    ['250m', '1', '1001m', '3'].map((cpu) => limit(cpu as '3')),
    ['1', '1', '1001m', '3'],
  )
})

test('an override replaces replicas and resources, each as a whole', () => {
  const settings = resolveSettings(model({ resources: { cpu: '1', memory: '1Gi', cpuLimit: '2' } }))
  assert.equal(applyOverride(settings, undefined), settings)
  assert.equal(applyOverride(settings, { model: 'wine' }), settings)
  assert.equal(applyOverride(settings, { model: 'wine', replicas: { min: 9, max: 9 } }), {
    ...settings,
    replicas: { min: 9, max: 9 },
  })
  assert.equal(applyOverride(settings, { model: 'wine', resources: { cpu: '100m', memory: '2Gi' } }).resources, {
    cpu: '100m',
    memory: '2Gi',
    cpuLimit: '1',
  })
})

test('columns are tensors of their own, in the order written', () => {
  const { inputs } = declaredInterface({ ...model(), inputs: columns({ b: integer({ min: 0 }), a: number() }) })
  assert.equal(inputs, [
    {
      name: 'b',
      datatype: 'int64',
      shape: ['batch', 1],
      columns: [{ name: 'b', kind: 'number', integer: true, min: 0 }],
    },
    { name: 'a', datatype: 'float32', shape: ['batch', 1], columns: [{ name: 'a', kind: 'number' }] },
  ])
})

test('a matrix is as wide as it has features, and a raw tensor is taken as it is', () => {
  const inputs = {
    matrix: { matrix: 'float64' as const, features: { a: number(), b: number() } },
    raw: tensor('int64', [2, 'batch', 'free']),
  }
  assert.equal(declaredInterface({ ...model(), inputs }), {
    inputs: [
      {
        name: 'matrix',
        datatype: 'float64',
        shape: ['batch', 2],
        columns: [
          { name: 'a', kind: 'number' },
          { name: 'b', kind: 'number' },
        ],
      },
      { name: 'raw', datatype: 'int64', shape: [2, 'batch', 'free'] },
    ],
    outputs: [{ name: 'quality', datatype: 'float32', shape: ['batch', 1] }],
  })
})

test.run()
