import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import {
  bootConfiguration,
  cleanUp,
  routingConfiguration,
  scratch,
  servedVersion,
  type TestServer,
  testServer,
  until,
} from '../testing/server.ts'

const threads: Worker[] = []
const note = (worker: Worker) => threads.push(worker)

test.before.each(() => {
  threads.length = 0
  process.on('worker', note)
})
test.after.each(async () => {
  process.off('worker', note)
  await cleanUp()
})

/** Threads that run now: a measurement that was disturbed may have started one for a while. */
const running = () => threads.filter(({ threadId }) => threadId !== -1).length

const patient = { maxWaitMs: 600_000, timeoutMs: 600_000 }

/** Runs a loop of so many products. */
async function loop(server: TestServer, steps: number): Promise<void> {
  const data = new Array(32).fill(1)
  const inputs = [
    { name: 'steps', datatype: 'INT64', shape: [], data: [steps] },
    { name: 'x', datatype: 'FP32', shape: [1, 32], data },
  ]
  const { status, text } = await server.post('/v2/models/model/infer', { inputs })
  assert.is(status, 200, text)
}

test('a slow model without golden samples runs in a thread before its first request', async () => {
  const model = await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow, { queue: patient })
  await testServer(bootConfiguration({ model }))
  assert.is(running(), 1)
})

test('a fast model without golden samples stays on the event loop', async () => {
  const server = await testServer(
    bootConfiguration({ model: await servedVersion('1.0.0', 'iris.onnx', INTERFACES.iris) }),
  )
  const flower = { sepal_length: 5, sepal_width: 3, petal_length: 1, petal_width: 0.2 }
  for (let call = 0; call < 20; call++) assert.is((await server.post('/models/model/predict', flower)).status, 200)
  assert.is(running(), 0)
})

test('long calls between short ones move a model to a thread', async () => {
  const model = await servedVersion('1.0.0', 'steps.onnx', INTERFACES.steps, { queue: patient })
  const server = await testServer(bootConfiguration({ model }))
  assert.is(running(), 0)
  for (let turn = 0; turn < 20 && running() === 0; turn++) {
    await loop(server, 10_000)
    await loop(server, 1)
  }
  assert.is(running(), 1)
  await loop(server, 1)
})

test('an input far larger than any that was measured runs in a thread at once', async () => {
  const model = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing, { queue: patient })
  const server = await testServer(bootConfiguration({ model }))
  const infer = (length: number) =>
    server.post('/v2/models/model/infer', {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, length], data: new Array(length).fill(1) }],
      outputs: [{ name: 'total' }],
    })
  assert.equal((await infer(3)).json.outputs[0].data, [3])
  assert.is(running(), 0)
  assert.equal((await infer(200_000)).json.outputs[0].data, [200_000])
  assert.is(running(), 1)
})

test('a candidate that comes while others answer makes its first call in a thread', async () => {
  const model = await servedVersion('1.0.0', 'iris.onnx', INTERFACES.iris)
  const routingPath = join(scratch(), 'routing.json')
  const server = await testServer(bootConfiguration({ model }), { routingPath })
  const candidate = { version: '1.1.0', mode: 'canary' as const, weight: 50 }
  const versions = [{ ...model, name: '1.1.0' }]
  writeFileSync(routingPath, JSON.stringify(routingConfiguration([{ name: 'model', versions, candidate }])))
  await until(async () => (await server.get('/readyz')).json.models[0].versions.length === 2, 'the candidate answers')
  assert.ok(threads.length > 0)
})

test.run()
