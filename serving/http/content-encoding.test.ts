import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { fastify } from 'fastify'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, type TestServer, testServer } from '../testing/server.ts'
import { inflateBodies } from './content-encoding.ts'

test.after.each(cleanUp)

const diabetes = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const [patient] = goldenSamples('diabetes').samples
const record = patient?.features ?? {}
const LARGE = new Array(2000).fill(record)

interface Answer {
  status: number | undefined
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** Sent and received as it is: fetch would ask for encodings and undo them by itself. */
function send(
  server: TestServer,
  path: string,
  body: Buffer,
  headers: Record<string, string>,
  method = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // By name: for a GET Node's client frames no body by itself.
    const all = { 'content-type': 'application/json', 'content-length': body.byteLength, ...headers }
    request(server.address + path, { method, headers: all }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      )
    })
      .on('error', reject)
      .end(body)
  })
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

test('a body in gzip or deflate is the body that it was', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const plain = (await server.post('/predict', record)).text
  for (const [encoding, encode] of [
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['identity', (body: Buffer) => body],
  ] as const) {
    const { status, body } = await send(server, '/predict', encode(json(record)), { 'content-encoding': encoding })
    assert.is(status, 200, encoding)
    assert.is(body.toString(), plain)
  }
})

test('a small body that would become a large one is a 413', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024, ' '))
  assert.ok(bomb.byteLength < 1024 * 1024)
  const { status, body } = await send(server, '/predict', bomb, { 'content-encoding': 'gzip' })
  assert.is(status, 413)
  assert.match(body.toString(), 'larger than this server accepts: 1048576 bytes at most')
  assert.is((await server.post('/predict', record)).status, 200)
})

test('a body that is not what it says is a 400, an encoding that nobody here knows a 415', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const whole = gzipSync(json(record))
  const bodies: [Buffer, string, number][] = [
    [json(record), 'gzip', 400],
    [whole.subarray(0, whole.byteLength - 12), 'gzip', 400],
    [whole, 'deflate', 400],
    [Buffer.alloc(0), 'gzip', 400],
    [brotliCompressSync(json(record)), 'br', 415],
    [gzipSync(whole), 'gzip, gzip', 415],
    [whole, '__proto__', 415],
  ]
  for (const [body, encoding, wanted] of bodies) {
    const answer = await send(server, '/predict', body, { 'content-encoding': encoding })
    assert.is(answer.status, wanted, encoding)
    const { error } = JSON.parse(answer.body.toString())
    assert.match(error, wanted === 415 ? 'gzip or deflate' : 'body')
    if (wanted === 415) assert.is(answer.headers['accept-encoding'], 'gzip, deflate')
  }
})

test('a large answer is compressed for who accepts it, a small one and any other are not', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const plain = await send(server, '/predict', json(LARGE), {})
  assert.is(plain.headers['content-encoding'], undefined)
  assert.is(plain.headers.vary, 'accept-encoding')
  for (const [accepted, encoding, decode] of [
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br', 'gzip', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['gzip;q=0, deflate;q=0.5', 'deflate', inflateSync],
    ['*', 'gzip', gunzipSync],
  ] as const) {
    const answer = await send(server, '/predict', json(LARGE), { 'accept-encoding': accepted })
    assert.is(answer.headers['content-encoding'], encoding, accepted)
    assert.is(Number(answer.headers['content-length']), answer.body.byteLength)
    assert.ok(answer.body.byteLength < plain.body.byteLength / 4)
    assert.is(decode(answer.body).toString(), plain.body.toString())
  }
  for (const accepted of ['br', 'identity', 'gzip;q=0', '']) {
    const answer = await send(server, '/predict', json(LARGE), { 'accept-encoding': accepted })
    assert.is(answer.headers['content-encoding'], undefined, accepted)
  }
  const small = await send(server, '/predict', json(record), { 'accept-encoding': 'gzip' })
  assert.is(small.headers['content-encoding'], undefined)
})

test('raw tensors keep the length of their JSON part as it is without compression', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const values = new Array(5000).fill(Object.values({ ...record, sex: 1 })).flat()
  const head = json({
    inputs: [{ name: 'features', shape: [5000, 10], datatype: 'FP32', parameters: { binary_data_size: 200_000 } }],
    parameters: { binary_data_output: true },
  })
  const body = Buffer.concat([head, Buffer.from(Float32Array.from(values as number[]).buffer)])
  const headers = { 'inference-header-content-length': String(head.byteLength) }
  const plain = await send(server, '/v2/models/diabetes/infer', body, headers)
  assert.is(plain.status, 200, plain.body.toString())
  const packed = await send(server, '/v2/models/diabetes/infer', gzipSync(body), {
    ...headers,
    'content-encoding': 'gzip',
    'accept-encoding': 'gzip',
  })
  assert.is(packed.headers['content-encoding'], 'gzip')
  assert.is(packed.headers['inference-header-content-length'], plain.headers['inference-header-content-length'])
  assert.ok(gunzipSync(packed.body).equals(plain.body))
})

test('a compressed body that is cut off ends no process, whether it is read, refused unread, or longer than may be', async () => {
  const server = await testServer(bootConfiguration({ diabetes }))
  const cut = gzipSync(json(LARGE)).subarray(0, -200)
  const small = gzipSync(json(record)).subarray(0, 30)
  const gzip = { 'content-encoding': 'gzip' }
  for (const body of [cut, small]) {
    assert.is((await send(server, '/predict', body, gzip)).status, 400)
    assert.is((await send(server, '/nowhere', body, gzip)).status, 404)
    assert.is((await send(server, '/predict', body, { ...gzip, 'content-type': 'image/png' })).status, 415)
  }
  assert.is((await server.get('/healthz')).status, 200)
})

test('a route that wants no body reads none, whatever it says to be and however long the answer takes', async () => {
  const app = fastify()
  inflateBodies(app)
  app.get('/slow', () => sleep(50, 'answered'))
  const headers = { 'content-encoding': 'gzip' }
  for (const payload of ['', 'no gzip at all']) {
    assert.is((await app.inject({ method: 'GET', url: '/slow', headers, payload })).body, 'answered')
  }
})

test.run()
