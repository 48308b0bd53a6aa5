import { once } from 'node:events'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryBudget } from '../limits/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { closeGrpcClients, grpcClient, INFERENCE, inferRequest, refused } from '../testing/grpc-client.ts'
import { bootConfiguration, cleanUp, servedVersion, type TestServer, testServer, until } from '../testing/server.ts'

test.after.each(async () => {
  closeGrpcClients()
  await cleanUp()
})

const MEGABYTE = 2 ** 20

/** As in a pod that has so much left beside its models. */
const budgetOf = (bytes: number) => new MemoryBudget((bytes * 8) / 7, () => 0)

const record = { sepal_length: 5.1, sepal_width: 3, petal_length: 1, petal_width: 0.2 }
const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)

async function limitedServer(bytes: number) {
  const budget = budgetOf(bytes)
  const boot = bootConfiguration({ iris })
  boot.server.bodyLimit = 16 * MEGABYTE
  const server = await testServer(boot, { budget, grpcPort: 0 })
  const released = () => until(() => budget.holders === 0 && budget.inFlight === 0, 'everything is given back')
  return { server, budget, released }
}

const rows = (count: number) => new Array(count).fill(record)
const tensor = (count: number) => ({
  inputs: [{ name: 'features', datatype: 'FP32', shape: [count, 4], data: new Array(count * 4).fill(5.1) }],
})
const csv = (count: number) => `${Object.keys(record)}\n${`${Object.values(record)}\n`.repeat(count)}`

/** A request of so many rows in each protocol of the port. */
const PROTOCOLS: Record<string, (server: TestServer, count: number) => ReturnType<TestServer['post']>> = {
  named: (server, count) => server.post('/models/iris/predict', rows(count)),
  batch: (server, count) => server.post('/models/iris/batch-predict', rows(count)),
  v2: (server, count) => server.post('/v2/models/iris/infer', tensor(count)),
  v1: (server, count) => server.post('/v1/models/iris:predict', { instances: rows(count) }),
  mlflow: (server, count) => server.post('/models/iris/invocations', { dataframe_records: rows(count) }),
  csv: (server, count) => server.post('/models/iris/invocations', csv(count), { 'content-type': 'text/csv' }),
  binary: (server, count) => {
    const json = JSON.stringify({
      inputs: [{ name: 'features', datatype: 'FP32', shape: [count, 4], parameters: { binary_data_size: count * 16 } }],
    })
    const body = Buffer.concat([Buffer.from(json), Buffer.alloc(count * 16)])
    const headers = { 'inference-header-content-length': String(json.length) }
    return server.post('/v2/models/iris/infer', body, headers)
  },
  gzip: (server, count) =>
    server.post('/models/iris/predict', gzipSync(JSON.stringify(rows(count))), { 'content-encoding': 'gzip' }),
}

test('a request that no memory is left for is refused in every protocol, and a small one beside it is not', async () => {
  const { server, budget, released } = await limitedServer(6 * MEGABYTE)
  for (const [protocol, ask] of Object.entries(PROTOCOLS)) {
    const tooLarge = await ask(server, 400_000 / (protocol === 'binary' ? 1 : 4))
    assert.is(tooLarge.status, 413, `${protocol}: ${tooLarge.text.slice(0, 200)}`)
    await released()
    const held = budget.reserve(budget.largest)
    assert.ok(typeof held !== 'string')
    const busy = await ask(server, 16_000)
    assert.is(busy.status, 503, `${protocol}: ${busy.text.slice(0, 200)}`)
    assert.is(busy.headers.get('retry-after'), '1')
    assert.is((await ask(server, 1)).status, 200, protocol)
    held.release()
    await released()
  }
})

test('gRPC messages are refused by their announced length, and small ones beside them are not', async () => {
  const { server, budget, released } = await limitedServer(6 * MEGABYTE)
  const { call } = grpcClient(server.grpcAddress)
  const infer = (count: number) =>
    call(
      `${INFERENCE}/ModelInfer`,
      inferRequest('iris', [{ name: 'features', datatype: 'FP32', shape: [count, 4] }], {
        raw: [Buffer.alloc(count * 16)],
      }),
    )
  assert.is((await refused(infer(200_000))).code, status.RESOURCE_EXHAUSTED)
  await released()
  const held = budget.reserve(budget.largest)
  assert.ok(typeof held !== 'string')
  assert.is((await refused(infer(20_000))).code, status.UNAVAILABLE)
  await infer(1)
  held.release()
  await released()
})

test('what a request holds is given back when its client goes, its body is wrong or its time is over', async () => {
  const { server, released, budget } = await limitedServer(64 * MEGABYTE)
  const { port } = new URL(server.address)
  const gone = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/predict',
    headers: { 'content-type': 'application/json', 'content-length': 2 * MEGABYTE },
  })
  gone.on('error', () => {})
  gone.write('{')
  await until(() => budget.holders === 1, 'it is held while it arrives')
  assert.ok(budget.inFlight >= 2 * MEGABYTE)
  gone.destroy()
  await released()
  for (const body of ['{', `[${'{},'.repeat(10_000)}`, '{"unknown": 1}']) {
    assert.ok((await server.post('/predict', body)).status >= 400)
    await released()
  }
  await server.post('/predict', rows(2000), { 'x-modelyard-timeout-ms': '0.001' })
  await released()
  const abandoned = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/batch-predict',
    headers: { 'content-type': 'application/json' },
  })
  abandoned.on('error', () => {})
  abandoned.end(JSON.stringify(rows(20_000)))
  await until(() => budget.inFlight > MEGABYTE, 'it is being answered')
  abandoned.destroy()
  await released()
  const slow = request({
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/predict',
    headers: { 'content-type': 'application/json' },
  })
  slow.end(JSON.stringify(rows(20_000)))
  const [response] = await once(slow, 'response')
  assert.is(response.statusCode, 200)
  response.resume()
  await released()
})

test('lists in lists beyond reason are refused before they are parsed', async () => {
  const { server } = await limitedServer(64 * MEGABYTE)
  for (const path of ['/predict', '/v2/models/iris/infer', '/v1/models/iris:predict', '/invocations']) {
    const { status: code, json } = await server.post(path, '['.repeat(MEGABYTE))
    assert.is(code, 400, path)
    assert.match(json.error, 'nested more than 64 deep')
  }
})

test('floods of empty values are refused before they are made', async () => {
  const { server } = await limitedServer(8 * MEGABYTE)
  for (const path of ['/predict', '/v2/models/iris/infer', '/v1/models/iris:predict', '/invocations']) {
    for (const value of ['{}', '[]', '""', '0']) {
      const { status: code } = await server.post(path, `[${`${value},`.repeat(300_000)}${value}]`)
      assert.is(code, 413, `${path} ${value}`)
    }
  }
})

test.run()
