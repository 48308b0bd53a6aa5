import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { createSession, type Session, type Tensor, type Tensors } from '../session/index.ts'
import { fixture, INTERFACES, SILERO } from '../testing/fixtures.ts'
import { unbatchableReason } from './batchable.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'
import { QueueFullError } from './rejected-error.ts'

interface Call {
  rows: number
}

/** A batcher before a real session, which notes each call of the model. */
function batcherBefore(session: Session, options: Partial<BatcherOptions> = {}) {
  const calls: Call[] = []
  const disabled: string[] = []
  const rejected: string[] = []
  const batcher = new Batcher(
    session.run,
    session.interface,
    {
      joined: unbatchableReason(session.interface) === undefined,
      maxSize: 8,
      maxDelayMs: 0,
      maxQueue: 1000,
      ...options,
    },
    {
      queued: () => {},
      called: (_seconds, rows) => calls.push({ rows }),
      batchingDisabled: (reason) => disabled.push(reason),
      rejected: (reason) => rejected.push(reason),
    },
  )
  return { batcher, calls, disabled, rejected }
}

function floats(shape: number[], next: () => number): Tensor {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
  for (let index = 0; index < data.length; index++) data[index] = next()
  return { datatype: 'float32', shape, data }
}

/** A repeatable source of numbers in [0, 1). */
function randomSource(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const plain = (tensors: Tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, [shape, [...data]]]))

test('any interleaving gives each caller what a call of its own gives', async () => {
  const session = await createSession(fixture('trailing.onnx'), INTERFACES.trailing)
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomSource(seed)
    const { batcher } = batcherBefore(session, {
      maxSize: 2 + Math.floor(random() * 12),
      maxDelayMs: random() < 0.3 ? 2 : 0,
    })
    const callers = Array.from({ length: 30 }, async () => {
      const x = floats([1 + Math.floor(random() * 20), 1 + Math.floor(random() * 3)], random)
      const names = [undefined, ['total'], ['total', 'doubled'], ['doubled']][Math.floor(random() * 4)]
      const wait = Math.floor(random() * 4)
      for (let turn = 0; turn < wait; turn++) await new Promise((resolve) => setImmediate(resolve))
      const got = await batcher.submit({ x }, names)
      assert.equal(plain(got), plain(await session.run({ x }, names)))
    })
    await Promise.all(callers)
    await batcher.idle()
    assert.is(batcher.depth, 0)
  }
  await session.release()
})

test('strings and numbers of several inputs stay together', async () => {
  const session = await createSession(fixture('house.onnx'), INTERFACES.house)
  const { batcher, calls } = batcherBefore(session)
  const towns = ['north', 'south', 'west', 'north', 'south', 'west']
  const feedsOf = (town: string, index: number): Tensors => ({
    area: { datatype: 'float32', shape: [1, 1], data: Float32Array.of(40 + index) },
    town: { datatype: 'string', shape: [1, 1], data: [town] },
  })
  const together = await Promise.all(towns.map((town, index) => batcher.submit(feedsOf(town, index))))
  for (const [index, town] of towns.entries()) {
    const alone = (await session.run(feedsOf(town, index))).variable?.data[0] as number
    const got = together[index]?.variable?.data[0] as number
    // A product of matrices adds up in another order than one of a vector: equal to the rounding of float32.
    assert.ok(Math.abs(got - alone) < 1e-5 * Math.abs(alone), `${got} ${alone}`)
  }
  assert.equal(calls, [{ rows: 6 }])
  await session.release()
})

test('requests of one turn share a call, never with more rows than allowed', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, calls } = batcherBefore(session)
  const random = randomSource(3)
  await Promise.all(Array.from({ length: 20 }, () => batcher.submit({ features: floats([1, 10], random) })))
  assert.equal(
    calls.map(({ rows }) => rows),
    [8, 8, 4],
  )
  await session.release()
})

test('a request with more rows than a call may have is answered whole, and others go in between', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, calls } = batcherBefore(session)
  const random = randomSource(4)
  const features = floats([50, 10], random)
  const order: string[] = []
  const large = batcher.submit({ features }).then((outputs) => {
    order.push('large')
    return outputs
  })
  const small = batcher.submit({ features: floats([1, 10], random) }).then(() => order.push('small'))
  await small
  assert.equal(plain(await large), plain(await session.run({ features })))
  assert.equal(order, ['small', 'large'])
  assert.ok(calls.every(({ rows }) => rows <= 8))
  await session.release()
})

