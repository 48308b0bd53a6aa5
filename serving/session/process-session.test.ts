import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { allocatingModel, endlessModel, HOSTILE_INTERFACE } from '../testing/hostile-models.ts'
import { cleanUp, scratch } from '../testing/server.ts'
import { checkGoldenSamples, encodeSample } from './golden-samples.ts'
import type { ModelError } from './model-error.ts'
import { createProcessSession, type ModelLimits } from './process-session.ts'
import { createSession } from './runtime.ts'

const MIB = 2 ** 20
const LIMITS: ModelLimits = { memoryBytes: 256 * MIB, openMs: 20_000, callMs: 20_000, totalMs: 60_000 }
const FEEDS = { x: { datatype: 'float32' as const, shape: [1], data: new Float32Array([2]) } }

test.after.each(cleanUp)

function fileOf(model: Uint8Array): string {
  const path = join(scratch(), 'model.onnx')
  writeFileSync(path, model)
  return path
}

const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => {
      throw new Error('it should have failed')
    },
    (error: ModelError) => error,
  )

test('a process session predicts what a session in this process does, one model after the other', async () => {
  for (const [file, modelInterface] of [
    ['diabetes', INTERFACES.diabetes],
    ['house', INTERFACES.house],
  ] as const) {
    const session = await createProcessSession(fixture(`${file}.onnx`), modelInterface, { limits: LIMITS })
    const here = await createSession(fixture(`${file}.onnx`), modelInterface)
    const golden = goldenSamples(file)
    assert.equal(
      await checkGoldenSamples(session, modelInterface, golden),
      await checkGoldenSamples(here, modelInterface, golden),
    )
    await session.release()
    await here.release()
  }
})

test('a model that takes more memory than it may is refused by its own process', async () => {
  const path = fileOf(allocatingModel(3_800_000_000))
  assert.ok(allocatingModel(3_800_000_000).byteLength < 252)
  const before = process.memoryUsage.rss()
  const session = await createProcessSession(path, HOSTILE_INTERFACE, { limits: LIMITS })
  const error = await failure(session.run(FEEDS))
  assert.is(error.code, 'model-memory-exceeded')
  assert.match(error.message, 'it takes more than 256 MiB of memory')
  assert.ok(process.memoryUsage.rss() - before < 64 * MIB)
  await session.release()
  const modest = await createProcessSession(fileOf(allocatingModel(4 * MIB)), HOSTILE_INTERFACE, { limits: LIMITS })
  assert.equal((await modest.run(FEEDS)).y?.data, new Float32Array([2]))
  await modest.release()
})

test('without prlimit the memory is watched, and the process is killed', async () => {
  const { PATH } = process.env
  process.env['PATH'] = scratch()
  try {
    const limits = { ...LIMITS, memoryBytes: 64 * MIB }
    const session = await createProcessSession(fileOf(allocatingModel(200 * MIB)), HOSTILE_INTERFACE, { limits })
    const error = await failure(session.run(FEEDS))
    assert.is(error.code, 'model-memory-exceeded')
    assert.match(error.message, 'it takes more than 64 MiB of memory')
    await session.release()
  } finally {
    process.env['PATH'] = PATH
  }
})

test('a model that never ends is killed, and every later call says so', async () => {
  const path = fileOf(endlessModel())
  const session = await createProcessSession(path, HOSTILE_INTERFACE, { limits: { ...LIMITS, callMs: 300 } })
  for (const _ of [1, 2]) {
    const error = await failure(session.run(FEEDS))
    assert.is(error.code, 'model-timed-out')
    assert.match(error.message, 'it takes longer than 0.3 s to answer a call')
  }
  await session.release()
})

test('a model that takes its time in many calls is stopped by the time for all of them', async () => {
  const limits = { ...LIMITS, totalMs: 400 }
  const session = await createProcessSession(fixture('iris.onnx'), INTERFACES.iris, { limits })
  const { feeds } = encodedSample()
  const started = performance.now()
  const error = await failure(
    (async () => {
      while (performance.now() - started < 20_000) await session.run(feeds)
    })(),
  )
  assert.is(error.code, 'model-timed-out')
  await session.release()
})

function encodedSample() {
  const [sample] = goldenSamples('iris').samples
  const encoded = sample && encodeSample(INTERFACES.iris, sample)
  if (!encoded?.ok) throw new Error('the sample cannot be encoded')
  return encoded
}

test('a file that is no model, or another one, is refused as in this process', async () => {
  const wanted = INTERFACES.diabetes
  const error = await failure(createProcessSession(fixture('join.jsonl'), wanted, { limits: LIMITS }))
  assert.is(error.code, 'model-unreadable')
  const differs = await failure(createProcessSession(fixture('iris.onnx'), wanted, { limits: LIMITS }))
  assert.is(differs.code, 'model-interface-differs')
})

test.run()
