import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { INTERFACES } from '../serving/testing/fixtures.ts'
import { reference, startScratchServer } from './scratch-server.ts'

/**
 * Many small models in one process: resident memory, CPU and time to readiness of the server with so many boosted trees of
 * 50 kB, each a file of its own, beside as many bare sessions in this process. On a busy machine the CPU time is the figure.
 * Run it with `node -C modelyard-source --import tsx bench/many-models.ts [number]` after `npm run build`.
 */
const MODELS = Number(process.argv[2] ?? 500)
const FILE = fileURLToPath(new URL('../serving/testing/fixtures/diabetes-boosted.onnx', import.meta.url))
const SAMPLES = fileURLToPath(new URL('../serving/testing/fixtures/diabetes-boosted.samples.json', import.meta.url))
const MIB = 1024 * 1024

/** Clock ticks a second in /proc (Linux). */
const TICKS = 100

/** Files that differ in their `doc_string` alone (ModelProto, field 6): each has a digest of its own. */
const directory = mkdtempSync(join(tmpdir(), 'modelyard-bench-models-'))
const content = readFileSync(FILE)
const files = Array.from({ length: MODELS }, (_, index) => {
  const path = join(directory, `${index}.onnx`)
  const text = Buffer.from(`tree ${index}`)
  writeFileSync(path, Buffer.concat([content, Buffer.of(0x32, text.byteLength), text]))
  return path
})

/** Resident memory of a process, MiB (Linux). */
function residentMb(pid: number | undefined): number {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kibibytes) / 1024)
}

/** CPU time of a process so far, milliseconds (Linux). */
function cpuMs(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000
}

async function bareSessions(): Promise<{ mib: number; milliseconds: number; cpuMs: number }> {
  const serving = createRequire(new URL('../serving/package.json', import.meta.url))
  const runtime: typeof import('onnxruntime-node') = serving('onnxruntime-node')
  const before = process.memoryUsage().rss / MIB
  const started = performance.now()
  const cpu = process.cpuUsage()
  const sessions = []
  for (const file of files) {
    sessions.push(await runtime.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 }))
  }
  const { user, system } = process.cpuUsage(cpu)
  const milliseconds = Math.round(performance.now() - started)
  const mib = Math.round(process.memoryUsage().rss / MIB - before)
  for (const session of sessions) await session.release()
  return { mib, milliseconds, cpuMs: Math.round((user + system) / 1000) }
}

const version = (file: string) => ({
  name: '1.0.0',
  artifact: { ...reference(file), externalData: [] },
  goldenSamples: reference(SAMPLES),
  interface: INTERFACES.diabetes,
  batching: { maxSize: 64, maxDelayMs: 0 },
  strict: false,
})
const models = files.map((file, index) => ({
  name: `model-${index}`,
  stable: '1.0.0',
  versions: [version(file)],
  slo: { latencyP99Ms: 25 },
}))
const server = await startScratchServer(models, 18_481)
const { readyMs } = server
const used = { mib: residentMb(server.process.pid), readyMs: Math.round(readyMs), cpuMs: cpuMs(server.process.pid) }
await server.stop()
const bare = await bareSessions()
rmSync(directory, { recursive: true })
console.log(JSON.stringify({ models: MODELS, bytes: reference(FILE).size, server: used, bareSessions: bare }, null, 2))
