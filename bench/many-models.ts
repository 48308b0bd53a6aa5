import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { INTERFACES } from '../serving/testing/fixtures.ts'
import { reference, startScratchServer } from './scratch-server.ts'

/**
 * Many small models in one process: resident memory and time to readiness of the server with one example tree under so many
 * names, beside as many bare sessions of the same file in this process. Run it with
 * `node -C modelyard-source --import tsx bench/many-models.ts [number]`.
 */
const MODELS = Number(process.argv[2] ?? 500)
const FILE = fileURLToPath(new URL('../serving/testing/fixtures/diabetes.onnx', import.meta.url))
const SAMPLES = fileURLToPath(new URL('../serving/testing/fixtures/diabetes.samples.json', import.meta.url))
const MIB = 1024 * 1024

/** Resident memory of a process, MiB (Linux). */
function residentMb(pid: number | undefined): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kibibytes) / 1024)
}

async function bareSessions(): Promise<{ mib: number; milliseconds: number }> {
  const serving = createRequire(new URL('../serving/package.json', import.meta.url))
  const runtime: typeof import('onnxruntime-node') = serving('onnxruntime-node')
  const before = process.memoryUsage().rss / MIB
  const started = performance.now()
  const sessions = []
  for (let index = 0; index < MODELS; index++) {
    sessions.push(await runtime.InferenceSession.create(FILE, { intraOpNumThreads: 1, interOpNumThreads: 1 }))
  }
  const milliseconds = Math.round(performance.now() - started)
  const mib = Math.round(process.memoryUsage().rss / MIB - before)
  for (const session of sessions) await session.release()
  return { mib, milliseconds }
}

const version = {
  name: '1.0.0',
  artifact: { ...reference(FILE), externalData: [] },
  goldenSamples: reference(SAMPLES),
  interface: INTERFACES.diabetes,
  batching: { maxSize: 64, maxDelayMs: 0 },
  strict: false,
}
const models = Array.from({ length: MODELS }, (_, index) => ({
  name: `model-${index}`,
  stable: '1.0.0',
  versions: [version],
  slo: { latencyP99Ms: 25 },
}))
const server = await startScratchServer(models, 18_481)
const { readyMs } = server
const mib = residentMb(server.process.pid)
await server.stop()
const bare = await bareSessions()
const bytes = reference(FILE).size
console.log(
  JSON.stringify({ models: MODELS, bytes, server: { mib, readyMs: Math.round(readyMs) }, bareSessions: bare }, null, 2),
)
