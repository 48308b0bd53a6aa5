import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, scratch } from '../testing/server.ts'
import {
  closeStores,
  contentReference,
  failureOf,
  recordedLog,
  sendAndCut,
  sendRange,
  storeServer,
} from '../testing/store.ts'
import { type CacheOptions, createContentCache } from './content-cache.ts'
import type { DownloadTiming } from './download.ts'

const TIMING: DownloadTiming = {
  stallMs: 5000,
  slowestBytesPerSecond: 1024,
  attempts: 3,
  firstWaitMs: 1,
  longestWaitMs: 5000,
  progressMs: 60_000,
}
const CONTENT = randomBytes(300_000)

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

function cacheIn(directory: string, options: CacheOptions & { timing?: Partial<DownloadTiming> } = {}) {
  return createContentCache(directory, { env: {}, ...options, timing: { ...TIMING, ...options.timing } })
}

test('a download that is cut again and again goes on where it was cut', async () => {
  const store = await storeServer((request, response, attempt) =>
    attempt < 5 ? sendAndCut(request, response, CONTENT, 60_000) : sendRange(request, response, CONTENT),
  )
  const { log, lines } = recordedLog()
  const path = await cacheIn(scratch(), { log }).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT))
  assert.equal(readFileSync(path), CONTENT)
  const starts = store.requests.map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')))
  assert.is(starts[0], 0)
  assert.ok(starts.slice(1).every((start, index) => start > (starts[index] ?? 0)))
  assert.ok(lines.some(({ level, message }) => level === 'warn' && message === 'download interrupted'))
})

test('a store that knows no ranges is read again from the start', async () => {
  const store = await storeServer((request, response, attempt) => {
    request.headers.range = undefined
    if (attempt === 1) sendAndCut(request, response, CONTENT, 60_000)
    else sendRange(request, response, CONTENT)
  })
  const path = await cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT))
  assert.equal(readFileSync(path), CONTENT)
})

test('a store that sends drop by drop is given up', async () => {
  const store = await storeServer((_request, response) => {
    response.writeHead(206, { 'content-range': `bytes 0-299999/300000` })
    const drops = setInterval(() => response.write('.'), 5)
    response.on('close', () => clearInterval(drops))
  })
  const timing = { stallMs: 30, slowestBytesPerSecond: 10_000 }
  const error = await failureOf(cacheIn(scratch(), { timing }).resolve(contentReference(store.origin, CONTENT)))
  assert.match(error.message, 'less than 10000 bytes a second')
  assert.ok(error.transient)
})

test('a download that takes longer than it may is given up, however steadily it comes, and goes on where it was', async () => {
  const store = await storeServer((request, response, attempt) => {
    if (attempt > 1) return sendRange(request, response, CONTENT)
    response.writeHead(200, { 'content-length': CONTENT.length })
    const pieces = setInterval(() => response.write(CONTENT.subarray(0, 100)), 2)
    response.on('close', () => clearInterval(pieces))
  })
  const directory = scratch()
  const reference = contentReference(`${store.origin}/m.onnx`, CONTENT)
  const timing = { totalMs: 60, slowestBytesPerSecond: 1 }
  const error = await failureOf(cacheIn(directory, { timing }).resolve(reference))
  assert.match(error.message, /\d+ bytes came in 0\.06 s, and the rest did not/)
  assert.equal([error.code, error.transient, store.requests.length], ['artifact-unreachable', true, 1])
  assert.equal(readFileSync(await cacheIn(directory).resolve(reference)), CONTENT)
  assert.match(store.requests[1]?.headers.range ?? '', /^bytes=\d+00-$/)
})

