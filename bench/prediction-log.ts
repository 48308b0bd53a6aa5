import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { PredictionLogSettings, ServedVersion } from '../serving/contract/index.ts'
import { createMonitoring } from '../serving/monitoring/index.ts'
import { createPredictionLog } from '../serving/prediction-log/index.ts'
import { encodeRecords, type Tensors } from '../serving/session/index.ts'
import { INTERFACES } from '../serving/testing/fixtures.ts'
import { reference } from './scratch-server.ts'

/**
 * CPU that the prediction log takes of a request, writing to a file included: ten features and one output. CPU, not time,
 * so that a busy machine gives the same figure. Run it with `node -C modelyard-source --import tsx bench/prediction-log.ts`.
 */
const FILE = fileURLToPath(new URL('../serving/testing/fixtures/diabetes.onnx', import.meta.url))
const RECORD = { age: 59, sex: 'male', bmi: 26.1, bp: 93.2, s1: 157, s2: 93.2, s3: 38, s4: 4.5, s5: 4.86, s6: 87 }
const BUFFER_BYTES = 2 ** 30
/** The best of so many rounds: the first ones compile. */
const ROUNDS = 4
/** Longer than a batch waits, so that what a round records is also written in it. */
const WRITTEN_AFTER_MS = 1500

const version: ServedVersion = {
  name: '1.0.0',
  artifact: { ...reference(FILE), externalData: [] },
  interface: INTERFACES.diabetes,
  batching: { maxSize: 64, maxDelayMs: 0 },
  strict: false,
}

/** Microseconds of CPU a request of so many rows. */
async function measure(folder: string, settings: PredictionLogSettings, rows: number): Promise<number> {
  const { predictionLog: metrics } = createMonitoring([25])
  const quiet = { warn() {}, error() {} }
  const sink = pathToFileURL(join(folder, 'log.jsonl')).href
  const log = createPredictionLog({ sink, bufferBytes: BUFFER_BYTES, ...settings }, metrics, quiet)
  const record = log.version('diabetes', version)
  const encoded = encodeRecords(INTERFACES.diabetes, new Array(rows).fill(RECORD))
  if (!encoded.ok) throw new Error('the record is wrong')
  const data = new Float32Array(rows).fill(151.23)
  const outputs: Tensors = { progression: { datatype: 'float32', shape: [rows, 1], data } }
  const requests = Math.ceil(50_000 / rows)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let request = 0; request < requests; request++) {
      const requestId = `0b9a4c1e-${request}-4b3c-9d2e-5f6a7b8c9d0e`
      record?.({ requestId, mode: 'stable', feeds: encoded.feeds, outputs, milliseconds: 0.41 })
      // As a server would, let the writer have its turn.
      if (request % 200 === 0) await sleep(0)
    }
    await sleep(WRITTEN_AFTER_MS)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / requests)
  }
  await log.close(WRITTEN_AFTER_MS)
  return best
}

const folder = mkdtempSync(join(tmpdir(), 'modelyard-prediction-log-'))
try {
  const saltFile = join(folder, 'salt')
  writeFileSync(saltFile, 'salt')
  const cases: [string, PredictionLogSettings, number][] = [
    ['off', { sampleRate: 0 }, 1],
    ['left out by the sample', { sampleRate: 1e-6 }, 1],
    ['every request', {}, 1],
    ['every request, as a CloudEvent', { format: 'cloudevents-batch' }, 1],
    ['every request, one feature hashed', { redact: { age: 'hash' }, saltFile }, 1],
    ['every request, of 128 rows', {}, 128],
  ]
  for (const [name, settings, rows] of cases) {
    console.log(`${name}: ${(await measure(folder, settings, rows)).toFixed(2)} us`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
