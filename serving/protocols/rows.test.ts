import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface, ServedVersion } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { closeGrpcClients, grpcClient, INFERENCE, inferRequest } from '../testing/grpc-client.ts'
import { type OnnxGraph, onnxModel } from '../testing/onnx-model.ts'
import { bootConfiguration, cleanUp, referenceTo, scratch, servedVersion, testServer } from '../testing/server.ts'

test.after.each(async () => {
  closeGrpcClients()
  await cleanUp()
})

const FLOAT = 'float32' as const
const table = (name: string) => ({ name, type: FLOAT, shape: ['batch', 2] })
const columns = ['a', 'b'].map((name) => ({ name, kind: 'number' as const }))
const input = { name: 'x', datatype: FLOAT, shape: ['batch', 2], columns }

async function version(graph: OnnxGraph, modelInterface: ModelInterface): Promise<ServedVersion> {
  const path = join(scratch(), 'model.onnx')
  writeFileSync(path, onnxModel(graph))
  const artifact = { ...(await referenceTo(path)), externalData: [] }
  return { name: '1.0.0', artifact, interface: modelInterface, batching: { maxSize: 32, maxDelayMs: 0 }, strict: false }
}

test('an output of a fixed size stays whole, however many rows are asked about', async () => {
  const outputs = [
    { name: 'doubled', datatype: FLOAT, shape: ['batch', 2] },
    { name: 'thresholds', datatype: FLOAT, shape: [2] },
  ]
  const graph: OnnxGraph = {
    inputs: [table('x')],
    outputs: [table('doubled'), { name: 'thresholds', type: FLOAT, shape: [2] }],
    initializers: { limits: { type: FLOAT, shape: [2], values: [0.25, 0.75] } },
    nodes: [
      { operator: 'Add', inputs: ['x', 'x'], outputs: ['doubled'] },
      { operator: 'Identity', inputs: ['limits'], outputs: ['thresholds'] },
    ],
  }
  const server = await testServer(bootConfiguration({ model: await version(graph, { inputs: [input], outputs }) }))
  for (const rows of [1, 2, 3]) {
    const records = Array.from({ length: rows }, (_, a) => ({ a, b: 1 }))
    const expected = records.map(({ a, b }) => ({ doubled: [2 * a, 2 * b], thresholds: [0.25, 0.75] }))
    const bodies: [string, object][] = [
      ['/predict', records],
      ['/batch-predict', records],
      ['/v1/models/model:predict', { instances: records }],
      ['/invocations', { dataframe_records: records }],
    ]
    for (const [path, body] of bodies) {
      const { json, text } = await server.post(path, body)
      assert.equal(json.predictions, expected, `${path} ${text}`)
    }
  }
})

test('batch-predict answers each record as alone, also by a graph that mixes rows', async () => {
  const outputs = [{ name: 'y', datatype: FLOAT, shape: ['batch', 2] }]
  const graph: OnnxGraph = {
    inputs: [table('x')],
    outputs: [table('y')],
    nodes: [
      { operator: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'scale', 'zero'] },
      { operator: 'DequantizeLinear', inputs: ['q', 'scale', 'zero'], outputs: ['y'] },
    ],
  }
  const server = await testServer(bootConfiguration({ model: await version(graph, { inputs: [input], outputs }) }))
  const records = [{ a: 0.3, b: 0.7 }, { a: 1e6, b: -1e6 }, { a: 'x' }, { a: 0.1, b: 0.2 }]
  const alone = await Promise.all(
    records.map(async (one) => (await server.post('/predict', one)).json.prediction ?? null),
  )
  const { json } = await server.post('/batch-predict', records)
  assert.equal(json.predictions, alone)
  assert.is(json.rejected, 1)
})

test('a model without inputs answers in V2, V1, MLflow and gRPC, and says that it takes no rows', async () => {
  const constant = await servedVersion('1.0.0', 'constant.onnx', INTERFACES.constant)
  const server = await testServer(bootConfiguration({ constant }), { grpcPort: 0 })
  const { json } = await server.post('/v2/models/constant/infer', { inputs: [] })
  assert.equal(json.outputs, [{ name: 'y', datatype: 'FP32', shape: [2], data: [0.5, 'Infinity'] }])
  const values = [0.5, 'Infinity']
  assert.equal((await server.post('/v1/models/constant:predict', { inputs: {} })).json, { predictions: values })
  assert.equal((await server.post('/invocations', { inputs: {} })).json, { predictions: { y: values } })
  const { fields } = await grpcClient(server.grpcAddress).call(`${INFERENCE}/ModelInfer`, inferRequest('constant', []))
  assert.equal(
    [...new Float32Array(Uint8Array.from(fields[6]?.[0] as Uint8Array).buffer)],
    [0.5, Number.POSITIVE_INFINITY],
  )
  for (const body of [{ instances: [{}] }, { instances: [{}, {}] }, { instances: [] }, { inputs: [] }]) {
    for (const path of ['/v1/models/constant:predict', '/invocations']) {
      const refused = await server.post(path, body)
      assert.is(refused.status, 400, `${path} ${refused.text}`)
      assert.match(refused.json.error, 'this model has no inputs')
    }
  }
})

test.run()