test('a batch size of one calls the model with each request as it came', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, calls } = batcherBefore(session, { maxSize: 1 })
  const random = randomSource(5)
  await Promise.all([3, 1, 5].map((rows) => batcher.submit({ features: floats([rows, 10], random) })))
  assert.equal(
    calls.map(({ rows }) => rows),
    [3, 1, 5],
  )
  await session.release()
})

test('with a delay the first request waits for others', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, calls } = batcherBefore(session, { maxDelayMs: 200 })
  const random = randomSource(6)
  const first = batcher.submit({ features: floats([4, 10], random) })
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.is(calls.length, 0)
  const second = batcher.submit({ features: floats([4, 10], random) })
  await Promise.all([first, second])
  assert.equal(calls, [{ rows: 8 }], 'a full batch does not wait')
  await session.release()
})

test('one request that makes the model fail fails alone', async () => {
  const session = await createSession(fixture('lookup.onnx'), INTERFACES.lookup)
  const { batcher } = batcherBefore(session)
  const index = (value: bigint): Tensors => ({
    index: { datatype: 'int64', shape: [1, 1], data: BigInt64Array.of(value) },
  })
  const answers = await Promise.allSettled([0n, 9n, 3n].map((value) => batcher.submit(index(value))))
  assert.equal(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  const values = answers.map((answer) => answer.status === 'fulfilled' && answer.value.y?.data[0])
  assert.equal(values, [10, false, 40])
  await session.release()
})

test('a model that does not return a row a row is found out, and each caller still gets its own answer', async () => {
  const session = await createSession(fixture('collapse.onnx'), INTERFACES.collapse)
  const { batcher, disabled, calls } = batcherBefore(session)
  const random = randomSource(8)
  const feeds = [1, 3, 20, 2].map((rows) => ({ x: floats([rows, 2], random) }))
  const answers = await Promise.all(feeds.map((one) => batcher.submit(one)))
  for (const [index, one] of feeds.entries()) {
    assert.equal(plain(answers[index] ?? {}), plain(await session.run(one)))
  }
  assert.is(disabled.length, 1)
  calls.length = 0
  await Promise.all(feeds.map((one) => batcher.submit(one)))
  assert.is(calls.length, feeds.length, 'from then on each is a call of its own')
  await session.release()
})

test('a full queue refuses, and takes again once it has room', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher } = batcherBefore(session, { maxQueue: 4 })
  const features = floats([1, 10], randomSource(9))
  const answers = await Promise.allSettled(Array.from({ length: 6 }, () => batcher.submit({ features })))
  assert.equal(
    answers.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  assert.ok(answers.every((answer) => answer.status === 'fulfilled' || answer.reason instanceof QueueFullError))
  await batcher.submit({ features })
  await session.release()
})

test('rows that wait are bounded too, but a lone large request is taken, and a small one beside it', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, rejected } = batcherBefore(session, { maxQueueRows: 10 })
  const random = randomSource(12)
  const answers = await Promise.allSettled(
    [50, 1, 50].map((rows) => batcher.submit({ features: floats([rows, 10], random) })),
  )
  assert.equal(
    answers.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  assert.equal(rejected, ['queue_full'])
  await session.release()
})

test('a request that would wait too long is refused when it comes, with the time to come back', async () => {
  const session = await createSession(fixture('slow.onnx'), INTERFACES.slow)
  const { batcher, rejected } = batcherBefore(session, { maxSize: 1, maxWaitMs: 0.5 })
  const submit = () => batcher.submit({ x: floats([1, 32], () => 1) })
  await submit()
  const answers = await Promise.allSettled([submit(), submit()])
  assert.equal(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(rejected, ['wait_too_long'])
  const [, refused] = answers
  assert.ok(refused?.status === 'rejected' && refused.reason.retryAfterSeconds >= 1)
  await session.release()
})

test('the first requests of all are admitted by what calls took before them', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, rejected } = batcherBefore(session, { maxSize: 1, maxWaitMs: 1000 })
  batcher.noteCall(1, 300)
  const features = floats([1, 10], randomSource(14))
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => batcher.submit({ features })))
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  assert.is(rejected.length, 16)
  assert.ok(refused.every(({ reason, retryAfterSeconds }) => reason === 'wait_too_long' && retryAfterSeconds === 2))
  await session.release()
})

