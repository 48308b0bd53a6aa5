import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface, PredictionLogSettings, ServedVersion } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import {
  bootConfiguration,
  cleanUp,
  mountConfigMap,
  routingConfiguration,
  scratch,
  servedVersion,
  type TestServer,
  testServer,
  until,
} from '../testing/server.ts'
import type { PredictionEvent } from './index.ts'

test.after.each(cleanUp)

const house = (more: Partial<ServedVersion> = {}, modelInterface: ModelInterface = INTERFACES.house) =>
  servedVersion('1.0.0', 'house.onnx', modelInterface, more)

async function logging(versions: Record<string, ServedVersion>, settings: PredictionLogSettings = {}, options = {}) {
  const folder = scratch()
  const boot = bootConfiguration(versions)
  boot.server.predictionLog = { sink: `${pathToFileURL(folder).href}/log.jsonl`, flushMs: 10, ...settings }
  return { folder, server: await testServer(boot, options) }
}

/** The events in the files of a folder, once there are so many. */
async function events(folder: string, count: number): Promise<PredictionEvent[]> {
  const read = () =>
    readdirSync(folder)
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
      .filter((line) => line !== '')
  await until(() => read().length >= count, `${count} events in the log`)
  const lines = read()
  assert.is(lines.length, count)
  return lines.map((line) => JSON.parse(line))
}

const metric = async (server: TestServer, name: string) => {
  const { text } = await server.get('/metrics')
  return Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

test('an event says what was asked and answered, by the request id of the answer', async () => {
  const version = await house({ release: '1.0.0-0123abcd' })
  const { folder, server } = await logging({ house: version })
  const answer = await server.post('/predict', { area: 60.1, town: 'north' }, { 'x-request-id': 'call-1' })
  const [event] = await events(folder, 1)
  assert.is(answer.headers.get('x-request-id'), 'call-1')
  const { time, latencyMs, ...rest } = event as PredictionEvent
  assert.equal(rest, {
    type: 'prediction',
    requestId: 'call-1',
    model: 'house',
    version: '1.0.0',
    release: '1.0.0-0123abcd',
    digest: `sha256:${version.artifact.sha256}`,
    mode: 'stable',
    rows: 1,
    inputs: [{ area: 60.1, town: 'north' }],
    outputs: [answer.json.prediction],
  })
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000, time)
  assert.ok(latencyMs > 0)
  await until(
    async () => (await metric(server, 'modelyard_prediction_log_events_total{outcome="written"}')) === 1,
    'it is counted',
  )
})

