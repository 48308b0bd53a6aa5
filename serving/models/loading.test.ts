import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServedVersion } from '../contract/index.ts'
import { fixture, goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import {
  bootConfiguration,
  cleanUp,
  copyOfFixture,
  referenceTo,
  scratch,
  servedVersion,
  testServer,
  until,
} from '../testing/server.ts'

test.after.each(cleanUp)

const good = await servedVersion('1.0.0', 'iris.onnx', INTERFACES.iris, { samples: 'iris.samples.json' })
const record = goldenSamples('iris').samples[0]?.features

/** Serves a good model beside a bad one; gives the code for which the bad one was refused. */
async function refusalOf(bad: ServedVersion): Promise<string> {
  const server = await testServer(bootConfiguration({ good, bad }))
  const ready = await server.get('/readyz')
  assert.is(ready.status, 200, 'a refused model makes itself unready, not the pod')
  const [first, second] = ready.json.models
  assert.is(first.state, 'ready')
  assert.is(second.state, 'refused')
  assert.is((await server.post('/models/good/predict', record)).status, 200)
  const refused = await server.post('/models/bad/predict', record)
  assert.is(refused.status, 503)
  assert.not.match(refused.text, 'sha256/')
  assert.is((await server.get('/v2/models/bad/ready')).status, 503)
  assert.is((await server.get('/startupz')).status, 200)
  return second.reason
}

test('a wrong digest is refused', async () => {
  const artifact = { ...good.artifact, sha256: '0'.repeat(64) }
  assert.is(await refusalOf({ ...good, artifact }), 'artifact-digest-mismatch')
})

test('an artifact that was cut short is refused', async () => {
  const directory = scratch()
  const path = copyOfFixture('house.onnx', directory)
  const artifact = { ...(await referenceTo(path)), externalData: [] }
  writeFileSync(path, readFileSync(path).subarray(0, 300))
  assert.is(await refusalOf({ ...good, artifact }), 'artifact-size-mismatch')
})

test('a whole file of half a model is refused', async () => {
  const directory = scratch()
  const path = join(directory, 'half.onnx')
  writeFileSync(path, readFileSync(fixture('iris.onnx')).subarray(0, 300))
  const artifact = { ...(await referenceTo(path)), externalData: [] }
  assert.is(await refusalOf({ ...good, artifact }), 'model-unreadable')
})

test('an interface that is not the graph is refused', async () => {
  assert.is(await refusalOf({ ...good, interface: INTERFACES.diabetes }), 'model-interface-differs')
})

test('ZipMap and int4 models are refused, and the process lives', async () => {
  assert.is(await refusalOf(await servedVersion('1.0.0', 'zipmap.onnx', INTERFACES.zipmap)), 'model-unsupported')
  assert.is(await refusalOf(await servedVersion('1.0.0', 'int4.onnx', INTERFACES.int4)), 'model-unsupported')
})

test('a model that does not predict what its golden samples promise is refused', async () => {
  const directory = scratch()
  const path = join(directory, 'samples.json')
  const golden = goldenSamples('iris')
  if (golden.samples[3]) golden.samples[3].outputs.label = [2]
  writeFileSync(path, JSON.stringify(golden))
  assert.is(await refusalOf({ ...good, goldenSamples: await referenceTo(path) }), 'golden-samples-failed')
  writeFileSync(path, '{"source": "nobody"}')
  assert.is(await refusalOf({ ...good, goldenSamples: await referenceTo(path) }), 'golden-samples-invalid')
})

test('external data that the version does not list is refused, and what it lists is served', async () => {
  const version = await servedVersion('1.0.0', 'external.onnx', INTERFACES.external)
  assert.is(await refusalOf(version), 'model-unreadable')
  const weights = { ...(await referenceTo(fixture('external-weights.bin'))), path: 'weights/w.bin' }
  const artifact = { ...version.artifact, externalData: [weights] }
  const server = await testServer(bootConfiguration({ external: { ...version, artifact } }))
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 0, 0, 1] }]
  const got = await server.post('/v2/models/external/infer', { inputs })
  assert.equal(got.json.outputs[0].data, [6, 8])
})

test('a store that is down at the start and comes up later is tried again', async () => {
  const content = readFileSync(fixture('iris.onnx'))
  let up = false
  const store = createServer((_request, response) => (up ? response.end(content) : response.writeHead(503).end()))
  store.unref()
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(store.address() as AddressInfo).port}/iris.onnx`
  const server = await testServer(bootConfiguration({ iris: { ...good, artifact: { ...good.artifact, address } } }))
  const unready = await server.get('/readyz')
  assert.is(unready.status, 503)
  assert.is(unready.json.models[0].reason, 'artifact-unreachable')
  assert.is((await server.get('/healthz')).status, 200)
  up = true
  await until(async () => (await server.get('/readyz')).status === 200, 'the model is loaded after all')
  assert.is((await server.post('/predict', record)).status, 200)
})

test.run()
