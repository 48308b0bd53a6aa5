import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GoldenSamples, ServedVersion } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import {
  bootConfiguration,
  cleanUp,
  referenceTo,
  scratch,
  servedVersion,
  type TestServer,
  testServer,
  until,
} from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris, { samples: 'iris.samples.json' })
const flower = { sepal_length: 5, sepal_width: 3, petal_length: 1, petal_width: 0.2 }

/** A model of some milliseconds, with the golden sample by which the server finds that out. */
async function slowVersion(more: Partial<ServedVersion> = {}): Promise<ServedVersion> {
  const ones = new Array(32).fill(1)
  const golden: GoldenSamples = {
    source: 'the identity',
    tolerance: { relative: 0, absolute: 1e-6 },
    samples: [{ id: 'ones', tensors: { x: { shape: [1, 32], data: ones } }, outputs: { y: ones } }],
  }
  const path = join(scratch(), 'samples.json')
  writeFileSync(path, JSON.stringify(golden))
  return servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow, { goldenSamples: await referenceTo(path), ...more })
}

/** For tests that are not about it: on a busy machine the pace alone could refuse. */
const patient = { maxWaitMs: 600_000, timeoutMs: 600_000 }

const body = (rows = 1, parameters = {}) => ({
  parameters,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 32], data: new Array(rows * 32).fill(1) }],
})

const infer = (server: TestServer, rows = 1, parameters = {}, headers = {}) =>
  server.post('/v2/models/slow/infer', body(rows, parameters), headers)

/** Starts the server and notes the threads that it starts for its models. */
async function withThreads(start: () => Promise<TestServer>): Promise<{ server: TestServer; threads: Worker[] }> {
  const threads: Worker[] = []
  const note = (worker: Worker) => threads.push(worker)
  process.on('worker', note)
  try {
    return { server: await start(), threads }
  } finally {
    process.off('worker', note)
  }
}

test('a slow model runs in a thread and a fast one does not; probes and other models answer meanwhile', async () => {
  const slow = await slowVersion({ batching: { maxSize: 1, maxDelayMs: 0 }, queue: patient })
  const { server, threads } = await withThreads(() => testServer(bootConfiguration({ iris, slow })))
  assert.is(threads.length, 1)
  let answered = 0
  const flood = Promise.all(
    Array.from({ length: 40 }, () =>
      infer(server, 1).then(({ status }) => {
        assert.is(status, 200)
        answered += 1
      }),
    ),
  )
  await until(async () => answered > 0, 'the flood is under way')
  assert.is((await server.get('/healthz')).status, 200)
  assert.is((await server.post('/models/iris/predict', flower)).status, 200)
  assert.ok(answered < 40, 'both were answered before the flood ended')
  await flood
})

test('a thread that ends makes its version unready and nothing else, and is started again', async () => {
  const { server, threads } = await withThreads(async () =>
    testServer(bootConfiguration({ iris, slow: await slowVersion({ queue: patient }) })),
  )
  const under = Array.from({ length: 20 }, () => infer(server, 32))
  await threads[0]?.terminate()
  for (const { status } of await Promise.all(under)) assert.ok(status === 503 || status === 200, `${status}`)
  const refused = await infer(server)
  if (refused.status !== 200) {
    assert.is(refused.status, 503)
    assert.ok(refused.headers.has('retry-after'))
  }
  assert.is((await server.get('/readyz')).status, 200, 'the pod stays ready for its other model')
  assert.is((await server.post('/models/iris/predict', flower)).status, 200)
  await until(async () => (await infer(server)).status === 200, 'the thread was started again')
  assert.match((await server.get('/metrics')).text, 'modelyard_thread_restarts_total{model="slow",version="1.0.0"} 1')
})

test('beyond its bounds a queue answers 429 with Retry-After and the rejections are counted', async () => {
  const slow = await slowVersion({ batching: { maxSize: 1, maxDelayMs: 0 }, queue: { ...patient, requests: 2 } })
  const server = await testServer(bootConfiguration({ slow }))
  const answers = await Promise.all(Array.from({ length: 20 }, () => infer(server)))
  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length > 0)
  assert.ok(answers.every(({ status }) => status === 200 || status === 429))
  assert.ok(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1))
  const { text } = await server.get('/metrics')
  assert.match(
    text,
    `modelyard_requests_rejected_total{model="slow",version="1.0.0",reason="queue_full"} ${refused.length}`,
  )
  assert.match(text, 'modelyard_queue_depth{model="slow",version="1.0.0"} 0')
})

test('a request is dropped before it runs when its time is over: V2 parameter, header, configuration', async () => {
  const slow = await slowVersion({ batching: { maxSize: 1, maxDelayMs: 0 }, queue: patient })
  const server = await testServer(bootConfiguration({ slow }))
  const [first, ...others] = await Promise.all([
    infer(server),
    ...Array.from({ length: 5 }, () => infer(server, 1, { timeout: 1 })),
    infer(server, 1, {}, { 'x-modelyard-timeout-ms': '0.001' }),
  ])
  assert.is(first?.status, 200)
  assert.ok(others.every(({ status }) => status === 504 || status === 429))
  assert.is((await infer(server, 1, { timeout: 'soon' })).status, 400)
  assert.is((await infer(server, 1, { timeout: 0 })).status, 200, 'zero is no time-out')
  assert.is((await infer(server, 1, {}, { 'x-modelyard-timeout-ms': 'soon' })).status, 400)
})

test('work whose client has gone is dropped', async () => {
  const slow = await slowVersion({ batching: { maxSize: 1, maxDelayMs: 0 }, queue: patient })
  const server = await testServer(bootConfiguration({ slow }))
  const clients = Array.from({ length: 30 }, () => {
    const client = request(`${server.address}/v2/models/slow/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    client.on('error', () => {})
    client.end(JSON.stringify(body()))
    return client
  })
  await Promise.race(clients.map((client) => once(client, 'response')))
  for (const client of clients) client.destroy()
  const dropped = async () => /reason="client_gone"} [1-9]/.test((await server.get('/metrics')).text)
  await until(dropped, 'dropped requests are counted')
  assert.is((await infer(server)).status, 200)
})

test.run()
