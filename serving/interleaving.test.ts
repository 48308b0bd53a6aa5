import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GoldenSamples, ModelInterface, RoutedModel } from './contract/index.ts'
import { INTERFACES } from './testing/fixtures.ts'
import { bytesAt, closeGrpcClients, grpcClient, INFERENCE, inferRequest, textAt } from './testing/grpc-client.ts'
import { type Random, random } from './testing/random.ts'
import {
  bootConfiguration,
  cleanUp,
  mountConfigMap,
  referenceTo,
  routingConfiguration,
  scratch,
  servedVersion,
  testServer,
} from './testing/server.ts'

const SEED = Number(process.env.MODELYARD_SEED ?? 1)
const ROUNDS = 4
const REQUESTS = 60

/** Two calls of one row and one call of two differ in the last bits: a kernel may add up in another order. */
const RELATIVE = 1e-5

test.after.each(async () => {
  closeGrpcClients()
  await cleanUp()
})

/** One request in no protocol's terms: float32 rows for the one input of a model. */
interface Ask {
  model: keyof typeof MODELS
  /** Empty: the split decides. */
  version: string
  shape: number[]
  data: number[]
  /** Empty: all. */
  outputs: string[]
  protocol: 'json' | 'nested' | 'binary' | 'grpc' | 'named'
}

interface Said {
  version: string
  outputs: Record<string, number[]>
}

const MODELS = {
  // A tree with a canary beside it, a classifier of two outputs, free trailing sizes, a thread of its own, a graph that gives
  // back fewer rows than it was given (batching must notice), one that takes a row at a time, and one that fails on some rows.
  diabetes: INTERFACES.diabetes,
  iris: INTERFACES.iris,
  trailing: INTERFACES.trailing,
  slow: INTERFACES.slow,
  collapse: INTERFACES.collapse,
  fixed: INTERFACES.fixedBatch,
} satisfies Record<string, ModelInterface>

async function start() {
  const ones = new Array(32).fill(1)
  const golden: GoldenSamples = {
    source: 'the identity',
    tolerance: { relative: 0, absolute: 1e-6 },
    samples: [{ id: 'ones', tensors: { x: { shape: [1, 32], data: ones } }, outputs: { y: ones } }],
  }
  const samples = join(scratch(), 'samples.json')
  writeFileSync(samples, JSON.stringify(golden))
  const version = (name: keyof typeof MODELS, file: string, maxSize: number, maxDelayMs: number, more = {}) =>
    servedVersion('1.0.0', `${file}.onnx`, MODELS[name], { batching: { maxSize, maxDelayMs }, ...more })
  // Small and odd batches, so that requests are cut in pieces; delays, so that they meet.
  const boot = bootConfiguration({
    diabetes: await version('diabetes', 'diabetes', 4, 1),
    iris: await version('iris', 'iris', 3, 0),
    trailing: await version('trailing', 'trailing', 5, 2),
    slow: await version('slow', 'slow', 3, 0, { goldenSamples: await referenceTo(samples) }),
    collapse: await version('collapse', 'collapse', 4, 1),
    fixed: await version('fixed', 'fixed-batch', 4, 0),
  })
  boot.server.queue = { maxWaitMs: 600_000, timeoutMs: 600_000 }
  const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes)
  const routed: RoutedModel[] = [
    { name: 'diabetes', versions: [candidate], candidate: { version: '1.1.0', mode: 'canary', weight: 50 } },
  ]
  const mount = mountConfigMap(scratch(), 'routing.json')
  mount.update(JSON.stringify(routingConfiguration(routed)))
  const server = await testServer(boot, { routingPath: mount.path, grpcPort: 0 })
  return { server, grpc: grpcClient(server.grpcAddress) }
}

type Started = Awaited<ReturnType<typeof start>>

function generate({ below, next, oneIn, pick }: Random): Ask {
  const model = pick(Object.keys(MODELS) as (keyof typeof MODELS)[])
  const { inputs, outputs } = MODELS[model] as ModelInterface
  const rows = model === 'fixed' ? 1 : 1 + below(6)
  const shape = (inputs[0]?.shape ?? []).map((size, axis) => {
    if (typeof size === 'number') return size
    return axis === 0 ? rows : 1 + below(4)
  })
  const count = shape.reduce((product, size) => product * size, 1)
  const data = Array.from({ length: count }, () => Math.fround(next() * 100))
  const named = model === 'iris' || model === 'diabetes'
  if (model === 'diabetes') {
    // A whole age, and a category as the number that named features encode it to.
    for (let row = 0; row < rows; row++) data.splice(row * 10, 2, 18 + below(80), 1 + below(2))
  }
  return {
    model,
    version: model === 'diabetes' ? pick(['', '', '1.0.0', '1.1.0']) : pick(['', '1.0.0']),
    shape,
    data,
    outputs: oneIn(3) ? [pick(outputs).name] : [],
    protocol: pick(named ? ['json', 'nested', 'binary', 'grpc', 'named'] : ['json', 'nested', 'binary', 'grpc']),
  }
}

