import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { ModelError } from './model-error.ts'
import { createSession } from './runtime.ts'
import type { Tensors } from './tensor.ts'
import { createWorkerSession, WorkerStoppedError } from './worker-session.ts'

const ones = (rows: number): Tensors => ({
  x: { datatype: 'float32', shape: [rows, 32], data: new Float32Array(rows * 32).fill(1) },
})

test('a thread answers what the event loop would, for every datatype', async () => {
  const inline = await createSession(fixture('house.onnx'), INTERFACES.house)
  const worker = await createWorkerSession(fixture('house.onnx'), INTERFACES.house)
  const feeds: Tensors = {
    area: { datatype: 'float32', shape: [2, 1], data: Float32Array.of(40, 70) },
    town: { datatype: 'string', shape: [2, 1], data: ['north', 'west'] },
  }
  assert.equal(await worker.run(feeds), await inline.run(feeds))
  await Promise.all([inline.release(), worker.release()])
})

test('the event loop turns while the thread works', async () => {
  const worker = await createWorkerSession(fixture('slow.onnx'), INTERFACES.slow)
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  await worker.run(ones(2000))
  clearInterval(timer)
  assert.ok(turns > 2, `${turns} turns`)
  await worker.release()
})

test('memory is handed over only where the caller says that nobody else holds it', async () => {
  const worker = await createWorkerSession(fixture('slow.onnx'), INTERFACES.slow)
  const kept = ones(1)
  await worker.run(kept)
  assert.is(kept.x?.data.length, 32)
  const given = ones(1)
  const outputs = await worker.run(given, undefined, true)
  assert.is(given.x?.data.length, 0)
  assert.is(outputs.y?.data[31], 1)
  const whole = new Float32Array(64).fill(1)
  await worker.run({ x: { datatype: 'float32', shape: [1, 32], data: whole.subarray(0, 32) } }, undefined, true)
  assert.is(whole.length, 64, 'a view of a larger buffer is copied')
  await worker.release()
})

test('an input that the model cannot take fails that call only', async () => {
  const worker = await createWorkerSession(fixture('lookup.onnx'), INTERFACES.lookup)
  const at = (index: bigint): Tensors => ({
    index: { datatype: 'int64', shape: [1, 1], data: BigInt64Array.of(index) },
  })
  const answers = await Promise.allSettled([worker.run(at(9n)), worker.run(at(3n))])
  assert.equal(
    answers.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
  await worker.release()
})

test('a thread that runs out of memory takes its calls with it and nothing else', async () => {
  const worker = await createWorkerSession(fixture('types.onnx'), INTERFACES.types, { heapMb: 32 })
  const feeds: Tensors = {
    in_string: {
      datatype: 'string',
      shape: [1_000_000, 2],
      data: Array.from({ length: 2_000_000 }, (_, index) => `a string of its own ${index}`),
    },
  }
  const error = await worker.run(feeds).catch((reason: unknown) => reason)
  assert.instance(error, WorkerStoppedError)
  assert.match(await worker.stopped, 'memory')
  assert.instance(await worker.run({}).catch((reason: unknown) => reason), WorkerStoppedError)
  await worker.release()
})

test('a model that the thread refuses is a ModelError', async () => {
  const error = await createWorkerSession(fixture('int4.onnx'), INTERFACES.int4).catch((reason: unknown) => reason)
  assert.instance(error, ModelError)
})

test.run()
