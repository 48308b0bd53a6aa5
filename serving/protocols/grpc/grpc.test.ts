import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Metadata, status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServerSettings } from '../../contract/index.ts'
import { INTERFACES } from '../../testing/fixtures.ts'
import {
  asBytes,
  bytesAt,
  closeGrpcClients,
  fieldsOf,
  type GrpcInput,
  grpcClient,
  INFERENCE,
  inferRequest,
  message,
  names,
  refused,
  textAt,
} from '../../testing/grpc-client.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer } from '../../testing/server.ts'

test.after.each(async () => {
  closeGrpcClients()
  await cleanUp()
})

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const slow = await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow)
const types = await servedVersion('1.0.0', 'types.onnx', INTERFACES.types)

const ROW = [5.1, 3.5, 1.4, 0.2]

async function start(models: Parameters<typeof bootConfiguration>[0], settings: Partial<ServerSettings> = {}) {
  const boot = bootConfiguration(models)
  Object.assign(boot.server, settings)
  const server = await testServer(boot, { grpcPort: 0 })
  const { client, call } = grpcClient(server.grpcAddress)
  const fields = (path: string, body?: Uint8Array, metadata?: Metadata) =>
    call(path, body, metadata).then((answer) => answer.fields)
  return { server, client, call: fields, infer: (body: Uint8Array) => fields(`${INFERENCE}/ModelInfer`, body) }
}

const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const fp32Contents = (values: number[]) =>
  message((writer) => {
    for (const value of values) writer.tag(6, WireType.Bit32).float(value)
  })
const irisInput = (shape: number[], contents?: Uint8Array): GrpcInput => ({
  name: 'features',
  datatype: 'FP32',
  shape,
  ...(contents === undefined ? {} : { contents }),
})

test('the server and its models say who and how they are, and health is the standard one', async () => {
  const { call } = await start({ iris })
  for (const name of ['ServerLive', 'ServerReady']) assert.is((await call(`${INFERENCE}/${name}`))[1]?.[0], 1)
  assert.is((await call(`${INFERENCE}/ModelReady`, names('iris')))[1]?.[0], 1)
  assert.is((await call(`${INFERENCE}/ModelReady`, names('iris', '7')))[1]?.[0], 0)
  assert.is(textAt(await call(`${INFERENCE}/ServerMetadata`), 1), 'modelyard-serving')
  const metadata = await call(`${INFERENCE}/ModelMetadata`, names('iris'))
  assert.equal(
    [1, 2, 3].map((field) => textAt(metadata, field)),
    ['iris', '2.1.0', 'onnxruntime_onnx'],
  )
  const input = fieldsOf(bytesAt(metadata, 4))
  assert.equal(
    [1, 2].map((field) => textAt(input, field)),
    ['features', 'FP32'],
  )
  const shape = new BinaryReader(bytesAt(input, 3))
  assert.equal([Number(shape.int64()), Number(shape.int64())], [-1, 4])
  assert.is((await call('/grpc.health.v1.Health/Check'))[1]?.[0], 1)
  assert.is((await refused(call('/grpc.health.v1.Health/Check', names('nobody')))).code, status.NOT_FOUND)
})

test('raw and typed inputs get what REST gives, in the form in which they came; id and outputs are honoured', async () => {
  const { server, infer } = await start({ iris })
  const data = [...ROW, 6.7, 3, 5.2, 2.3]
  const rest = await server.post('/v2/models/iris/infer', {
    inputs: [{ name: 'features', datatype: 'FP32', shape: [2, 4], data }],
  })
  const probabilities = rest.json.outputs[1].data.map(Math.fround)
  const raw = await infer(inferRequest('iris', [irisInput([2, 4])], { id: 'seven', raw: [floats(data)] }))
  assert.equal(
    [1, 2, 3].map((field) => textAt(raw, field)),
    ['iris', '2.1.0', 'seven'],
  )
  assert.equal([...new Float32Array(Uint8Array.from(bytesAt(raw, 6, 1)).buffer)], probabilities)
  const outputs = ['probabilities']
  const typed = await infer(
    inferRequest('iris', [irisInput([2, 4], fp32Contents(data))], { version: '2.1.0', outputs }),
  )
  assert.is(typed[5]?.length, 1)
  assert.is(typed[6], undefined)
  const contents = fieldsOf(bytesAt(fieldsOf(bytesAt(typed, 5)), 5))
  assert.equal([...new Float32Array(Uint8Array.from(bytesAt(contents, 6)).buffer)], probabilities)
  const metrics = (await server.get('/metrics')).text
  assert.match(metrics, 'modelyard_requests_total{model="iris",version="2.1.0",route="grpc-infer",code="200"} 2')
})

