import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Baseline } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, referenceTo, scratch, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const BASELINE: Baseline = {
  rows: 4,
  features: {
    area: { kind: 'number', edges: [50, 100, 200], counts: [2, 2], missing: 0 },
    town: { kind: 'category', counts: { north: 2, south: 2 }, missing: 0 },
  },
  outputs: { variable: { kind: 'number', edges: [0, 1e9], counts: [4], missing: 0 } },
}

async function houseWith(baseline: unknown, file = join(scratch(), 'baseline.json')) {
  writeFileSync(file, typeof baseline === 'string' ? baseline : JSON.stringify(baseline))
  return servedVersion('1.0.0', 'house.onnx', INTERFACES.house, { baseline: await referenceTo(file) })
}

const total = (text: string, labels: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.includes(`version="1.0.0",${labels}} `))
      ?.split(' ')
      .at(-1),
  )

test('named records and V2 tensors are counted alike, after encoding', async () => {
  const server = await testServer(bootConfiguration({ house: await houseWith(BASELINE) }))
  const named = await server.post('/predict', [
    { area: 60, town: 'north' },
    { area: 250, town: null },
    { area: 100, town: 'west' },
  ])
  assert.is(named.status, 200, named.text)
  const tensors = await server.post('/v2/models/house/infer', {
    inputs: [
      { name: 'area', datatype: 'FP32', shape: [1, 1], data: [20] },
      { name: 'town', datatype: 'BYTES', shape: [1, 1], data: ['south'] },
    ],
  })
  assert.is(tensors.status, 200, tensors.text)
  // A refused record reaches no model and is no part of the distribution.
  assert.is((await server.post('/predict', { area: 'big' })).status, 422)
  const { text } = await server.get('/metrics')
  for (const [labels, count] of [
    ['feature="area",bin="[50,100)"', 1],
    ['feature="area",bin="[100,200]"', 1],
    ['feature="area",bin="_above"', 1],
    ['feature="area",bin="_below"', 1],
    ['feature="town",bin="north"', 1],
    ['feature="town",bin="south"', 1],
    ['feature="town",bin="_unseen"', 1],
    ['feature="town",bin="_missing"', 1],
  ] as const) {
    assert.is(total(text, labels), count, labels)
  }
  const outputs = [...text.matchAll(/^modelyard_output_bin_total{.* (\d+)$/gm)].map(([, count]) => Number(count))
  assert.is(
    outputs.reduce((sum, count) => sum + count, 0),
    4,
  )
})

test('a baseline that is gone, damaged or wrong costs the drift counts, never the model', async () => {
  const file = join(scratch(), 'gone.json')
  const gone = await houseWith(BASELINE, file)
  rmSync(file)
  const crooked = { ...BASELINE, outputs: { variable: { kind: 'number', edges: [1, 0], counts: [4, 4], missing: 0 } } }
  for (const house of [gone, await houseWith('{"rows":'), await houseWith(crooked)]) {
    const server = await testServer(bootConfiguration({ house }))
    assert.is((await server.post('/predict', { area: 60, town: 'north' })).status, 200)
    const { text } = await server.get('/metrics')
    assert.match(text, 'modelyard_drift_left_out{model="house",version="1.0.0"} 3')
    assert.not.match(text, 'modelyard_feature_bin_total{')
  }
})

test.run()
