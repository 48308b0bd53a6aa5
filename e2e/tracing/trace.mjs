/**
 * Asks a server that has the OpenTelemetry layer and reads what an OTLP collector was sent; each check is one line, then
 * `N passed, N failed`.
 *
 *     COLLECTOR=<rotel-agent> node trace.mjs <folder with layer/ and pod/>
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'

const { Client, credentials, Metadata } = createRequire(new URL('../../serving/package.json', import.meta.url))(
  '@grpc/grpc-js',
)

const root = resolve(import.meta.dirname, '../..')
const work = process.argv[2]
const MODEL = 'diabetes-progression'
const RECORD = { age: 59, sex: 'male', bmi: 32.1, bp: 101, s1: 157, s2: 93.2, s3: 38, s4: 4, s5: 4.8598, s6: 87 }
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const children = new Set()
let passed = 0
let failed = 0

async function check(what, work) {
  try {
    await work()
    passed += 1
    console.log(`ok: ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${what}: ${error.message}`)
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

function start(command, args, env = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } })
  children.add(child)
  const started = { child, output: '', ended: once(child, 'close') }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      started.output += text
    })
  }
  return started
}

async function until(condition, what) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (await condition()) return
    await new Promise((again) => setTimeout(again, 50))
  }
  throw new Error(`never happened: ${what}`)
}

/** A collector that prints each span that it was sent. */
async function collector() {
  const http = await freePort()
  const grpc = await freePort()
  const args = ['start', '--exporter', 'blackhole', '--debug-log', 'traces', '--debug-log-verbosity', 'detailed']
  const endpoints = ['--otlp-http-endpoint', `127.0.0.1:${http}`, '--otlp-grpc-endpoint', `127.0.0.1:${grpc}`]
  const started = start(process.env.COLLECTOR, [...args, ...endpoints])
  await until(() => started.output.includes('Starting Rotel'), 'the collector starts')
  return Object.assign(started, {
    http: `http://127.0.0.1:${http}`,
    grpc: `http://127.0.0.1:${grpc}`,
    spans: () => spansIn(started.output),
  })
}

