import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServedVersion } from './contract/index.ts'
import { fixture, goldenSamples, INTERFACES } from './testing/fixtures.ts'
import { closeGrpcClients, grpcClient, INFERENCE, inferRequest, refused } from './testing/grpc-client.ts'
import { bootConfiguration, cleanUp, routingConfiguration, servedVersion, until } from './testing/server.ts'
import { endProcesses, type ServerProcess, serverProcess } from './testing/server-process.ts'
import { closeStores, contentReference, storeServer } from './testing/store.ts'

test.after.each(async () => {
  closeStores()
  closeGrpcClients()
  endProcesses()
  await cleanUp()
})

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris, { samples: 'iris.samples.json' })
const samples = goldenSamples('iris').samples
interface Answered {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the server answered
  json: any
}

async function post(server: ServerProcess, path: string, body: unknown): Promise<Answered> {
  const headers = { 'content-type': 'application/json' }
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(server.address + path, { method: 'POST', headers, body: sent })
  return { status: response.status, json: await response.json() }
}

async function states(server: ServerProcess): Promise<Record<string, string>> {
  const { models } = (await (await fetch(`${server.address}/readyz`)).json()) as {
    models: { name: string; state: string; reason?: string }[]
  }
  return Object.fromEntries(models.map(({ name, state, reason }) => [name, reason ?? state]))
}

const metrics = async (server: ServerProcess) => (await fetch(`${server.address}/metrics`)).text()

/** Callers of the good model who check each answer against its golden sample, until they are told to stop. */
function load(server: ServerProcess) {
  let answered = 0
  let going = true
  const wrong: string[] = []
  const callers = Array.from({ length: 4 }, async (_, caller) => {
    for (let turn = caller; going; turn++) {
      const sample = samples[turn % samples.length]
      const { status: code, json } = await post(server, '/models/good/predict', sample?.features)
      const right = sample?.outputs.label?.[0]
      if (code === 200 && json.prediction.label === right) answered += 1
      else wrong.push(`${code} ${JSON.stringify(json)} instead of ${right}`)
    }
  })
  return {
    wrong,
    /** Resolves once some more were answered: what happened before did not stop them. */
    async goesOn() {
      const before = answered
      await until(() => answered > before + 8, 'the load goes on')
      assert.equal(wrong, [])
    },
    async stop() {
      going = false
      await Promise.all(callers)
    },
  }
}

test('whatever is wrong with an artifact keeps its model unready, says why, and harms no other model', async () => {
  let storeIsUp = false
  const contents = ['house.onnx', 'diabetes.onnx', 'diabetes-candidate.onnx'].map((file) => readFileSync(fixture(file)))
  const [late, cut, damaged] = contents as [Buffer, Buffer, Buffer]
  const flipped = Buffer.from(damaged)
  flipped.writeUInt8(flipped.readUInt8(400) ^ 1, 400)
  const store = await storeServer((request, response) => {
    if (request.url === '/late') storeIsUp ? response.end(late) : response.writeHead(503).end()
    else if (request.url === '/cut') response.end(cut.subarray(0, 300))
    else if (request.url === '/damaged') response.end(flipped)
    else response.writeHead(404).end()
  })
  const version = (path: string, content: Buffer, more: Partial<ServedVersion> = {}): ServedVersion => {
    const artifact = { ...contentReference(`${store.origin}/${path}`, content), externalData: [] }
    return { ...iris, interface: INTERFACES.diabetes, goldenSamples: undefined, artifact, ...more }
  }
  const huge = version('huge', Buffer.from('no disk is so large'))
  const server = await serverProcess(
    bootConfiguration({
      good: iris,
      late: version('late', late, { interface: INTERFACES.house }),
      truncated: version('cut', cut),
      corrupted: version('damaged', damaged),
      absent: version('absent', Buffer.from('nobody has these bytes')),
      huge: { ...huge, artifact: { ...huge.artifact, size: 2 ** 52 } },
      wrong: { ...iris, interface: INTERFACES.diabetes },
    }),
  )
  const callers = load(server)
  assert.equal(await states(server), {
    good: 'ready',
    late: 'artifact-unreachable',
    truncated: 'artifact-size-mismatch',
    corrupted: 'artifact-digest-mismatch',
    absent: 'artifact-not-found',
    huge: 'artifact-disk-full',
    wrong: 'model-interface-differs',
  })
  assert.is((await post(server, '/models/corrupted/predict', {})).status, 503)
  await callers.goesOn()
  storeIsUp = true
  await until(async () => (await states(server)).late === 'ready', 'the store is up again and the model loaded')
  await callers.goesOn()
  await callers.stop()
})