test('requests of different sizes, which share no call, wait for as many calls as they are', async () => {
  const session = await createSession(fixture('trailing.onnx'), INTERFACES.trailing)
  const refusals = async (lengths: number[]) => {
    const { batcher, rejected } = batcherBefore(session, { maxSize: 32, maxWaitMs: 1000 })
    batcher.noteCall(1, 300)
    await Promise.allSettled(lengths.map((length) => batcher.submit({ x: floats([1, length], () => 1) })))
    return rejected.length
  }
  assert.is(await refusals([1, 2, 3, 4, 5, 6, 7, 8]), 4)
  assert.is(await refusals([3, 3, 3, 3, 3, 3, 3, 3]), 0)
  await session.release()
})

test('work whose time is over, or whose client has gone, never runs', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { batcher, calls, rejected } = batcherBefore(session)
  const features = floats([1, 10], randomSource(13))
  const answers = await Promise.allSettled([
    batcher.submit({ features }),
    batcher.submit({ features }, undefined, { deadline: performance.now() }),
    batcher.submit({ features }, undefined, { gone: () => true }),
  ])
  assert.equal(
    answers.map((answer) => (answer.status === 'fulfilled' ? 'ran' : answer.reason.code)),
    ['ran', 'deadline-exceeded', 'client-gone'],
  )
  assert.equal(calls, [{ rows: 1 }])
  assert.equal(rejected, ['deadline', 'client_gone'])
  await batcher.idle()
  await session.release()
})

test('a deadline is kept while another call holds the model', async () => {
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const batcher = new Batcher(
    (feeds) => held.then(() => session.run(feeds)),
    session.interface,
    { joined: true, maxSize: 1, maxDelayMs: 0, maxQueue: 10 },
    { queued: () => {}, called: () => {}, batchingDisabled: () => {}, rejected: () => {} },
  )
  const features = floats([1, 10], randomSource(14))
  // A server's socket keeps the process alive; the batcher's timer does not.
  const alive = setTimeout(() => {}, 10_000)
  const first = batcher.submit({ features })
  const late = batcher.submit({ features }, undefined, { deadline: performance.now() + 5 })
  assert.is(await late.catch(({ code }) => code), 'deadline-exceeded')
  clearTimeout(alive)
  release()
  await first
  await session.release()
})

test('a fixed first dimension bypasses batching, and so does one that is not the first everywhere', async () => {
  assert.is(unbatchableReason(INTERFACES.diabetes), undefined)
  assert.match(unbatchableReason(INTERFACES.fixedBatch) ?? '', 'x has no free first dimension')
  assert.match(unbatchableReason(INTERFACES.silero) ?? '', 'state has no free first dimension')
  const kernel: ModelInterface = {
    inputs: [{ name: 'x', datatype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'k', datatype: 'float32', shape: ['batch', 'batch'] }],
  }
  assert.match(unbatchableReason(kernel) ?? '', 'k has batch in a later dimension too')

  const session = await createSession(fixture('fixed-batch.onnx'), INTERFACES.fixedBatch)
  const { batcher, calls } = batcherBefore(session)
  const answers = await Promise.all([1, 2, 3].map((value) => batcher.submit({ x: floats([1, 4], () => value) })))
  assert.equal(
    answers.map(({ y }) => y?.data[0]),
    [4, 8, 12],
  )
  assert.equal(calls, [{ rows: 1 }, { rows: 1 }, { rows: 1 }])
  await session.release()
})

test('a network with state runs request by request', async () => {
  const session = await createSession(SILERO, INTERFACES.silero)
  const { batcher } = batcherBefore(session)
  const random = randomSource(11)
  const feeds = [1, 2].map((rows) => ({
    input: floats([rows, 512], random),
    state: floats([2, rows, 128], () => 0),
    sr: { datatype: 'int64' as const, shape: [], data: BigInt64Array.of(16000n) },
  }))
  const answers = await Promise.all(feeds.map((one) => batcher.submit(one)))
  for (const [index, one] of feeds.entries()) {
    assert.equal(plain(answers[index] ?? {}), plain(await session.run(one)))
  }
  await session.release()
})

test.run()
