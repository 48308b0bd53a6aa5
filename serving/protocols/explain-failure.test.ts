import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, ModelInterface } from '../contract/index.ts'
import { createSession, ModelRunError } from '../session/index.ts'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const towns = (more: Partial<Column>): ModelInterface => ({
  inputs: [
    { name: 'town', datatype: 'string', shape: ['batch', 1], columns: [{ name: 'town', kind: 'category', ...more }] },
  ],
  outputs: [{ name: 'y', datatype: 'float32', shape: ['batch', 1, 2] }],
})

const index = (more: Partial<Column> = {}): ModelInterface => ({
  inputs: [
    { name: 'index', datatype: 'int64', shape: ['batch', 1], columns: [{ name: 'index', kind: 'number', ...more }] },
  ],
  outputs: INTERFACES.lookup.outputs,
})

const strict = await servedVersion('1.0.0', 'strict-onehot.onnx', towns({ categories: ['north', 'south'] }))
// The interface does not know what the graph does.
const open = await servedVersion('1.0.0', 'strict-onehot.onnx', towns({ example: 'north' }))
const lookup = await servedVersion('1.0.0', 'lookup.onnx', index())

const UNKNOWN = 'has the value "nowhere", which the version does not know'

test('a run that fails on a category that the interface does not know names field and row in every protocol', async () => {
  const server = await testServer(bootConfiguration({ strict }))
  const wrong: [string, unknown, number, string, string?][] = [
    ['/predict', { town: 'nowhere' }, 422, 'town'],
    ['/predict', [{ town: 'north' }, { town: 'nowhere' }], 422, '[1].town'],
    ['/v1/models/strict:predict', { instances: [['south'], ['nowhere']] }, 400, 'instances[1].town'],
    ['/invocations', { inputs: { town: ['north', 'nowhere'] } }, 400, 'inputs.town[1]'],
    ['/invocations', 'town\nnorth\nnowhere\n', 400, 'rows[1].town', 'text/csv'],
    [
      '/v2/models/strict/infer',
      { inputs: [{ name: 'town', datatype: 'BYTES', shape: [2, 1], data: ['north', 'nowhere'] }] },
      400,
      '[1].town',
    ],
  ]
  for (const [path, body, status, place, type] of wrong) {
    const answer = await server.post(path, body, type === undefined ? {} : { 'content-type': type })
    assert.is(answer.status, status, answer.text)
    assert.equal(answer.json.details, [{ path: place, message: UNKNOWN }])
    assert.is(answer.json.error, `the model cannot run on this input: ${place} ${UNKNOWN}`)
  }
  const { json } = await server.post('/batch-predict', [{ town: 'nowhere' }, { town: 'north' }])
  assert.equal(json.errors[0].details, [{ path: 'town', message: UNKNOWN }])
  assert.equal(json.predictions[1], { y: [[1, 0]] })
})

test('where the interface knows every value, the row and the field are searched for', async () => {
  const server = await testServer(bootConfiguration({ open, lookup }))
  const message = 'has a value that the model cannot run on'
  for (const rows of [1, 2, 7, 300]) {
    for (const at of new Set([0, rows >> 1, rows - 1])) {
      const records = Array.from({ length: rows }, (_, row) => ({ town: row === at ? 'nowhere' : 'south' }))
      const { status, json, text } = await server.post('/models/open/predict', records)
      assert.is(status, 422, text)
      assert.equal(json.details, [{ path: `[${at}].town`, message }])
    }
  }
  const { json } = await server.post('/models/lookup/predict', [{ index: 1 }, { index: 99 }])
  assert.equal(json.details, [{ path: '[1].index', message }])
})

test('the log names the operator and the field of a failed run, and no value of the request', async () => {
  const sensitive = await servedVersion('1.0.0', 'lookup.onnx', index({ sensitive: 'drop' }))
  const log = logLines()
  const server = await testServer(bootConfiguration({ sensitive }), { logger: log.logger })
  assert.is((await server.post('/predict', { index: 987_654 })).status, 422)
  const [line] = log.lines.filter(({ msg }) => msg === 'the model failed on an input')
  assert.equal(line?.fields, ['index'])
  assert.is((line?.err as { message: string }).message, 'the model failed in its operator Gather')
  assert.not.match(log.text(), '987654')
  // ONNX Runtime does say the value.
  const session = await createSession(fixture('lookup.onnx'), index())
  const feeds = { index: { datatype: 'int64' as const, shape: [1, 1], data: BigInt64Array.of(987_654n) } }
  const error = await session.run(feeds).catch((thrown: unknown) => thrown)
  assert.instance(error, ModelRunError)
  assert.match((error as ModelRunError).reason, '987654')
  assert.not.match(JSON.stringify(error) + (error as Error).stack, '987654')
  await session.release()
})

test.run()