test('broken routing, hostile callers, a flood and SIGTERM: a good model answers everybody all the while', async () => {
  const slow = await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow, {
    batching: { maxSize: 1, maxDelayMs: 0 },
    queue: { requests: 4, maxWaitMs: 600_000, timeoutMs: 600_000 },
  })
  const boot = bootConfiguration({ good: iris, slow })
  boot.server.drain = { delaySeconds: 2, timeoutSeconds: 10 }
  const server = await serverProcess(boot)
  const callers = load(server)
  const candidate = { ...iris, name: '2.2.0' }
  const routed = (version: ServedVersion) =>
    JSON.stringify(
      routingConfiguration([
        { name: 'good', versions: [version], candidate: { version: '2.2.0', mode: 'canary', weight: 50 } },
      ]),
    )
  const loaded = async () => (await metrics(server)).includes('version_loaded{model="good",version="2.2.0"')

  server.route(routed(candidate))
  await until(loaded, 'the candidate is loaded')
  server.route(routed(candidate).slice(0, 100))
  await until(() => server.output.stdout.includes('the routing configuration is wrong'), 'the broken file was read')
  assert.ok(await loaded(), 'what was good stays')
  server.route(routed({ ...candidate, artifact: { ...candidate.artifact, sha256: 'f'.repeat(64) } }))
  await until(() => server.output.stdout.includes('version refused'), 'the bad candidate was refused')
  assert.ok(await loaded(), 'and the good one still answers')
  server.route(JSON.stringify(routingConfiguration([])))
  await until(async () => !(await loaded()), 'the mended file is followed')
  await callers.goesOn()

  const { sepal_length: _absent, ...rest } = samples[1]?.features ?? {}
  const input = (data: unknown) => ({ inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 4], data }] })
  assert.is((await post(server, '/models/good/predict', { ...rest, sepal_length: 1e39 })).status, 422)
  assert.is(
    (await post(server, '/models/good/predict', JSON.stringify({ ...rest, sepal_length: 0 }).replace(':0', ':NaN')))
      .status,
    400,
  )
  assert.is((await post(server, '/v2/models/good/infer', input([1e39, 1, 1, 1]))).status, 400)
  assert.is((await post(server, '/v2/models/good/infer', input([null, 1, 1, 1]))).status, 400)
  assert.is(
    (await post(server, '/v2/models/good/infer', input([1, 1, null, 1]))).status,
    200,
    'this one may be missing',
  )
  const { call } = grpcClient(server.grpcAddress)
  const raw = [new Uint8Array(Float32Array.of(Number.NaN, 1, 1, 1).buffer)]
  const nan = inferRequest('good', [{ name: 'features', datatype: 'FP32', shape: [1, 4] }], { raw })
  assert.is((await refused(call(`${INFERENCE}/ModelInfer`, nan))).code, status.INVALID_ARGUMENT)
  for (let client = 0; client < 20; client++) await leaveMidRequest(server.address)
  await callers.goesOn()

  const ones = new Array(32).fill(1)
  const slowly = () =>
    post(server, '/v2/models/slow/infer', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 32], data: ones }] })
  const flood = Array.from({ length: 60 }, slowly)
  assert.is((await fetch(`${server.address}/healthz`)).status, 200)
  assert.is((await fetch(`${server.address}/readyz`)).status, 200)
  const codes = (await Promise.all(flood)).map((answer) => answer.status)
  assert.ok(codes.includes(200) && codes.includes(429), String(codes))
  assert.ok(codes.every((code) => code === 200 || code === 429))
  await callers.goesOn()

  server.child.kill('SIGTERM')
  await until(async () => (await fetch(`${server.address}/readyz`)).status === 503, 'it is unready')
  await callers.goesOn()
  await callers.stop()
  assert.equal(callers.wrong, [], 'nothing was lost')
  assert.is(await server.ended, 0, server.output.stderr)
})

/** Sends half a request and hangs up. */
function leaveMidRequest(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const head = 'POST /models/good/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => {
      socket.write(`${head}Content-Length: 100\r\n\r\n{"sepal`, () => socket.destroy())
    })
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
}

test.run()
