import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { POD } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)

test('probes and metrics answer at the paths of the contract', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  for (const path of [POD.livenessPath, POD.startupPath, POD.readinessPath, POD.metricsPath]) {
    assert.is((await server.get(path)).status, 200, path)
  }
  assert.equal((await server.get(POD.readinessPath)).json, {
    ready: true,
    draining: false,
    models: [{ name: 'iris', state: 'ready', versions: ['2.1.0'] }],
  })
  assert.match((await server.get(POD.metricsPath)).headers.get('content-type') ?? '', 'text/plain')
})

test('an unknown path is a 404, a wrong method a 405 that names the right one', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  assert.equal((await server.get('/nowhere?token=secret')).json, { error: 'there is no GET /nowhere' })
  const wrongMethod = await server.get('/models/iris/predict')
  assert.is(wrongMethod.status, 405)
  assert.is(wrongMethod.headers.get('allow'), 'POST')
  assert.equal(wrongMethod.json, { error: '/models/iris/predict takes POST, not GET' })
  const malformed = await server.get('/models/%ff/predict')
  assert.ok(malformed.status === 400 || malformed.status === 404)
  assert.type(malformed.json.error, 'string')
})

test('a caller keeps its request id where it is harmless, and gets one otherwise', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const idFor = async (given: string) =>
    (await server.get('/healthz', { 'x-request-id': given })).headers.get('x-request-id')
  assert.is(await idFor('order-7'), 'order-7')
  assert.match((await idFor('a b\t"')) ?? '', /^[0-9a-f]{32}$/)
  assert.match((await idFor('x'.repeat(500))) ?? '', /^[0-9a-f]{32}$/)
})

test('refused bodies are counted by their code', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  await server.post('/predict', '{')
  await server.post('/predict', {})
  const { text } = await server.get('/metrics')
  assert.match(text, 'modelyard_requests_total{model="iris",version="",route="predict",code="400"} 1')
  assert.match(text, 'modelyard_requests_total{model="iris",version="2.1.0",route="predict",code="422"} 1')
})

test('a client that goes in the middle of its request harms nobody', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  const { port } = new URL(server.address)
  for (let client = 0; client < 10; client++) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"sepal',
    )
    await new Promise((resolve) => setTimeout(resolve, 2))
    socket.destroy()
  }
  assert.is((await server.get('/readyz')).status, 200)
})

test.run()
