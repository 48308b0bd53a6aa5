import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PredictionLogSettings } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import {
  bootConfiguration,
  cleanUp,
  scratch,
  servedVersion,
  type TestServer,
  testServer,
  until,
} from '../testing/server.ts'

const receivers = new Set<Server>()

test.after.each(async () => {
  for (const receiver of receivers) {
    receiver.closeAllConnections()
    receiver.close()
  }
  receivers.clear()
  await cleanUp()
})

const house = await servedVersion('1.0.0', 'house.onnx', INTERFACES.house)

async function logging(settings: PredictionLogSettings) {
  const boot = bootConfiguration({ house })
  boot.server.drain = { delaySeconds: 0, timeoutSeconds: 1 }
  boot.server.predictionLog = { flushMs: 10, ...settings }
  return testServer(boot)
}

const predict = async (server: TestServer, id: string) => {
  const answer = await server.post('/predict', { area: 60, town: 'north' }, { 'x-request-id': id })
  assert.is(answer.status, 200, answer.text)
}

/** How many events had this outcome, or how many attempts were repeated. */
async function counted(server: TestServer, outcome: string): Promise<number> {
  const { text } = await server.get('/metrics')
  const name = outcome === 'retries' ? 'retries_total' : `events_total{outcome="${outcome}"}`
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`modelyard_prediction_log_${name} `))
      ?.split(' ')[1] ?? 0,
  )
}

interface Batch {
  headers: IncomingMessage['headers']
  body: string
}

/** A receiver of batches; `answer` may take its time. */
async function receiver(answer: (batch: Batch) => number | Promise<number>, port = 0) {
  const batches: Batch[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const batch = { headers: request.headers, body: Buffer.concat(chunks).toString() }
    const status = await answer(batch)
    if (status === 200) batches.push(batch)
    response.writeHead(status).end()
  })
  receivers.add(server)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo
  const requestIds = () =>
    batches.flatMap(({ body }) =>
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).requestId),
    )
  return { server, batches, requestIds, url: `http://127.0.0.1:${bound}/events`, port: bound }
}

test('a receiver that is down gets everything once it is up, and answers never waited', async () => {
  const first = await receiver(() => 200)
  first.server.close()
  const server = await logging({ sink: first.url })
  for (const id of ['a', 'b', 'c']) await predict(server, id)
  await until(async () => (await counted(server, 'retries')) > 0, 'an attempt fails')
  const { requestIds } = await receiver(() => 200, first.port)
  await until(() => requestIds().length === 3, 'the receiver has them all')
  assert.equal(requestIds(), ['a', 'b', 'c'])
})

test('a failing receiver is asked again; its batch comes with the mounted token of that moment', async () => {
  const tokenFile = join(scratch(), 'token')
  writeFileSync(tokenFile, 'old\n')
  const { url, batches } = await receiver(({ headers }) => (headers.authorization === 'Bearer new' ? 200 : 401))
  const server = await logging({ sink: url, tokenFile })
  await predict(server, 'a')
  await until(async () => (await counted(server, 'retries')) > 0, 'the old token is refused')
  writeFileSync(tokenFile, 'new\n')
  await until(() => batches.length === 1, 'the new token is taken')
  assert.is(batches[0]?.headers['content-type'], 'application/x-ndjson')
  assert.is(await counted(server, 'refused'), 0)
})

test('a receiver that does not answer fills the buffer: events are dropped and counted, predictions answered', async () => {
  let free = () => {}
  const stuck = new Promise<number>((resolve) => {
    free = () => resolve(200)
  })
  const { url, requestIds } = await receiver(() => stuck)
  const server = await logging({ sink: url, bufferBytes: 2048 })
  for (let call = 0; call < 20; call++) await predict(server, `call-${call}`)
  const dropped = await counted(server, 'buffer_full')
  assert.ok(dropped > 5, `${dropped} dropped`)
  const waiting = (await server.get('/metrics')).text.match(/^modelyard_prediction_log_buffer_bytes (\d+)$/m)?.[1]
  assert.ok(Number(waiting) > 0 && Number(waiting) <= 2048, waiting)
  free()
  await until(async () => (await counted(server, 'written')) === 20 - dropped, 'the rest is written')
  assert.is(requestIds()[0], 'call-0')
})