test('every datatype goes through raw and comes back', async () => {
  const { infer } = await start({ types })
  const text = Buffer.from('\u0001\0\0\0a\u0002\0\0\0bc')
  const raw: Uint8Array[] = []
  const PROTOCOL = { float32: 'FP32', float64: 'FP64', float16: 'FP16', bool: 'BOOL', string: 'BYTES' } as const
  const sizes: Record<string, number> = { float16: 2, float32: 4, float64: 8, bool: 1 }
  const inputs = INTERFACES.types.inputs.map(({ name, datatype }) => {
    const size = sizes[datatype] ?? Number(datatype.replace(/\D/g, '')) / 8
    raw.push(datatype === 'string' ? text : new Uint8Array(2 * size).fill(1, 0, 1))
    const protocol = (PROTOCOL as Record<string, string>)[datatype] ?? datatype.toUpperCase()
    return { name, datatype: protocol, shape: [1, 2] }
  })
  const answer = await infer(inferRequest('types', inputs, { raw }))
  assert.is(answer[6]?.length, inputs.length)
  for (const [index, bytes] of raw.entries()) {
    assert.is(bytesAt(answer, 6, index).byteLength, bytes.byteLength, inputs[index]?.name)
  }
})

test('a status tells what is wrong, every wrong field of it', async () => {
  const { call, infer } = await start({ iris })
  assert.is((await refused(infer(inferRequest('nobody', [])))).code, status.NOT_FOUND)
  assert.is((await refused(infer(inferRequest('iris', [], { version: '9' })))).code, status.NOT_FOUND)
  assert.is((await refused(call(`${INFERENCE}/ModelInfer`, Buffer.from([0x0a, 0x7f])))).code, status.INVALID_ARGUMENT)
  const wrong = await refused(
    infer(inferRequest('iris', [{ name: 'y', datatype: 'FP32', shape: [1] }, irisInput([1, 4])], { outputs: ['z'] })),
  )
  assert.is(wrong.code, status.INVALID_ARGUMENT)
  for (const part of ['inputs[0].name "y"', 'inputs[1] must have contents', 'outputs[0].name "z"']) {
    assert.ok(wrong.details.includes(part), wrong.details)
  }
  const shared = { ...irisInput([1, 4], fp32Contents(ROW)), parameter: 'shared_memory_region' }
  const regions = await refused(infer(inferRequest('iris', [shared])))
  assert.is(regions.code, status.INVALID_ARGUMENT)
  assert.match(regions.details, 'inputs[0].parameters.shared_memory_region')
  const classes = { outputs: ['probabilities'], outputParameter: 'classification' }
  const ranked = await refused(infer(inferRequest('iris', [irisInput([1, 4], fp32Contents(ROW))], classes)))
  assert.match(ranked.details, "Triton's classification extension")
  const both = inferRequest('iris', [irisInput([1, 4], fp32Contents(ROW))], { raw: [floats(ROW)] })
  assert.match((await refused(infer(both))).details, 'must be absent when raw_input_contents is given')
  const short = await refused(infer(inferRequest('iris', [irisInput([2, 4])], { raw: [floats(ROW)] })))
  assert.match(short.details, 'holds 16 bytes')
})

test('messages above 4 MB are answered, those above the body limit refused', async () => {
  const { infer } = await start({ slow }, { bodyLimit: 6_000_000 })
  const input = (rows: number) => [{ name: 'x', datatype: 'FP32', shape: [rows, 32] }]
  // Wrong on purpose: what is asked is whether the message is read.
  const large = await refused(infer(inferRequest('slow', input(1), { raw: [new Uint8Array(5_000_000)] })))
  assert.is(large.code, status.INVALID_ARGUMENT)
  const tooLarge = await refused(infer(inferRequest('slow', input(1), { raw: [new Uint8Array(7_000_000)] })))
  assert.is(tooLarge.code, status.RESOURCE_EXHAUSTED)
})

test('a call is in the prediction log under its request id', async () => {
  const file = join(scratch(), 'log.jsonl')
  const { server, call } = await start({ iris }, { predictionLog: { sink: pathToFileURL(file).href } })
  const metadata = new Metadata()
  metadata.set('x-request-id', 'from-grpc')
  const asked = inferRequest('iris', [irisInput([1, 4], fp32Contents(ROW))], { version: '2.1.0' })
  await call(`${INFERENCE}/ModelInfer`, asked, metadata)
  await server.close()
  const { requestId, mode, inputs, outputs } = JSON.parse(readFileSync(file, 'utf8'))
  assert.is(requestId, 'from-grpc')
  assert.is(mode, 'direct')
  const [sepal_length, sepal_width, petal_length, petal_width] = ROW
  assert.equal(inputs, [{ sepal_length, sepal_width, petal_length, petal_width }])
  assert.is(outputs[0].label, 0)
})

test('who watches the health hears of the drain, and gRPC is off without a port', async () => {
  const { server, client } = await start({ iris })
  const states: (number | Uint8Array | undefined)[] = []
  const stream = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', asBytes, asBytes, new Uint8Array(0))
  stream.on('error', () => states.push(undefined))
  const ended = new Promise((resolve) => stream.on('end', resolve))
  await new Promise<void>((resolve) => {
    stream.on('data', (bytes: Uint8Array) => {
      states.push(fieldsOf(bytes)[1]?.[0])
      resolve()
    })
  })
  await server.drain()
  await ended
  assert.equal(states, [1, 2])
  assert.is((await testServer(bootConfiguration({ iris }))).grpcAddress, undefined)
})

test.run()
