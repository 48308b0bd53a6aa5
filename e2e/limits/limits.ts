import { Agent, request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { reference } from '../../bench/scratch-server.ts'
import { fixture, INTERFACES } from '../../serving/testing/fixtures.ts'
import { type LimitedServer, startLimitedServer } from './limited-server.ts'

const LIMIT = 256 * 2 ** 20
const MEGABYTE = 2 ** 20
const agent = new Agent({ keepAlive: false })
const record = JSON.stringify({ sepal_length: 5.1, sepal_width: 3, petal_length: 1, petal_width: 0.2 })
const version = {
  name: '1.0.0',
  artifact: { ...reference(fixture('iris.onnx')), externalData: [] },
  interface: INTERFACES.iris,
  batching: { maxSize: 32, maxDelayMs: 0 },
  strict: false,
}
const models = [{ name: 'iris', stable: '1.0.0', versions: [version], slo: { latencyP99Ms: 100 } }]

const batch = Buffer.from(`[${new Array(Math.floor(MEGABYTE / (record.length + 1))).fill(record).join(',')}]`)
const rows = Math.floor((11 * MEGABYTE) / 16)
const tensor = Buffer.from(
  `{"inputs":[{"name":"features","datatype":"FP32","shape":[${rows},4],"data":[${new Array(rows * 4).fill('5.1').join(',')}]}]}`,
)
const brackets = Buffer.from('['.repeat(10 * MEGABYTE))
const braces = Buffer.from(`[${new Array(5 * MEGABYTE).fill('{}').join(',')}]`)

function post(server: LimitedServer, path: string, body: Buffer | string) {
  const started = performance.now()
  return new Promise<{ status: number; ms: number }>((resolve) => {
    const end = (status: number) => resolve({ status, ms: performance.now() - started })
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request({ agent, host: '127.0.0.1', port: server.port, method: 'POST', path, headers }, (response) => {
      response.resume()
      response.on('end', () => end(response.statusCode ?? 0))
    })
    sent.on('error', () => end(0))
    sent.end(body)
  })
}

const times = (count: number, what: () => Promise<unknown>) => Promise.all(Array.from({ length: count }, what))

/** Streams that watch the health, over ten connections; resolves when the server has dealt with all of them. */
async function watchers(server: LimitedServer, count: number): Promise<void> {
  const sessions = Array.from({ length: 10 }, () => connectHttp2(`http://127.0.0.1:${server.grpcPort}`))
  for (const session of sessions) {
    session.on('error', () => {})
    for (let stream = 0; stream < count / 10; stream++) {
      const opened = session.request({
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Watch',
        'content-type': 'application/grpc',
        te: 'trailers',
      })
      opened.on('error', () => {})
      opened.resume()
      opened.end(Buffer.alloc(5))
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 3000))
  for (const session of sessions) session.destroy()
}

async function idle(server: LimitedServer, count: number): Promise<void> {
  const sockets = Array.from({ length: count }, (_, index) =>
    connect(index % 2 ? server.port : server.grpcPort, '127.0.0.1').on('error', () => {}),
  )
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const alive = await fetch(`http://127.0.0.1:${server.port}/healthz`).then(
    ({ status }) => status,
    () => 0,
  )
  if (alive !== 200) throw new Error(`/healthz of a full server: ${alive}`)
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 500))
}

interface Attack {
  run(server: LimitedServer): Promise<unknown>
  /** Connections are the attack: requests that need one more are refused meanwhile. */
  probesOnly?: boolean
}

const ATTACKS: Record<string, Attack> = {
  '32 batch-predict bodies of 1 MB': { run: (server) => times(32, () => post(server, '/batch-predict', batch)) },
  '4 V2 bodies of 11 MB': { run: (server) => times(4, () => post(server, '/v2/models/iris/infer', tensor)) },
  '10 MB of brackets': { run: (server) => times(2, () => post(server, '/predict', brackets)) },
  '15 MB of {}': { run: (server) => times(2, () => post(server, '/predict', braces)) },
  '6,000 Watch streams': { run: (server) => watchers(server, 6000) },
  '2,000 idle connections': { run: (server) => idle(server, 2000), probesOnly: true },
}

let [passed, failed] = [0, 0]
for (const [name, { run, probesOnly = false }] of Object.entries(ATTACKS)) {
  const server = await startLimitedServer(models, LIMIT)
  if (typeof server === 'string') {
    console.log(`skipped: needs a memory cgroup (${server}), get it by running as root or with a delegated cgroup`)
    break
  }
  const small: { status: number; ms: number }[] = []
  let done = false
  const beside = (async () => {
    while (!done) {
      small.push(await post(server, '/predict', record))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  const problem = await run(server).then(
    () => undefined,
    (error: Error) => error.message,
  )
  done = true
  await beside
  const lost = probesOnly ? 0 : small.filter(({ status }) => status !== 200).length
  const slowest = Math.round(Math.max(...small.map(({ ms }) => ms)))
  const peak = Math.round((server.cgroup.peakBytes() ?? 0) / MEGABYTE)
  const kills = server.cgroup.kills()
  const good = server.ended() === undefined && kills === 0 && lost === 0 && problem === undefined
  if (good) passed += 1
  else failed += 1
  const counts = `${small.length} small requests beside, ${lost} lost, slowest ${slowest} ms`
  console.log(`${good ? 'ok' : 'FAILED'}: ${name}: peak ${peak} MiB of 256, ${kills} kills; ${counts} ${problem ?? ''}`)
  await server.stop()
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