test('a store that ends in the middle without saying so is refused by the size, at once', async () => {
  const store = await storeServer((_request, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(CONTENT.subarray(0, 1000))
  })
  const directory = scratch()
  const error = await failureOf(cacheIn(directory).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
  assert.is(error.code, 'artifact-size-mismatch')
  assert.is(store.requests.length, 1)
  assert.equal(readdirSync(join(directory, 'sha256')), [])
})

test('a wrong Content-Length is refused before anything is read', async () => {
  const store = await storeServer((request, response) => sendRange(request, response, Buffer.alloc(2_000_000)))
  const error = await failureOf(cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
  assert.is(error.code, 'artifact-size-mismatch')
  assert.match(error.message, '2000000')
})

test('corrupted bytes are refused by the digest and leave nothing', async () => {
  const corrupted = Buffer.from(CONTENT)
  corrupted[1234] = (corrupted[1234] ?? 0) ^ 1
  const store = await storeServer((request, response) => sendRange(request, response, corrupted))
  const directory = scratch()
  const error = await failureOf(cacheIn(directory).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
  assert.is(error.code, 'artifact-digest-mismatch')
  assert.is(store.requests.length, 1)
  assert.not.ok(error.transient)
  assert.equal(readdirSync(join(directory, 'sha256')), [])
})

test('a file that was resumed and is wrong is fetched once more from the start', async () => {
  const corrupted = Buffer.from(CONTENT)
  corrupted[10] = (corrupted[10] ?? 0) ^ 1
  const store = await storeServer((request, response, attempt) =>
    attempt === 1 ? sendAndCut(request, response, corrupted, 60_000) : sendRange(request, response, CONTENT),
  )
  const path = await cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT))
  assert.equal(readFileSync(path), CONTENT)
  assert.is(store.requests.at(-1)?.headers.range, undefined)
})

test('a file that stays wrong is fetched twice and no more', async () => {
  const corrupted = Buffer.alloc(CONTENT.length)
  const store = await storeServer((request, response, attempt) =>
    attempt % 2 === 1 ? sendAndCut(request, response, corrupted, 60_000) : sendRange(request, response, corrupted),
  )
  const error = await failureOf(cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
  assert.is(error.code, 'artifact-digest-mismatch')
  assert.is(store.requests.length, 4)
})

test('a store that is down is asked a few times, then given up until later; up again, it is read', async () => {
  let up = false
  const store = await storeServer((request, response) =>
    up ? sendRange(request, response, CONTENT) : response.writeHead(503).end(),
  )
  const cache = cacheIn(scratch())
  const reference = contentReference(`${store.origin}/m.onnx`, CONTENT)
  const error = await failureOf(cache.resolve(reference))
  assert.ok(error.transient)
  assert.is(store.requests.length, TIMING.attempts)
  up = true
  assert.equal(readFileSync(await cache.resolve(reference)), CONTENT)
})

test('a 429 is waited for as long as it asks, and left to later when it asks for long', async () => {
  let retryAfter = '1'
  const store = await storeServer((request, response, attempt) =>
    attempt % 2 === 1
      ? response.writeHead(429, { 'retry-after': retryAfter }).end()
      : sendRange(request, response, CONTENT),
  )
  const { log, lines } = recordedLog()
  const cache = cacheIn(scratch(), { log })
  await cache.resolve(contentReference(`${store.origin}/m.onnx`, CONTENT))
  assert.ok(Number(lines[0]?.details.waitMs) >= 1000)
  retryAfter = '3600'
  const error = await failureOf(cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
  assert.is(error.retryAfterMs, 3_600_000)
  assert.ok(error.transient)
  assert.is(store.requests.length, 3)
})

test('what waiting does not mend is asked for once', async () => {
  for (const [status, code] of [
    [401, 'artifact-forbidden'],
    [403, 'artifact-forbidden'],
    [404, 'artifact-not-found'],
    [410, 'artifact-not-found'],
    [400, 'artifact-unreachable'],
    [501, 'artifact-unreachable'],
  ] as const) {
    const store = await storeServer((_request, response) => response.writeHead(status).end())
    const error = await failureOf(cacheIn(scratch()).resolve(contentReference(`${store.origin}/m.onnx`, CONTENT)))
    assert.is(error.code, code)
    assert.not.ok(error.transient)
    assert.is(store.requests.length, 1)
  }
})

test('a store that sends nothing is given up, and asked again', async () => {
  const store = await storeServer((request, response, attempt) => {
    if (attempt > 2) sendRange(request, response, CONTENT)
    else if (attempt === 2) response.writeHead(200, { 'content-length': CONTENT.length }).write(CONTENT.subarray(0, 1))
  })
  const cache = cacheIn(scratch(), { timing: { stallMs: 300 } })
  assert.equal(readFileSync(await cache.resolve(contentReference(`${store.origin}/m.onnx`, CONTENT))), CONTENT)
  assert.is(store.requests.length, 3)
})

test('a slow download tells how far it is, a quick one nothing', async () => {
  const store = await storeServer(async (request, response) => {
    if (request.url === '/quick') return sendRange(request, response, CONTENT)
    response.writeHead(200, { 'content-length': CONTENT.length })
    for (let at = 0; at < CONTENT.length; at += 30_000) {
      response.write(CONTENT.subarray(at, at + 30_000))
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    response.end()
  })
  const { log, lines } = recordedLog()
  const slow = contentReference(`${store.origin}/slow?signature=secret`, CONTENT)
  await cacheIn(scratch(), { log, timing: { progressMs: 20 } }).resolve(slow)
  assert.is(lines[0]?.message, 'downloading')
  assert.is(lines.at(-1)?.message, 'downloaded')
  assert.is(lines.at(-1)?.details.percent, 100)
  assert.not.match(JSON.stringify(lines), 'secret')
  const before = lines.length
  await cacheIn(scratch(), { log }).resolve(contentReference(`${store.origin}/quick`, CONTENT))
  assert.is(lines.length, before)
})

test('what a killed process had fetched is not fetched again', async () => {
  const directory = scratch()
  let alive = true
  const store = await storeServer((request, response) => {
    if (!alive) return sendRange(request, response, CONTENT)
    response.writeHead(200, { 'content-length': CONTENT.length })
    response.write(CONTENT.subarray(0, 200_000))
  })
  const reference = contentReference(`${store.origin}/m.onnx`, CONTENT)
  const child = fork(fileURLToPath(new URL('../testing/resolve-in-child.ts', import.meta.url)), [
    directory,
    JSON.stringify(reference),
  ])
  const left = () => {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return files.map(({ name, parentPath }) => readFileSync(join(parentPath, name)).length)
  }
  while (left()[0] !== 200_000) await new Promise((resolve) => setTimeout(resolve, 10))
  const killed = new Promise((resolve) => child.on('exit', resolve))
  child.kill('SIGKILL')
  await killed
  alive = false
  const path = await cacheIn(directory).resolve(reference)
  assert.equal(readFileSync(path), CONTENT)
  assert.is(store.requests[1]?.headers.range, 'bytes=200000-')
  assert.is(readdirSync(join(directory, 'sha256')).length, 1)
})

test('what another living process is fetching is left alone', async () => {
  const directory = scratch()
  const store = await storeServer((request, response) => sendRange(request, response, CONTENT))
  const reference = contentReference(`${store.origin}/m.onnx`, CONTENT)
  mkdirSync(join(directory, 'sha256'))
  const foreign = join(directory, 'sha256', `${reference.sha256}.another-host.1.abcdef.part`)
  writeFileSync(foreign, CONTENT.subarray(0, 1000))
  await cacheIn(directory).resolve(reference)
  assert.is(store.requests[0]?.headers.range, undefined)
  assert.is(readFileSync(foreign).length, 1000)
})

test('a file for which the disk has no room is refused before it is fetched', async () => {
  const store = await storeServer((request, response) => sendRange(request, response, CONTENT))
  const directory = scratch()
  const reference = { ...contentReference(`${store.origin}/m.onnx`, CONTENT), size: 2 ** 52 }
  const error = await failureOf(cacheIn(directory).resolve(reference))
  assert.is(error.code, 'artifact-disk-full')
  assert.match(error.message, String(2 ** 52))
  assert.is(store.requests.length, 0)
  assert.equal(readdirSync(join(directory, 'sha256')), [])
})

test('a second address of the same content is used when the first fails, and only then', async () => {
  const good = await storeServer((request, response) => sendRange(request, response, CONTENT))
  const bad = await storeServer((_request, response) => response.writeHead(404).end())
  const cache = cacheIn(scratch())
  const wanted = [bad, good, good].map(({ origin }) => cache.resolve(contentReference(`${origin}/m.onnx`, CONTENT)))
  const [first, ...others] = await Promise.allSettled(wanted)
  assert.is(first?.status, 'rejected')
  assert.ok(others.every(({ status }) => status === 'fulfilled'))
  assert.is(good.requests.length, 1)
})

test.run()
