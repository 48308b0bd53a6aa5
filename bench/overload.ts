import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reference, startScratchServer } from './scratch-server.ts'

/**
 * Overload over real sockets: the capacity of a slow model (closed loop), then twice that rate (open loop), its goodput, and the
 * p99 of /healthz meanwhile; several turns. Run it with `node -C modelyard-source --import tsx bench/overload.ts [seconds]`
 * after `npm run build`; ratios hold on a shared machine, absolute times do not.
 */
const SECONDS = Number(process.argv[2] ?? 4)
const TURNS = 5
const PORT = 18_480
const agent = new Agent({ keepAlive: true, maxSockets: 512 })
const ones = new Array(32).fill(1)
const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 32], data: ones }] })

interface Outcome {
  status: number
  milliseconds: number
}

function call(method: 'GET' | 'POST', path: string, content?: string): Promise<Outcome> {
  const started = performance.now()
  return new Promise((resolve) => {
    const end = (status: number) => resolve({ status, milliseconds: performance.now() - started })
    const sent = request({
      agent,
      port: PORT,
      host: '127.0.0.1',
      method,
      path,
      headers: { 'content-type': 'application/json' },
    })
    sent.on('error', () => end(0))
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => end(response.statusCode ?? 0))
    })
    sent.end(content)
  })
}

const infer = () => call('POST', '/v2/models/slow/infer', body)
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Four callers that each wait for their answer: what the model can do at most, a second. */
async function capacity(seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000
  let good = 0
  const caller = async () => {
    while (performance.now() < end) if ((await infer()).status === 200) good += 1
  }
  await Promise.all(Array.from({ length: 4 }, caller))
  return good / seconds
}

const rounded = (value: number) => Number(value.toFixed(3))

/** Sends at a rate whatever the answers do. */
async function openLoop(rate: number): Promise<Outcome[]> {
  const pending: Promise<Outcome>[] = []
  const started = performance.now()
  for (let elapsed = 0; elapsed < SECONDS * 1000; elapsed = performance.now() - started) {
    while (pending.length < (elapsed * rate) / 1000) pending.push(infer())
    await sleep(2)
  }
  return Promise.all(pending)
}

async function probe(until: { done: boolean }): Promise<number[]> {
  const times: number[] = []
  while (!until.done) {
    times.push((await call('GET', '/healthz')).milliseconds)
    await sleep(10)
  }
  return times
}

/** The fixture multiplies by the unit matrix 2000 times; a model of 5 ms does it more often. */
const MULTIPLICATIONS = { fixture: 2000n, here: 4000n }

function slowerModel(path: string): string {
  const content = readFileSync(fileURLToPath(new URL('../serving/testing/fixtures/slow.onnx', import.meta.url)))
  const count = Buffer.alloc(8)
  count.writeBigInt64LE(MULTIPLICATIONS.fixture)
  content.writeBigInt64LE(MULTIPLICATIONS.here, content.indexOf(count))
  writeFileSync(path, content)
  return path
}

const directory = mkdtempSync(join(tmpdir(), 'modelyard-bench-overload-'))
const samples = join(directory, 'samples.json')
const golden = { id: 'ones', tensors: { x: { shape: [1, 32], data: ones } }, outputs: { y: ones } }
writeFileSync(
  samples,
  JSON.stringify({ source: 'identity', tolerance: { relative: 0, absolute: 1e-6 }, samples: [golden] }),
)
const tensor = (name: string) => ({ name, datatype: 'float32', shape: ['batch', 32] })
const version = {
  name: '1.0.0',
  artifact: {
    ...reference(slowerModel(join(directory, 'slow.onnx'))),
    externalData: [],
  },
  goldenSamples: reference(samples),
  interface: { inputs: [tensor('x')], outputs: [tensor('y')] },
  // One request a call, so that the capacity is that of the model and not of batching.
  batching: { maxSize: 1, maxDelayMs: 0 },
  strict: false,
}
const model = { name: 'slow', stable: '1.0.0', versions: [version], slo: { latencyP99Ms: 100 } }
const server = await startScratchServer([model], PORT)
const WARM_SECONDS = 2
await capacity(WARM_SECONDS)
const turns: { capacity: number; goodput: number; outcomes: Outcome[]; health: number[] }[] = []
for (let turn = 0; turn < TURNS; turn++) {
  const before = await capacity(SECONDS)
  const until = { done: false }
  const probes = probe(until)
  const outcomes = await openLoop(before * 2)
  until.done = true
  const good = outcomes.filter(({ status }) => status === 200).map(({ milliseconds }) => milliseconds)
  // Answers that came after the last request was sent are of the same overload: their time counts.
  const goodput = good.length / (SECONDS + percentile(good, 0.99) / 1000)
  turns.push({ capacity: before, goodput, outcomes, health: await probes })
}
// The machine's own pace changes between turns: a capacity is compared with the goodput between it and the next.
const last = await capacity(SECONDS)
const ratios = turns.map(
  ({ capacity, goodput }, turn) => (2 * goodput) / (capacity + (turns[turn + 1]?.capacity ?? last)),
)
const outcomes = turns.flatMap((turn) => turn.outcomes)
const good = outcomes.filter(({ status }) => status === 200).map(({ milliseconds }) => milliseconds)
const health = turns.flatMap((turn) => turn.health)
const count = (status: number) => outcomes.filter((outcome) => outcome.status === status).length
console.log(
  JSON.stringify(
    {
      turns: TURNS,
      seconds: SECONDS,
      modelMs: Number((1000 / percentile([...turns.map((turn) => turn.capacity), last], 0.5)).toFixed(2)),
      goodputOfCapacity: { median: rounded(percentile(ratios, 0.5)), all: ratios.map(rounded) },
      latencyOfGoodMs: { p50: Math.round(percentile(good, 0.5)), p99: Math.round(percentile(good, 0.99)) },
      status: { 200: count(200), 429: count(429), 504: count(504), none: count(0) },
      healthzMs: {
        p50: rounded(percentile(health, 0.5)),
        p99: rounded(percentile(health, 0.99)),
        probes: health.length,
      },
      exitCode: await server.stop(),
    },
    null,
    2,
  ),
)
agent.destroy()
rmSync(directory, { recursive: true })
