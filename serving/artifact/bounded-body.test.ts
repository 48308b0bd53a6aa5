import { Readable } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random } from '../testing/random.ts'
import { closeStores, storeServer } from '../testing/store.ts'
import { type BodyLimitError, readBounded } from './bounded-body.ts'

const LIMITS = { maxBytes: 100_000, timeoutMs: 2000 }

test.after.each(closeStores)

const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => 'read',
    (error: BodyLimitError) => error.code,
  )

test('readBounded gives any body up to the limit unchanged, and refuses any larger one', async () => {
  const { below } = random(1)
  for (let round = 0; round < 200; round++) {
    const chunks = Array.from({ length: below(8) }, () => Buffer.alloc(below(40), below(256)))
    const whole = Buffer.concat(chunks)
    for (const over of [0, 1]) {
      if (over > whole.byteLength) continue
      const limits = { ...LIMITS, maxBytes: whole.byteLength - over }
      for (const body of [Readable.from(chunks), webStream(chunks)]) {
        const read = readBounded(body, limits)
        if (over === 0) assert.equal(await read, whole)
        else assert.is(await codeOf(read), 'body-too-large')
      }
    }
  }
  assert.is((await readBounded(null, LIMITS)).byteLength, 0)
})

test('readBounded stops a server that sends without end, drop by drop, or compressed zeros', async () => {
  const endless = await storeServer((request, response) => {
    if (request.url === '/flood') Readable.from(forever()).pipe(response)
    else if (request.url === '/drops') setInterval(() => response.write('.'), 20).unref()
    else response.writeHead(200, { 'content-encoding': 'gzip' }).end(zeros)
  })
  const { gzipSync } = await import('node:zlib')
  const zeros = gzipSync(Buffer.alloc(10_000_000))
  const get = async (path: string, limits = LIMITS) =>
    codeOf(readBounded((await fetch(endless.origin + path)).body, limits))
  assert.is(await get('/flood'), 'body-too-large')
  assert.is(await get('/zeros'), 'body-too-large')
  assert.is(await get('/drops', { ...LIMITS, timeoutMs: 100 }), 'body-too-slow')
})

function webStream(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    },
  })
}

function* forever() {
  for (;;) yield Buffer.alloc(65_536)
}

test.run()