test('what a receiver refuses is dropped alone: its neighbours arrive', async () => {
  const { url, requestIds } = await receiver(({ body }) => (body.includes('poison') ? 422 : 200))
  const server = await logging({ sink: url, flushMs: 200 })
  for (const id of ['a', 'b', 'poison', 'c', 'd']) await predict(server, id)
  await until(() => requestIds().length === 4, 'the others have arrived')
  assert.equal(requestIds(), ['a', 'b', 'c', 'd'])
  assert.is(await counted(server, 'refused'), 1)
})

test('CloudEvents come one in a request or many in one, each complete and with an id of its own', async () => {
  for (const [format, contentType] of [
    ['cloudevents', 'application/cloudevents+json; charset=utf-8'],
    ['cloudevents-batch', 'application/cloudevents-batch+json; charset=utf-8'],
  ] as const) {
    const { url, batches } = await receiver(() => 200)
    const server = await logging({ sink: url, format })
    await predict(server, 'a')
    await predict(server, 'b')
    assert.is((await server.post('/feedback', { requestId: 'a', truth: { variable: 1 } })).status, 202)
    await server.close()
    const events = batches.flatMap(({ body }) => JSON.parse(body))
    assert.is(events.length, 3)
    if (format === 'cloudevents') assert.is(batches.length, 3)
    for (const { headers } of batches) assert.is(headers['content-type'], contentType)
    for (const { id, time, data, ...context } of events) {
      const isTruth = data.type === 'feedback'
      // CloudEvents 1.0, "Context Attributes": these four are required, the rest has its type.
      assert.equal(context, {
        specversion: '1.0',
        source: isTruth ? '/models/house' : '/models/house/versions/1.0.0',
        type: isTruth ? 'dev.modelyard.feedback.v1' : 'dev.modelyard.prediction.v1',
        subject: data.requestId,
        datacontenttype: 'application/json',
      })
      assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.is(time, data.time)
      assert.type(id, 'string')
    }
    assert.is(new Set(events.map(({ id }) => id)).size, 3)
  }
})

test('a redirect is not followed: what is logged goes to one address only', async () => {
  const elsewhere = await receiver(() => 200)
  const server = createServer((_request, response) => response.writeHead(307, { location: elsewhere.url }).end())
  receivers.add(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const logger = await logging({ sink: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
  await predict(logger, 'a')
  await until(async () => (await counted(logger, 'retries')) > 0, 'the redirect is a failure')
  assert.is(elsewhere.batches.length, 0)
})

test('a file that cannot be opened is tried again until it can', async () => {
  const folder = scratch()
  const file = join(folder, 'logs', 'log.jsonl')
  // A file where its folder should be; a mode would not stop root.
  writeFileSync(join(folder, 'logs'), '')
  const server = await logging({ sink: pathToFileURL(file).href })
  await predict(server, 'a')
  await until(async () => (await counted(server, 'retries')) > 0, 'an attempt fails')
  rmSync(join(folder, 'logs'))
  mkdirSync(join(folder, 'logs'))
  await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('"requestId":"a"'), 'it is written')
})

if (existsSync('/dev/full')) {
  test('a full disk costs no prediction and tears no line', async () => {
    const folder = scratch()
    const file = join(folder, 'log.jsonl')
    symlinkSync('/dev/full', file)
    const server = await logging({ sink: pathToFileURL(file).href, bufferBytes: 2048 })
    for (let call = 0; call < 20; call++) await predict(server, `call-${call}`)
    await until(async () => (await counted(server, 'retries')) > 0, 'an attempt fails')
    const dropped = await counted(server, 'buffer_full')
    assert.ok(dropped > 5, `${dropped} dropped`)
    unlinkSync(file)
    await until(async () => (await counted(server, 'written')) === 20 - dropped, 'the rest is written')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    assert.equal(JSON.parse(lines[0] ?? '').requestId, 'call-0')
    assert.is(lines.length, 20 - dropped)
    for (const line of lines) JSON.parse(line)
  })
}

test('a line that a crash has torn stays alone', async () => {
  const file = join(scratch(), 'log.jsonl')
  writeFileSync(file, '{"type":"predict')
  const server = await logging({ sink: pathToFileURL(file).href })
  await predict(server, 'a')
  await server.close()
  const [torn, whole] = readFileSync(file, 'utf8').split('\n')
  assert.is(torn, '{"type":"predict')
  assert.is(JSON.parse(whole ?? '').requestId, 'a')
})

test.run()
