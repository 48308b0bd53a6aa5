import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createContentCache } from './artifact/index.ts'
import type { BootConfiguration, RoutedModel } from './contract/index.ts'
import { addRoutes, createHttpServer, createLog } from './http/index.ts'
import { ConnectionLimit, MemoryBudget } from './limits/index.ts'
import { ModelRegistry } from './models/index.ts'
import { createMonitoring } from './monitoring/index.ts'
import { createPredictionLog } from './prediction-log/index.ts'
import { INTERFACES } from './testing/fixtures.ts'
import { type GeneratedRequest, generateRequest, type KnownRoute } from './testing/generated-requests.ts'
import { anyBytes, inference } from './testing/generated-values.ts'
import { closeGrpcClients, grpcClient, INFERENCE, inferRequest, names } from './testing/grpc-client.ts'
import { type Random, random } from './testing/random.ts'
import { bootConfiguration, cleanUp, proofs, scratch, servedVersion, until } from './testing/server.ts'
import { endProcesses, type ServerProcess, serverProcess } from './testing/server-process.ts'

/** `npm run e2e -- full` asks for 100,000. */
const REQUESTS = Number(process.env.MODELYARD_GENERATED_REQUESTS ?? 3000)
const SEED = Number(process.env.MODELYARD_SEED ?? 1)
const CALLERS = 16
const MOST_ATTEMPTS = 5

/** Resident memory may grow by so much after the first quarter of the requests: a leak of 1 kB a request shows. */
const MOST_GROWTH_MIB = 48

test.after.each(async () => {
  closeGrpcClients()
  endProcesses()
  await cleanUp()
})

const MODELS = {
  diabetes: INTERFACES.diabetes,
  iris: INTERFACES.iris,
  house: INTERFACES.house,
  trailing: INTERFACES.trailing,
  types: INTERFACES.types,
  lookup: INTERFACES.lookup,
  fixed: INTERFACES.fixedBatch,
  collapse: INTERFACES.collapse,
}

async function configuration(): Promise<{ boot: BootConfiguration; routed: RoutedModel[] }> {
  const version = (name: keyof typeof MODELS, file: string, more = {}) =>
    servedVersion('1.0.0', `${file}.onnx`, MODELS[name], more)
  const boot = bootConfiguration({
    diabetes: await version('diabetes', 'diabetes'),
    iris: await version('iris', 'iris', { strict: true }),
    house: await version('house', 'house'),
    trailing: await version('trailing', 'trailing'),
    types: await version('types', 'types'),
    lookup: await version('lookup', 'lookup'),
    fixed: await version('fixed', 'fixed-batch'),
    collapse: await version('collapse', 'collapse'),
  })
  boot.server.predictionLog = { sink: pathToFileURL(join(scratch(), 'log.jsonl')).href }
  const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes)
  const routed: RoutedModel[] = [
    { name: 'diabetes', versions: [candidate], candidate: { version: '1.1.0', mode: 'canary', weight: 50 } },
    {
      name: 'house',
      versions: [{ ...(await version('house', 'house')), name: '1.1.0' }],
      candidate: { version: '1.1.0', mode: 'shadow', weight: 50 },
    },
  ]
  return { boot, routed }
}

/** What Fastify itself lists, so that a route that comes later is tried too. */
async function routesOf(boot: BootConfiguration): Promise<KnownRoute[]> {
  const log = createLog(false)
  const app = createHttpServer(boot.server, { log })
  const routes: KnownRoute[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) if (name !== 'HEAD') routes.push({ method: name, url })
  })
  const monitoring = createMonitoring([25])
  const cache = createContentCache(scratch())
  const predictionLog = createPredictionLog({}, monitoring.predictionLog, log)
  const registry = new ModelRegistry(boot, { cache, proofs, threads: 1, monitoring, predictionLog, log })
  const limits = { budget: new MemoryBudget(), connections: new ConnectionLimit({ memoryLimit: 2 ** 30 }) }
  const state = { draining: false }
  addRoutes(app, { settings: boot.server, registry, monitoring, predictionLog, state, ...limits }, false)
  await app.ready()
  await app.close()
  return routes
}

const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })

function send(address: string, generated: GeneratedRequest, chunked: boolean, attempt = 1) {
  const { method, path, headers, body } = generated
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { port } = new URL(address)
    // By name: Node's client frames a body by itself for some methods only.
    const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.byteLength }
    const options = { agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } }
    const sent = httpRequest(options, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A server that refuses a body answers and closes before it has read all of it; the answer may get lost then.
      const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE'
      if (broken && attempt < MOST_ATTEMPTS) send(address, generated, chunked, attempt + 1).then(resolve, reject)
      else reject(error)
    })
    sent.end(body)
  })
}

/** Bytes that no client of HTTP sends; the status of the answer, 0 when the server just hangs up. */
function sendRaw(address: string, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.end(bytes))
    socket.on('data', (part) => {
      text += part
    })
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(0) : reject(error)))
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)))
  })
}