test('named features, KServe V1, V2 JSON and V2 binary leave the same event, one for all rows of a request', async () => {
  const { folder, server } = await logging({
    diabetes: await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes),
  })
  const record = { age: 59, sex: 'male', bmi: 26.1, bp: 93.2, s1: 157, s2: 93.2, s3: 38, s4: 4.5, s5: 4.86, s6: 87 }
  const row = Object.values({ ...record, sex: 2 }) as number[]
  assert.is((await server.post('/predict', [record, record])).status, 200)
  assert.is((await server.post('/v1/models/diabetes:predict', { instances: [record, record] })).status, 200)
  const input = { name: 'features', datatype: 'FP32', shape: [2, 10] }
  assert.is((await server.post('/v2/models/diabetes/infer', { inputs: [{ ...input, data: [row, row] }] })).status, 200)
  const raw = Buffer.from(Float32Array.from([...row, ...row]).buffer)
  const json = JSON.stringify({ inputs: [{ ...input, parameters: { binary_data_size: raw.length } }] })
  const binary = await fetch(`${server.address}/v2/models/diabetes/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(json.length) },
    body: Buffer.concat([Buffer.from(json), raw]),
  })
  assert.is(binary.status, 200)
  const logged = await events(folder, 4)
  const shown = logged.map(({ inputs, outputs, rows }) => ({ inputs, outputs, rows }))
  assert.equal(shown[0]?.inputs, [record, record])
  assert.is(shown[0]?.rows, 2)
  for (const other of shown) assert.equal(other, shown[0])
})

test('the mode says why a version answered: a shadow and the answer it is compared to have one request id', async () => {
  const candidate = await house({ name: '2.0.0' } as Partial<ServedVersion>)
  candidate.name = '2.0.0'
  for (const mode of ['shadow', 'canary'] as const) {
    const mount = mountConfigMap(scratch(), 'routing.json')
    const routed = { name: 'house', versions: [candidate], candidate: { version: '2.0.0', mode, weight: 100 } }
    mount.update(JSON.stringify(routingConfiguration([routed])))
    const { folder, server } = await logging({ house: await house() }, {}, { routingPath: mount.path })
    await server.post('/predict', { area: 60, town: null })
    const direct = {
      inputs: [
        { name: 'area', datatype: 'FP32', shape: [1, 1], data: [60] },
        { name: 'town', datatype: 'BYTES', shape: [1, 1], data: ['west'] },
      ],
    }
    await server.post('/v2/models/house/versions/2.0.0/infer', direct)
    const logged = await events(folder, mode === 'shadow' ? 3 : 2)
    const said = logged.map(({ version, mode: why }) => `${version} ${why}`).sort()
    if (mode === 'canary') assert.equal(said, ['2.0.0 canary', '2.0.0 direct'])
    else {
      assert.equal(said, ['1.0.0 stable', '2.0.0 direct', '2.0.0 shadow'])
      const ids = logged.filter(({ mode: why }) => why !== 'direct').map(({ requestId }) => requestId)
      assert.is(ids[0], ids[1])
    }
    await cleanUp()
  }
})

test('what is redacted is nowhere in the sink: dropped, or a keyed hash that is equal for equal values', async () => {
  const secret = scratch()
  writeFileSync(join(secret, 'salt'), 'only-mounted\n')
  const sensitive: ModelInterface = structuredClone(INTERFACES.house)
  for (const column of sensitive.inputs[1]?.columns ?? []) column.sensitive = 'hash'
  const settings = { redact: { area: 'drop' } as const, saltFile: join(secret, 'salt') }
  const { folder, server } = await logging({ house: await house({}, sensitive) }, settings)
  for (const town of ['Secretville', 'Secretville', 'north', null]) {
    assert.is((await server.post('/predict', { area: 98765.4, town })).status, 200)
  }
  const logged = await events(folder, 4)
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('')
  for (const value of ['Secretville', '98765', 'only-mounted']) assert.not.match(text, value)
  const hashes = logged.map(({ inputs }) => inputs[0]?.town)
  assert.match(String(hashes[0]), /^hmac-sha256:[0-9a-f]{32}$/)
  assert.is(hashes[1], hashes[0])
  assert.is.not(hashes[2], hashes[0])
  assert.is(hashes[3], null)
  assert.equal(logged[0]?.dropped, ['area'])
  assert.equal(logged[0]?.hashed, ['town'])
  assert.equal(Object.keys(logged[0]?.inputs[0] ?? {}), ['town'])
})

test('without a salt what is to be hashed is dropped, and a version cannot take back what the server redacts', async () => {
  const version = await house({ predictionLog: { redact: { area: 'hash' } } })
  const { folder, server } = await logging({ house: version }, { redact: { area: 'drop', town: 'hash' } })
  await server.post('/predict', { area: 60, town: 'north' })
  const [event] = await events(folder, 1)
  assert.equal(event?.dropped, ['area', 'town'])
  assert.equal(event?.inputs, [{}])
})

test('a name to redact that a version does not have is told of: mistyped, it would redact nothing', async () => {
  const log = logLines()
  const version = await house({ predictionLog: { redact: { twon: 'hash' } } })
  await logging({ house: version }, { redact: { town: 'drop', aera: 'drop' } }, { logger: log.logger })
  const [line, ...others] = log.lines.filter(({ msg }) => msg.includes('redact'))
  assert.equal(others, [])
  assert.equal([line?.level, line?.model, line?.version, line?.names], [40, 'house', '1.0.0', ['aera', 'twon']])
})

test('a large request is cut to the rows that fit, and says so', async () => {
  const { folder, server } = await logging({ house: await house() }, { maxEventBytes: 2048 })
  const records = Array.from({ length: 500 }, (_, index) => ({ area: index + 1, town: 'south' }))
  const { predictions } = (await server.post('/predict', records)).json
  const [event] = await events(folder, 1)
  const { rows, truncated, inputs = [], outputs = [] } = event ?? {}
  assert.is(rows, 500)
  assert.is(truncated, true)
  assert.ok(inputs.length > 5 && inputs.length < 100, `${inputs.length} rows`)
  assert.equal(inputs, records.slice(0, inputs.length))
  assert.equal(outputs, predictions.slice(0, inputs.length))
  assert.ok(JSON.stringify(event).length <= 2048)
  assert.is(await metric(server, 'modelyard_prediction_log_truncated_total{model="house",version="1.0.0"}'), 1)
})

test('one row that is larger than an event is counted, not logged', async () => {
  const trailing = await servedVersion('1.0.0', 'trailing.onnx', INTERFACES.trailing)
  const { folder, server } = await logging({ trailing }, { maxEventBytes: 2048 })
  const inputs = (length: number) => [
    { name: 'x', datatype: 'FP32', shape: [1, length], data: new Array(length).fill(0.5) },
  ]
  await server.post('/v2/models/trailing/infer', { inputs: inputs(2000) })
  await server.post('/v2/models/trailing/infer', { inputs: inputs(2) })
  const [large, small] = await events(folder, 2)
  assert.equal([large?.rows, large?.truncated, large?.inputs], [1, true, []])
  assert.equal(small?.inputs, [{ x: [0.5, 0.5] }])
  assert.equal(small?.outputs, [{ doubled: [1, 1], total: 1 }])
})

test('a sample is chosen by request id: the same requests in every pod, none at 0', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `request-${index}`)
  const samples: string[][] = []
  for (let pod = 0; pod < 2; pod++) {
    const half = await house({ predictionLog: { sampleRate: 0.5 } })
    const off = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, { predictionLog: { sampleRate: 0 } })
    const { folder, server } = await logging({ house: half, off })
    for (const id of ids) await server.post('/models/house/predict', { area: 60, town: null }, { 'x-request-id': id })
    await server.close()
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trimEnd().split('\n')
    samples.push(lines.map((line) => JSON.parse(line).requestId))
  }
  assert.equal(samples[0], samples[1])
  const [sample = []] = samples
  // Binomial(200, 0.5): six standard deviations.
  assert.ok(Math.abs(sample.length - 100) < 43, `${sample.length}`)
})

test('a version may write to a sink of its own', async () => {
  const own = scratch()
  const version = await house({ predictionLog: { sink: `${pathToFileURL(own).href}/` } })
  const { folder, server } = await logging({ house: version })
  await server.post('/predict', { area: 60, town: 'north' })
  assert.is((await events(own, 1))[0]?.model, 'house')
  assert.match(readdirSync(own)[0] ?? '', /^predictions-.+\.jsonl$/)
  assert.equal(readdirSync(folder), [])
})

test('files are rotated by size, and only so many are kept', async () => {
  const { folder, server } = await logging({ house: await house() }, { files: { maxBytes: 1024, count: 3 } })
  for (let call = 0; call < 12; call++) {
    await server.post('/predict', { area: 60, town: 'north' }, { 'x-request-id': `call-${call}` })
    await until(
      async () => (await metric(server, 'modelyard_prediction_log_events_total{outcome="written"}')) === call + 1,
      'it is written',
    )
  }
  assert.equal(readdirSync(folder).sort(), ['log.jsonl', 'log.jsonl.1', 'log.jsonl.2'])
  for (const file of readdirSync(folder)) assert.ok(readFileSync(join(folder, file)).length <= 1024, file)
  assert.match(readFileSync(join(folder, 'log.jsonl'), 'utf8'), 'call-11')
})

test.run()