/** The spans of the collector's text: `Name : x` lines, then `-> attribute: Type(value)`. */
function spansIn(text) {
  return text
    .split(/^Span #\d+$/m)
    .slice(1)
    .map((part) => {
      const field = (name) => new RegExp(`^\\s*${name}\\s*: ?(.*)$`, 'm').exec(part)?.[1]?.trim() ?? ''
      const attributes = [...part.matchAll(/^\s*-> ([\w.]+): \w+\((.*)\)$/gm)].map(([, name, value]) => [name, value])
      return {
        trace: field('Trace ID'),
        id: field('ID'),
        parent: field('Parent ID'),
        name: field('Name'),
        kind: field('Kind'),
        status: field('Status code'),
        times: [field('Start time'), field('End time')].map(BigInt),
        attributes: Object.fromEntries(attributes),
      }
    })
}

/** A server with the layer; the pod's configuration, each request logged. */
async function server(env) {
  const boot = JSON.parse(readFileSync(join(work, 'pod/boot/boot.json'), 'utf8'))
  boot.server.accessLog = 1
  const bootPath = join(work, 'boot.json')
  writeFileSync(bootPath, JSON.stringify(boot))
  const port = await freePort()
  const grpcPort = await freePort()
  const node = [
    '-C',
    'modelyard-source',
    '--import',
    'tsx',
    '--import',
    join(work, 'layer/register.mjs'),
    'serving/main.ts',
  ]
  const files = ['--boot', bootPath, '--routing', join(work, 'none.json'), '--cache', join(work, 'pod/cache')]
  const ports = ['--host', '127.0.0.1', '--port', String(port), '--grpc-port', String(grpcPort)]
  const started = start(process.execPath, [...node, ...files, ...ports], { OTEL_BSP_SCHEDULE_DELAY: '60000', ...env })
  const address = `http://127.0.0.1:${port}`
  await until(async () => {
    assert.equal(started.child.exitCode, null, started.output)
    return (await fetch(`${address}/readyz`).catch(() => undefined))?.ok
  }, `the server is ready: ${started.output}`)
  return Object.assign(started, {
    address,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    predict: (body, headers) =>
      fetch(`${address}/models/${MODEL}/predict?key=not-to-be-told`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    /** Nothing is sent before: the spans wait for a minute, or for the end of the process. */
    async stop() {
      started.child.kill('SIGTERM')
      const [code] = await started.ended
      assert.equal(code, 0, started.output)
    },
  })
}

async function grpcCall(address, metadata) {
  const client = new Client(address, credentials.createInsecure())
  const same = (bytes) => bytes
  try {
    return await new Promise((done) => {
      const path = '/inference.GRPCInferenceService/ModelInfer'
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, (error) => done(error?.code ?? 0))
    })
  } finally {
    client.close()
  }
}

try {
  const received = await collector()
  const serving = await server({
    OTEL_EXPORTER_OTLP_ENDPOINT: received.http,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment=test',
  })
  const answers = [
    await serving.predict(RECORD, { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' }),
    await serving.predict({ age: 'old' }, { 'x-request-id': 'refused' }),
    await serving.predict(RECORD, { traceparent: `00-${'1'.repeat(32)}-${PARENT}-00` }),
    await fetch(`${serving.address}/metrics`),
  ]
  const metadata = new Metadata()
  metadata.set('traceparent', `00-${'2'.repeat(32)}-${PARENT}-01`)
  const code = await grpcCall(serving.grpcAddress, metadata)

  await check('the server answers as without the layer', async () => {
    assert.deepEqual([...answers.map(({ status }) => status), code], [200, 422, 200, 200, 5])
  })
  await check('SIGTERM sends what was recorded, then ends with 0', async () => {
    await serving.stop()
    await until(() => received.spans().length > 0, `spans arrive: ${received.output}`)
  })
  const spans = received.spans()
  const request = spans.find(({ trace, parent }) => trace === TRACE && parent === PARENT)

  await check("a request is a child of its caller's span, by the conventions for HTTP", async () => {
    assert.ok(request, received.output)
    assert.equal(request.name, 'POST /models/:model/predict')
    assert.equal(request.kind, 'SPAN_KIND_SERVER')
    assert.equal(request.status, 'STATUS_CODE_UNSET')
    const { attributes } = request
    assert.equal(attributes['http.request.method'], 'POST')
    assert.equal(attributes['http.route'], '/models/:model/predict')
    assert.equal(attributes['http.response.status_code'], '200')
    assert.equal(attributes['url.path'], `/models/${MODEL}/predict`)
    assert.equal(attributes['url.scheme'], 'http')
    assert.equal(attributes['server.address'], '127.0.0.1')
  })
  await check('its time in the queue and the run of the model are its children, one after the other', async () => {
    const children = spans.filter(({ parent }) => parent === request.id)
    assert.deepEqual(children.map(({ name }) => name).sort(), [`queue ${MODEL}`, `run ${MODEL}`])
    const [queue, run] = children.sort((one, other) => (one.name < other.name ? -1 : 1))
    assert.equal(run.attributes['modelyard.model'], MODEL)
    assert.equal(run.attributes['modelyard.batch_rows'], '1')
    const moments = [request.times[0], queue.times[0], queue.times[1], run.times[0], run.times[1], request.times[1]]
    assert.deepEqual(
      moments,
      [...moments].sort((one, other) => (one < other ? -1 : 1)),
    )
  })
  await check('the log names the span', async () => {
    const lines = serving.output.split('\n').filter((line) => line.includes('"msg":"request"'))
    const [line] = lines.map((text) => JSON.parse(text)).filter(({ trace_id }) => trace_id === TRACE)
    assert.deepEqual([line?.span_id, line?.trace_flags], [request.id, '01'])
  })
  await check(
    'a refused request has a span of its own with its code, and a trace that its caller does not record has none',
    async () => {
      const refused = spans.filter(({ attributes }) => attributes['http.response.status_code'] === '422')
      assert.equal(refused.length, 1)
      assert.equal(refused[0].parent, '')
      assert.equal(refused[0].status, 'STATUS_CODE_UNSET')
      assert.ok(spans.every(({ trace }) => trace !== '1'.repeat(32)))
    },
  )
  await check('a gRPC call is a span by the conventions for gRPC', async () => {
    const call = spans.find(({ trace }) => trace === '2'.repeat(32))
    assert.equal(call?.name, 'inference.GRPCInferenceService/ModelInfer')
    assert.equal(call.parent, PARENT)
    assert.equal(call.attributes['rpc.system'], 'grpc')
    assert.equal(call.attributes['rpc.grpc.status_code'], '5')
  })
  await check('probes and scrapes are left out, and so are queries, paths and arguments of the process', async () => {
    assert.ok(spans.every(({ name }) => !/readyz|metrics/.test(name)))
    assert.match(received.output, /service\.name: Str\(modelyard-serving\)/)
    assert.match(received.output, /deployment: Str\(test\)/)
    assert.doesNotMatch(received.output, /not-to-be-told|process\.|host\.|serving\/main/)
  })
  await check('OTEL_EXPORTER_OTLP_PROTOCOL=grpc and OTEL_SERVICE_NAME are kept', async () => {
    const before = received.spans().length
    const other = await server({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: received.grpc,
      OTEL_SERVICE_NAME: 'scorer',
    })
    await other.predict(RECORD)
    await other.stop()
    await until(() => received.spans().length >= before + 3, 'three more spans arrive')
    assert.match(received.output, /service\.name: Str\(scorer\)/)
  })
  await check('a collector that does not answer costs no answer, and the server still ends with 0', async () => {
    const alone = await server({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` })
    assert.equal((await alone.predict(RECORD)).status, 200)
    await alone.stop()
  })
  await check('OTEL_SDK_DISABLED=true records nothing, and the log keeps the trace of the caller', async () => {
    const before = received.spans().length
    const off = await server({ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: received.http })
    await off.predict(RECORD, { traceparent: `00-${TRACE}-${PARENT}-01` })
    await off.stop()
    assert.match(off.output, new RegExp(`"span_id":"${PARENT}"`))
    assert.equal(received.spans().length, before)
  })
} catch (error) {
  failed += 1
  console.log(`FAILED: ${error.stack}`)
} finally {
  for (const child of children) child.kill('SIGKILL')
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