async function send({ server, grpc }: Started, ask: Ask): Promise<Said> {
  if (ask.protocol === 'grpc') return sendGrpc(grpc, ask)
  if (ask.protocol === 'named' && ask.version === '' && ask.outputs.length === 0) return sendNamed(server, ask)
  const path = ask.version === '' ? '' : `/versions/${ask.version}`
  const url = `${server.address}/v2/models/${ask.model}${path}/infer`
  const input = { name: inputOf(ask).name, datatype: 'FP32', shape: ask.shape }
  const outputs = ask.outputs.map((name) => ({ name }))
  if (ask.protocol !== 'binary') {
    const data = ask.protocol === 'nested' ? nest(ask.data, ask.shape) : ask.data
    const answer = await post(url, JSON.stringify({ inputs: [{ ...input, data }], outputs }))
    return readJson(JSON.parse(Buffer.from(answer.body).toString()))
  }
  const raw = bytes(ask.data)
  const parameters = { binary_data_output: true }
  const inputs = [{ ...input, parameters: { binary_data_size: raw.byteLength } }]
  const json = Buffer.from(JSON.stringify({ inputs, outputs, parameters }))
  const answer = await post(url, Buffer.concat([json, raw]), {
    'inference-header-content-length': `${json.byteLength}`,
  })
  const length = Number(answer.headers.get('inference-header-content-length'))
  const head = JSON.parse(Buffer.from(answer.body).toString('utf8', 0, length))
  let offset = length
  const said: Said = { version: head.model_version, outputs: {} }
  for (const { name, datatype, parameters: size } of head.outputs) {
    said.outputs[name] = values(answer.body.slice(offset, offset + size.binary_data_size), datatype)
    offset += size.binary_data_size
  }
  return said
}

async function post(url: string, body: string | Buffer, headers = {}) {
  const type = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', body, headers: { ...type, ...headers } })
  const answer = { headers: response.headers, body: await response.arrayBuffer() }
  assert.is(response.status, 200, Buffer.from(answer.body).toString())
  return answer
}

function readJson(json: { model_version: string; outputs: { name: string; data: number[] }[] }): Said {
  const outputs = Object.fromEntries(json.outputs.map(({ name, data }) => [name, data]))
  return { version: json.model_version, outputs }
}

async function sendNamed(server: Started['server'], ask: Ask): Promise<Said> {
  const columns = inputOf(ask).columns ?? []
  const sexes = ['', 'female', 'male']
  const records = (nest(ask.data, ask.shape) as number[][]).map((row) =>
    Object.fromEntries(columns.map(({ name }, index) => [name, name === 'sex' ? sexes[row[index] ?? 0] : row[index]])),
  )
  const { status, json, text } = await server.post(`/models/${ask.model}/predict`, records)
  assert.is(status, 200, text)
  const outputs: Said['outputs'] = {}
  for (const { name } of (MODELS[ask.model] as ModelInterface).outputs) {
    outputs[name] = json.predictions.flatMap((prediction: Record<string, unknown>) => {
      const value = prediction[name]
      return typeof value === 'object' ? Object.values(value as object) : [value]
    })
  }
  return { version: json.version, outputs }
}

async function sendGrpc({ call }: Started['grpc'], ask: Ask): Promise<Said> {
  const { model, version, outputs, shape } = ask
  const input = { name: inputOf(ask).name, datatype: 'FP32', shape }
  const request = inferRequest(model, [input], { version, outputs, raw: [bytes(ask.data)] })
  const { fields } = await call(`${INFERENCE}/ModelInfer`, request)
  const declared = (MODELS[model] as ModelInterface).outputs.filter(
    ({ name }) => outputs.length === 0 || outputs.includes(name),
  )
  const read = declared.map(({ name, datatype }, index) => {
    const raw = Uint8Array.from(bytesAt(fields, 6, index)).buffer
    return [name, values(raw, datatype === 'int64' ? 'INT64' : 'FP32')]
  })
  return { version: textAt(fields, 2), outputs: Object.fromEntries(read) }
}

const inputOf = ({ model }: Ask) => (MODELS[model] as ModelInterface).inputs[0] as ModelInterface['inputs'][number]
const bytes = (data: number[]) => new Uint8Array(Float32Array.from(data).buffer)

function values(raw: ArrayBuffer, datatype: string): number[] {
  return datatype === 'INT64' ? [...new BigInt64Array(raw)].map(Number) : [...new Float32Array(raw)]
}

function nest(data: number[], [, width = 1]: number[]): number[][] {
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width))
}

function same(one: Said, other: Said): boolean {
  const names = Object.keys(one.outputs)
  return (
    names.length === Object.keys(other.outputs).length &&
    names.every((name) => {
      const [ours = [], theirs = []] = [one.outputs[name], other.outputs[name]]
      const close = (value: number, index: number) =>
        Math.abs(value - (theirs[index] as number)) <= RELATIVE * Math.max(1, Math.abs(value))
      return ours.length === theirs.length && ours.every(close)
    })
  )
}

test('any interleaving of requests gives each caller what a lone call gives, whatever the protocol, version, shape and outputs', async () => {
  const started = await start()
  for (let round = 0; round < ROUNDS; round++) {
    const chance = random(SEED * 1000 + round)
    const asks = Array.from({ length: REQUESTS }, () => generate(chance))
    // Nobody else is there, and all in one protocol, so that the protocols are held against each other too.
    const alone = new Map<Ask, Said[]>()
    for (const ask of asks) {
      const said: Said[] = []
      const versions = ask.model === 'diabetes' ? ['1.0.0', '1.1.0'] : ['1.0.0']
      for (const version of versions) said.push(await send(started, { ...ask, version, protocol: 'json' }))
      alone.set(ask, said)
    }
    const together = asks.map(async (ask) => {
      // Some wait for a few turns of the event loop, so that batches are formed in other ways each time.
      for (let turns = chance.below(6); turns > 0; turns--) await turn()
      return { ask, said: await send(started, ask) }
    })
    for (const { ask, said } of await Promise.all(together)) {
      const shown = `seed ${SEED}, round ${round}: ${JSON.stringify(ask)} got ${JSON.stringify(said)}`
      if (ask.version !== '') assert.is(said.version, ask.version, shown)
      const expected = alone.get(ask)?.find(({ version }) => version === said.version)
      assert.ok(expected !== undefined && same(said, expected), `${shown}, alone ${JSON.stringify(expected)}`)
    }
  }
})

test.run()