const ANSWERS_OF_GRPC = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
])

function grpcCase(chance: Random): { path: string; body: Buffer } {
  const { oneIn, pick, below } = chance
  const name = pick(Object.keys(MODELS)) as keyof typeof MODELS
  const method = pick([
    'ModelInfer',
    'ModelInfer',
    'ModelInfer',
    'ModelReady',
    'ModelMetadata',
    'ServerReady',
    'Nothing',
  ])
  let body: Uint8Array = names(oneIn(10) ? 'nobody' : name, oneIn(3) ? pick(['1.0.0', '9']) : '')
  if (method === 'ModelInfer') {
    const { inputs } = inference(MODELS[name], pick([1, 2, 7]), chance).json as {
      inputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[]
    }
    const raw = inputs.map(({ data }) => new Uint8Array(Float32Array.from(data.map(Number)).buffer))
    const shapes = inputs.map(({ data: _data, ...head }) =>
      oneIn(10) ? { ...head, shape: [below(2 ** 31), -1] } : head,
    )
    body = inferRequest(oneIn(20) ? 'nobody' : name, shapes, {
      raw: oneIn(10) ? raw.slice(1) : raw,
      version: oneIn(5) ? '1.0.0' : '',
    })
  }
  const bytes = Buffer.from(body)
  for (let damage = oneIn(2) ? 0 : below(6); damage > 0 && bytes.length > 0; damage--)
    bytes[below(bytes.length)] = below(256)
  return { path: `${INFERENCE}/${method}`, body: oneIn(10) ? anyBytes(chance, below(100)) : bytes }
}

/** One case, by its number alone; what is wrong with the answer, undefined when nothing is. */
async function tryCase(
  number: number,
  routes: KnownRoute[],
  server: ServerProcess,
  call: ReturnType<typeof grpcClient>['call'],
) {
  const chance = random(SEED * 1_000_003 + number)
  if (chance.oneIn(8)) {
    const { path, body } = grpcCase(chance)
    const code = await call(path, body, new Metadata()).then(
      () => status.OK,
      (error: ServiceError) => error.code,
    )
    return ANSWERS_OF_GRPC.has(code) ? undefined : `gRPC ${path} ${body.toString('hex').slice(0, 400)}: ${status[code]}`
  }
  if (chance.oneIn(50)) {
    const bytes = chance.oneIn(2)
      ? anyBytes(chance, chance.below(300))
      : Buffer.from('POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}')
    const code = await sendRaw(server.address, bytes)
    return code < 500 ? undefined : `raw ${bytes.toString('hex')}: ${code}`
  }
  const generated = generateRequest(routes, MODELS, chance)
  const { method, path, headers, body } = generated
  const shown = `${method} ${path} ${JSON.stringify(headers)} ${body.toString('latin1').slice(0, 400)}`
  try {
    const answer = await send(server.address, generated, body.byteLength > 0 && chance.oneIn(10))
    if (answer.status < 200 || answer.status >= 500) return `${shown}: ${answer.status} ${answer.text.slice(0, 200)}`
    if (/\n\s+at |node_modules|\/serving\//.test(answer.text))
      return `${shown}: an inside shows: ${answer.text.slice(0, 400)}`
    return undefined
  } catch (error) {
    return `${shown}: ${error}`
  }
}

/** MiB. */
function residentMemory(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

test(`${REQUESTS} generated requests get 2xx, 3xx or 4xx, and the memory stays`, async () => {
  const { boot, routed } = await configuration()
  const routes = await routesOf(boot)
  assert.ok(routes.length > 20)
  const server = await serverProcess(boot, routed)
  // Candidates come after the stable versions, and are a rightful 503 until then.
  for (const { name, versions } of routed) {
    const ready = `${server.address}/v2/models/${name}/versions/${versions[0]?.name}/ready`
    await until(async () => (await fetch(ready)).ok, `the candidate of ${name} answers`)
  }
  const { call } = grpcClient(server.grpcAddress)
  const wrong: string[] = []
  let warm: number | undefined
  let number = 0
  const caller = async () => {
    while (number < REQUESTS && wrong.length < 10 && server.child.exitCode === null) {
      const mine = number++
      if (mine > REQUESTS / 4) warm ??= process.platform === 'linux' ? residentMemory(server.child.pid) : 0
      const problem = await tryCase(mine, routes, server, call)
      if (problem !== undefined) wrong.push(`seed ${SEED}, case ${mine}: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  assert.equal(wrong, [])
  assert.is(server.child.exitCode, null, server.output.stderr)
  assert.is((await fetch(`${server.address}/readyz`)).status, 200)
  const growth = warm ? residentMemory(server.child.pid) - warm : 0
  assert.ok(growth < MOST_GROWTH_MIB, `resident memory grew from ${warm} by ${growth} MiB`)
  server.child.kill('SIGTERM')
  assert.is(await server.ended, 0, server.output.stderr)
})

test.run()
