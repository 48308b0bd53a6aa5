import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)

/** Everything that comes back for these bytes. */
function send(address: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    socket.on('close', () => resolve(text)).on('error', () => resolve(text))
  })
}

const HEAD = 'Host: x\r\nConnection: close\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const post = (path: string, body: string, more = JSON_TYPE) =>
  `POST ${path} HTTP/1.1\r\n${HEAD}${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** What must get an answer; the bytes as they go over the wire. */
const HOSTILE: Record<string, string> = {
  'not HTTP': 'GARBAGE\r\n\r\n',
  'no such version of HTTP': `GET / HTTP/9.9\r\n${HEAD}\r\n`,
  'headers without end': `GET / HTTP/1.1\r\n${HEAD}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`,
  'two lengths': `POST /predict HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}`,
  'length and chunks': `POST /predict HTTP/1.1\r\n${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a path that is no URL': `GET /%ff%00/../../etc/passwd HTTP/1.1\r\n${HEAD}\r\n`,
  'a path out of the assets': `GET /assets/../../../package.json HTTP/1.1\r\n${HEAD}\r\n`,
  'a path out of the assets, encoded': `GET /assets/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1\r\n${HEAD}\r\n`,
  'markup in the path': `GET /<script>alert(1)</script> HTTP/1.1\r\n${HEAD}\r\n`,
  'markup as model': post('/models/<img%20src=x>/predict', '{}'),
  'a prototype': post('/predict', '{"__proto__": {"sepal_length": 1}}'),
  'a constructor': post('/predict', '{"constructor": {"prototype": {}}}'),
  'deep JSON': post('/predict', '['.repeat(100_000)),
  'a model of the prototype': post('/models/__proto__/predict', '{}'),
  'a version of the prototype': post('/v2/models/iris/versions/constructor/infer', '{}'),
  'another type': post('/predict', '<x/>', 'Content-Type: application/xml\r\n'),
  'a type that is none': post('/predict', '{}', 'Content-Type: ;;;\r\n'),
  'a method that is none': `TRACE / HTTP/1.1\r\n${HEAD}\r\n`,
  'a huge binary header': post('/v2/models/iris/infer', '{}', 'Inference-Header-Content-Length: 99999999999\r\n'),
  'a shape out of range': post(
    '/v2/models/iris/infer',
    '{"inputs":[{"name":"features","datatype":"FP32","shape":[9e15,4],"data":[1]}]}',
  ),
}

test('hostile requests get an answer in the form of every other, and nothing of the inside', async () => {
  const log = logLines()
  const { address } = await testServer(bootConfiguration({ iris }), { logger: log.logger })
  for (const [what, bytes] of Object.entries(HOSTILE)) {
    const text = await send(address, bytes)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 4\d\d /, `${what}: ${text}`)
    assert.type(JSON.parse(body).error, 'string', what)
    assert.match(head, /content-type: application\/json/i, what)
    for (const header of [
      'x-content-type-options: nosniff',
      'cache-control: no-store',
      'referrer-policy: no-referrer',
    ]) {
      assert.match(head.toLowerCase(), header, what)
    }
    assert.not.match(head, /^(server|x-powered-by|via):/im, what)
    assert.not.match(
      text,
      /node_modules|\.(ts|js|cc|cpp):\d|\n {4}at |fastify|FST_|HPE_|ERR_|onnxruntime|undici|v?\d+\.\d+\.\d+ /i,
      `${what}: ${text}`,
    )
  }
  assert.is(log.lines.filter(({ msg }) => msg === 'a request failed').length, 0)
})

test('an answer may not be guessed at, kept or told to others; pages have a policy besides', async () => {
  const server = await testServer(bootConfiguration({ iris }))
  for (const path of ['/readyz', '/metrics', '/v2', '/models', '/nowhere']) {
    const { headers } = await server.get(path)
    assert.is(headers.get('x-content-type-options'), 'nosniff', path)
    assert.is(headers.get('cache-control'), 'no-store', path)
    assert.is(headers.get('referrer-policy'), 'no-referrer', path)
    for (const none of ['server', 'x-powered-by', 'strict-transport-security']) assert.is(headers.get(none), null)
  }
  assert.is((await server.get('/')).headers.get('cache-control'), 'no-cache')
})

test('each log line of a request has its id and its trace, and one line for the request itself where asked for', async () => {
  const log = logLines()
  const boot = bootConfiguration({ iris })
  boot.server.accessLog = 1
  const server = await testServer(boot, { logger: log.logger })
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await server.get('/models?token=secret', { traceparent: trace, 'x-request-id': 'order-7' })
  await server.get('/readyz')
  const lines = log.lines.filter(({ msg }) => msg === 'request')
  assert.is(lines.length, 1)
  const { reqId, trace_id, span_id, trace_flags, method, path, status } = lines[0] as Record<string, unknown>
  const said = { reqId, trace_id, span_id, trace_flags, method, path, status }
  assert.equal(said, {
    reqId: 'order-7',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    trace_flags: '01',
    method: 'GET',
    path: '/models',
    status: 200,
  })
})

test.run()
