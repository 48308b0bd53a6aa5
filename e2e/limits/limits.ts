import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { IRIS_MODELS } from '../served/iris-model.ts'
import { bombs, lengthsOnly, rapidResets, secondMessages, smallMessages, watchStreams } from './grpc-attacks.ts'
import { type LimitedServer, startLimitedServer } from './limited-server.ts'

const LIMIT = 256 * 2 ** 20
const MEGABYTE = 2 ** 20
/** Nineteen of twenty small requests beside an attack are answered within so many milliseconds. */
const MAX_SMALL_MS = 1000
const agent = new Agent({ keepAlive: false })
const record = JSON.stringify({ sepal_length: 5.1, sepal_width: 3, petal_length: 1, petal_width: 0.2 })

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

/** Small requests from a process of their own, the first of which is answered, until `stop`, which resolves with the answers. */
async function askBeside({ port }: LimitedServer): Promise<{ stop(): Promise<{ status: number; ms: number }[]> }> {
  const script = fileURLToPath(new URL('small-requests.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, String(port), '/predict', record], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  return {
    async stop() {
      child.stdin.end()
      await ended
      return JSON.parse(output)
    },
  }
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
  '60,000 Watch streams on 200 connections': { run: (server) => watchStreams(server, 60_000, 200) },
  'gRPC: 2,000 messages on each of 1,000 streams': { run: smallMessages },
  'gRPC: a second message of 15 MB on 40 streams': { run: secondMessages },
  'gRPC: 1,000 lengths of messages that never come': { run: lengthsOnly },
  'gRPC: 200 messages that inflate to 256 MB': { run: bombs },
  'gRPC: 20,000 calls that are reset at once': { run: rapidResets },
  '2,000 idle connections': { run: (server) => idle(server, 2000), probesOnly: true },
}

let [passed, failed] = [0, 0]
const [only = ''] = process.argv.slice(2)
for (const [name, { run, probesOnly = false }] of Object.entries(ATTACKS)) {
  if (!name.includes(only)) continue
  const server = await startLimitedServer(IRIS_MODELS, LIMIT)
  if (typeof server === 'string') {
    console.log(`skipped: needs a memory cgroup (${server}), get it by running as root or with a delegated cgroup`)
    break
  }
  const beside = await askBeside(server)
  const problem = await run(server).then(
    () => undefined,
    (error: Error) => error.message,
  )
  const small = await beside.stop()
  const lost = probesOnly ? 0 : small.filter(({ status }) => status !== 200).length
  const latencies = small.map(({ ms }) => Math.round(ms)).sort((one, other) => one - other)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  const slow = !probesOnly && at(0.95) > MAX_SMALL_MS
  const peak = Math.round((server.cgroup.peakBytes() ?? 0) / MEGABYTE)
  const kills = server.cgroup.kills()
  const good = server.ended() === undefined && kills === 0 && lost === 0 && !slow && problem === undefined
  if (good) passed += 1
  else failed += 1
  const times = `p50 ${at(0.5)}, p95 ${at(0.95)}, slowest ${at(1)} ms`
  const counts = `${small.length} small requests beside, ${lost} lost, ${times}`
  console.log(`${good ? 'ok' : 'FAILED'}: ${name}: peak ${peak} MiB of 256, ${kills} kills; ${counts} ${problem ?? ''}`)
  await server.stop()
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
