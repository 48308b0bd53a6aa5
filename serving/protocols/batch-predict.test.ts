import { request as httpRequest } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
const { samples } = goldenSamples('diabetes')
const [patient] = samples
const record = patient?.features ?? {}

/** A graph with a Gather that fails on an index it does not have: some inputs are right and cannot be run. */
const lookupInterface: ModelInterface = {
  inputs: [{ name: 'index', datatype: 'int64', shape: ['batch', 1], columns: [{ name: 'index', kind: 'number' }] }],
  outputs: INTERFACES.lookup.outputs,
}

test('every record has its own prediction or its own errors, as /predict would answer it', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const { bmi: _absent, ...rest } = record
  const records = [record, { ...rest, age: 'old' }, record, 7, { ...record, sex: 'x' }]
  const alone = (await server.post('/predict', record)).json.prediction
  const { status, json, text, headers } = await server.post('/batch-predict', records)
  assert.is(status, 200, text)
  assert.is(headers.get('x-modelyard-version'), '1.0.0')
  assert.equal(json, {
    model: 'diabetes',
    version: '1.0.0',
    predictions: [alone, null, alone, null, null],
    rejected: 3,
    errors: [
      {
        index: 1,
        error: 'age must be a number, not a string, and 1 more',
        details: [
          { path: 'age', message: 'must be a number, not a string' },
          { path: 'bmi', message: 'is required' },
        ],
      },
      {
        index: 3,
        error: 'the request must be an object, not a number',
        details: [{ path: '', message: 'must be an object, not a number' }],
      },
      {
        index: 4,
        error: 'sex must be one of "female", "male", got "x"',
        details: [{ path: 'sex', message: 'must be one of "female", "male", got "x"' }],
      },
    ],
  })
})

test('a batch of many chunks is answered in order, in calls that the batcher cuts', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const records = Array.from({ length: 1000 }, (_, at) => samples[at % samples.length]?.features)
  const { json } = await server.post('/models/diabetes/batch-predict', { instances: records })
  assert.is(json.predictions.length, 1000)
  assert.is(json.rejected, 0)
  for (const [at, { progression }] of json.predictions.entries()) {
    const expected = samples[at % samples.length]?.outputs.progression?.[0] as number
    assert.ok(Math.abs(progression - expected) < 0.01, `${at}: ${progression}, not ${expected}`)
  }
  const { text } = await server.get('/metrics')
  assert.match(text, 'modelyard_requests_total{model="diabetes",version="1.0.0",route="batch-predict",code="200"} 1')
  assert.match(text, /modelyard_batch_rows_sum\{model="diabetes",version="1.0.0"\} 1000/)
})

test('a record that the model cannot run on does not spoil the others', async () => {
  const lookup = await servedVersion('1.0.0', 'lookup.onnx', lookupInterface)
  const server = await testServer(bootConfiguration({ lookup }))
  const { status, json, text } = await server.post('/batch-predict', [{ index: 0 }, { index: 99 }, { index: 1 }])
  assert.is(status, 200, text)
  assert.equal(
    json.predictions.map((prediction: unknown) => prediction === null),
    [false, true, false],
  )
  const message = 'has a value that the model cannot run on'
  const error = `the model cannot run on this input: index ${message}`
  assert.equal(json.errors, [{ index: 1, error, details: [{ path: 'index', message }] }])
})

test('a model that takes one record at a time takes a batch of them', async () => {
  const fixed: ModelInterface = {
    inputs: [
      {
        name: 'x',
        datatype: 'float32',
        shape: [1, 4],
        columns: ['a', 'b', 'c', 'd'].map((name) => ({ name, kind: 'number' })),
      },
    ],
    outputs: INTERFACES.fixedBatch.outputs,
  }
  const server = await testServer(bootConfiguration({ one: await servedVersion('1.0.0', 'fixed-batch.onnx', fixed) }))
  const records = [
    { a: 1, b: 2, c: 3, d: 4 },
    { a: 5, b: 6, c: 7, d: 8 },
  ]
  assert.is((await server.post('/predict', records)).status, 422)
  const { json } = await server.post('/batch-predict', records)
  for (const [at, prediction] of json.predictions.entries()) {
    assert.equal(prediction, (await server.post('/predict', records[at])).json.prediction)
  }
})

test('it is a 422 when nothing in it is right', async () => {
  const server = await testServer(bootConfiguration({ diabetes, trailing }))
  const { bmi: _absent, ...rest } = record
  const wrong = await server.post('/models/diabetes/batch-predict', [rest, null])
  assert.is(wrong.status, 422)
  assert.equal(wrong.json.details, [
    { path: '[0].bmi', message: 'is required' },
    { path: '[1]', message: 'must be an object, not null' },
  ])
  for (const body of [[], {}, record, { instances: {} }, { instances: [] }, 'null', '7']) {
    const { status, json } = await server.post('/models/diabetes/batch-predict', body)
    assert.is(status, 422)
    assert.match(json.error, /^the request must /)
    assert.is(json.details[0].path, '')
  }
  const raw = await server.post('/models/trailing/batch-predict', [[1, 2]])
  assert.is(raw.status, 422)
  assert.match(raw.json.error, '/v2/models/trailing/infer')
})

test('an answer to many wrong records stays short, and others are answered meanwhile', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const body = JSON.stringify([record, ...new Array(100_000).fill({})])
  const answer = server.post('/batch-predict', body)
  let probes = 0
  let done = false
  answer.finally(() => {
    done = true
  })
  while (!done) {
    assert.is((await server.get('/healthz')).status, 200)
    probes += 1
  }
  const { status, json } = await answer
  assert.is(status, 200)
  assert.is(json.rejected, 100_000)
  assert.is(json.predictions.length, 100_001)
  assert.ok(json.errors.length < 1000)
  assert.ok(probes > 10, `${probes} probes`)
})

test("the caller's time-out is for the whole batch", async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const headers = { 'x-modelyard-timeout-ms': '0.001' }
  assert.is((await server.post('/batch-predict', [record], headers)).status, 504)
  assert.is((await server.post('/batch-predict', [record], { 'x-modelyard-timeout-ms': 'x' })).status, 400)
})

test('a batch whose client has gone is given up', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const body = JSON.stringify(new Array(4000).fill(record))
  await new Promise<void>((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const client = httpRequest(`${server.address}/batch-predict`, { method: 'POST', headers })
    client.on('error', () => resolve())
    client.end(body, () => setTimeout(() => client.destroy(), 5))
  })
  assert.is((await server.post('/batch-predict', [record])).status, 200)
})

test.run()
