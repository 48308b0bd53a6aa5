import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PredictionLogSettings } from '../../contract/index.ts'
import { INTERFACES } from '../../testing/fixtures.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(cleanUp)

const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const quiet = { ...house, predictionLog: { sampleRate: 0 } }

async function start(models: Parameters<typeof bootConfiguration>[0], settings: PredictionLogSettings = {}) {
  const file = join(scratch(), 'log.jsonl')
  const boot = bootConfiguration(models)
  boot.server.predictionLog = { sink: pathToFileURL(file).href, ...settings }
  const server = await testServer(boot)
  const logged = async () => {
    await server.close()
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return lines.map((line) => JSON.parse(line))
  }
  return { server, logged }
}

test('a truth is written beside the predictions, with the time that it was known', async () => {
  const { server, logged } = await start({ house })
  const lone = await server.post('/feedback', { requestId: 'a', truth: { variable: 151.5 } })
  assert.is(lone.status, 202, lone.text)
  assert.equal(lone.json, { accepted: 1 })
  const list = await server.post('/models/house/feedback', [
    { requestId: 'b', truth: [{ variable: 1 }, null], time: '2026-05-01T14:00:00+02:00' },
    { requestId: 'c', truth: { variable: 2 } },
  ])
  assert.equal(list.json, { accepted: 2 })
  const metrics = await server.get('/metrics')
  assert.match(metrics.text, 'modelyard_requests_total{model="house",version="",route="feedback",code="202"} 2')
  const [a, b, c] = await logged()
  assert.ok(Math.abs(Date.parse(a.time) - Date.now()) < 60_000)
  const kinds = { variable: 'number' }
  assert.equal(
    { ...a, time: '' },
    { type: 'feedback', requestId: 'a', time: '', model: 'house', kinds, truth: [{ variable: 151.5 }] },
  )
  assert.equal(b.truth, [{ variable: 1 }, null])
  assert.is(b.time, '2026-05-01T12:00:00.000Z')
  assert.is(c.requestId, 'c')
})

test('a wrong truth is a 422 that lists every wrong field, and none of its list is written', async () => {
  const { server, logged } = await start({ iris })
  const good = { requestId: 'good', truth: { label: 2, probabilities: 'setosa' } }
  for (const [body, ...expected] of [
    [{ truth: { label: 1 } }, 'requestId must be the x-request-id'],
    [{ requestId: 'a b', truth: { label: 1 } }, 'requestId must be the x-request-id'],
    [{ requestId: 'a' }, 'truth must be an object of outputs, as in {"label": ...}, not absent'],
    [{ requestId: 'a', truth: {} }, 'truth must name at least one output'],
    [{ requestId: 'a', truth: [] }, 'truth must hold the truth of at least one row'],
    [{ requestId: 'a', truth: [null, 3] }, 'truth[1] must be an object'],
    [{ requestId: 'a', truth: { label: '2' } }, 'truth.label must be a number, not a string'],
    [{ requestId: 'a', truth: { probabilities: 'rose' } }, 'truth.probabilities must be one of "setosa", "versicolor"'],
    [
      { requestId: 'a', truth: { price: 1 } },
      'truth.price is not an output of this model; it has label, probabilities',
    ],
    [{ requestId: 'a', truth: { label: 1 }, time: 'yesterday' }, 'time must be a time with its zone'],
    [{ requestId: 'a', truth: { label: 1 }, time: '2026-13-01T00:00:00Z' }, 'time must be a time with its zone'],
    [{ requestId: 'a', truth: { label: 1 }, secret: 1 }, 'secret is not a field of a truth'],
    [[good, { requestId: 1, truth: null }], '[1].requestId must be', '[1].truth must be an object'],
    [[], 'must hold at least one truth'],
    [new Array(1001).fill(good), 'must hold at most 1000 truths'],
    ['"text"', 'must be an object, not a string'],
  ] as [unknown, ...string[]][]) {
    const { status, json, text } = await server.post('/feedback', body)
    assert.is(status, 422, text)
    const said = json.details.map(({ path, message }: Record<string, string>) => `${path} ${message}`.trim())
    assert.is(said.length, expected.length, text)
    for (const [index, part] of expected.entries()) assert.ok(said[index].includes(part), said[index])
  }
  assert.equal(await logged(), [])
})

test('an output of several values without labels has no truth', async () => {
  const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
  const { server } = await start({ trailing })
  assert.is((await server.post('/feedback', { requestId: 'a', truth: { total: 1 } })).status, 202)
  const { status, text } = await server.post('/feedback', { requestId: 'a', truth: { doubled: [1] } })
  assert.is(status, 422)
  assert.match(text, 'has no truth')
})

test('where nothing is logged there is no feedback, and no such path in the document', async () => {
  const { server } = await start({ quiet, house })
  const answer = await server.post('/models/quiet/feedback', { requestId: 'a', truth: { variable: 1 } })
  assert.is(answer.status, 404)
  assert.match(answer.text, 'the predictions of quiet are not logged')
  const { paths } = (await server.get('/openapi.json')).json
  assert.ok(paths['/models/house/feedback'])
  assert.is(paths['/models/quiet/feedback'], undefined)
})

test('a full buffer is a 503 with Retry-After, and nothing of the list is taken', async () => {
  const sink = `${pathToFileURL(scratch()).href}/log.jsonl`
  const { server } = await start({ house }, { sink, bufferBytes: 1024, flushMs: 60_000 })
  const entry = { requestId: 'a', truth: { variable: 1 } }
  assert.is((await server.post('/feedback', [entry, entry])).status, 202)
  const full = await server.post('/feedback', new Array(10).fill(entry))
  assert.is(full.status, 503)
  assert.is(full.headers.get('retry-after'), '5')
  assert.is((await server.post('/feedback', entry)).status, 202)
})

test('the document describes what is taken and what is not', async () => {
  const { server } = await start({ iris })
  const { paths, components } = (await server.get('/openapi.json')).json
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'openapi', components })
  const schema = paths['/feedback'].post.requestBody.content['application/json'].schema
  const valid = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')))
  for (const body of [
    { requestId: 'a', truth: { label: 2 } },
    [{ requestId: 'a', truth: [{ probabilities: 'setosa' }, null], time: '2026-05-01T12:00:00Z' }],
    { requestId: 'a', truth: { probabilities: 'rose' } },
    { requestId: 'a b', truth: { label: 1 } },
    { requestId: 'a', truth: {} },
    [],
  ]) {
    const { status, text } = await server.post('/feedback', body)
    assert.is(valid(body), status === 202, `${JSON.stringify(body)}: ${text}`)
  }
})

test.run()
