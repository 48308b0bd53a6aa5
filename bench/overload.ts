import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reference, startScratchServer } from './scratch-server.ts'

/**
 * Overload over real sockets: the capacity of a slow model (closed loop), then twice that rate (open loop), its goodput, and the
 * p99 of /healthz meanwhile. Run it with `node -C modelyard-source --import tsx bench/overload.ts [seconds]`; ratios hold on a
 * shared machine, absolute times do not.
 */
const SECONDS = Number(process.argv[2] ?? 8)
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

/** Four callers that each wait for their answer: what the model can do at most. */
async function capacity(): Promise<number> {
  const end = performance.now() + SECONDS * 1000
  let good = 0
  const caller = async () => {
    while (performance.now() < end) if ((await infer()).status === 200) good += 1
  }
  await Promise.all(Array.from({ length: 4 }, caller))
  return good / SECONDS
}

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

const samples = join(tmpdir(), `modelyard-bench-samples-${process.pid}.json`)
const golden = { id: 'ones', tensors: { x: { shape: [1, 32], data: ones } }, outputs: { y: ones } }
writeFileSync(
  samples,
  JSON.stringify({ source: 'identity', tolerance: { relative: 0, absolute: 1e-6 }, samples: [golden] }),
)
const tensor = (name: string) => ({ name, datatype: 'float32', shape: ['batch', 32] })
const version = {
  name: '1.0.0',
  artifact: {
    ...reference(fileURLToPath(new URL('../serving/testing/fixtures/slow.onnx', import.meta.url))),
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
const best = await capacity()
const until = { done: false }
const probes = probe(until)
const outcomes = await openLoop(best * 2)
until.done = true
const health = await probes
const good = outcomes.filter(({ status }) => status === 200)
const last = percentile(
  good.map(({ milliseconds }) => milliseconds),
  0.99,
)
const count = (status: number) => outcomes.filter((outcome) => outcome.status === status).length
// Answers that came after the last request was sent are of the same overload: their time counts.
const goodput = good.length / (SECONDS + Math.max(0, last / 1000))
console.log(
  JSON.stringify(
    {
      seconds: SECONDS,
      capacityPerSecond: Math.round(best),
      modelMs: Number((1000 / best).toFixed(2)),
      offered: Number((outcomes.length / SECONDS / best).toFixed(2)),
      goodputOfCapacity: Number((goodput / best).toFixed(3)),
      latencyOfGoodMs: {
        p50: Math.round(
          percentile(
            good.map(({ milliseconds }) => milliseconds),
            0.5,
          ),
        ),
        p99: Math.round(last),
      },
      status: { 200: count(200), 429: count(429), 504: count(504), none: count(0) },
      healthzMs: {
        p50: Number(percentile(health, 0.5).toFixed(2)),
        p99: Number(percentile(health, 0.99).toFixed(2)),
        probes: health.length,
      },
      exitCode: await server.stop(),
    },
    null,
    2,
  ),
)
agent.destroy()
