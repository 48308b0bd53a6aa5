import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, ModelInterface, ServedVersion } from '../contract/index.ts'
import { compareInterface } from '../session/index.ts'
import {
  bytesAt,
  closeGrpcClients,
  fieldsOf,
  grpcClient,
  INFERENCE,
  inferRequest,
  textAt,
} from '../testing/grpc-client.ts'
import { onnxModel } from '../testing/onnx-model.ts'
import { bootConfiguration, cleanUp, referenceTo, scratch, servedVersion, testServer } from '../testing/server.ts'

test.after.each(async () => {
  closeGrpcClients()
  await cleanUp()
})

/** Names that break what was not thought of. */
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '0',
  '-1',
  'length',
  ' ',
  ' padded ',
  'a,b',
  'a"b',
  "a'b",
  'a\nb',
  'a\rb',
  'a.b',
  'a[0]',
  '\ufeffx',
  'x\ufeff',
  'x\u0000y',
  '\ud800',
  '\u{1f989}',
  '\u202eb',
  'instances',
  'NaN',
  'x'.repeat(300),
]

function named(name: string): ModelInterface {
  const column: Column = { name, kind: 'number' }
  return {
    inputs: [{ name: 'features', datatype: 'float32', shape: ['batch', 4], columns: [column, ...rest] }],
    outputs: [
      { name: 'label', datatype: 'int64', shape: ['batch'] },
      { name: 'probabilities', datatype: 'float32', shape: ['batch', 3] },
    ],
  }
}

const rest: Column[] = ['b', 'c', 'd'].map((name) => ({ name, kind: 'number' }))

test('every name that registers can be asked for in every protocol, and no other does', async () => {
  const refused: string[] = []
  for (const name of NAMES) {
    const modelInterface = named(name)
    const { inputs, outputs } = modelInterface
    const facts = {
      inputs: inputs.map((input) => ({
        name: input.name,
        kind: 'tensor' as const,
        type: input.datatype,
        shape: [null, 4],
      })),
      outputs: outputs.map((output) => ({
        name: output.name,
        kind: 'tensor' as const,
        type: output.datatype,
        shape: null,
      })),
    }
    if (compareInterface(modelInterface, facts).length > 0) {
      refused.push(name)
      continue
    }
    const server = await testServer(
      bootConfiguration({ iris: await servedVersion('1.0.0', 'iris.onnx', modelInterface) }),
    )
    const record = JSON.stringify(Object.fromEntries([name, 'b', 'c', 'd'].map((key, at) => [key, at + 1])))
    const header = `"${name.replaceAll('"', '""')}",b,c,d`
    const bodies: [string, string, string?][] = [
      ['/predict', record],
      ['/batch-predict', `[${record}]`],
      ['/v1/models/iris:predict', `{"instances":[${record}]}`],
      ['/invocations', `{"dataframe_records":[${record}]}`],
      ['/invocations', JSON.stringify({ dataframe_split: { columns: [name, 'b', 'c', 'd'], data: [[1, 2, 3, 4]] } })],
      ['/invocations', JSON.stringify({ inputs: Object.fromEntries([name, 'b', 'c', 'd'].map((key) => [key, [1]])) })],
      ['/invocations', `${header}\n1,2,3,4\n`, 'text/csv'],
    ]
    for (const [path, body, type = 'application/json'] of bodies) {
      const { status, text } = await server.post(path, body, { 'content-type': type })
      assert.is(status, 200, `${JSON.stringify(name)} ${path} ${text}`)
    }
    const { json } = await server.get('/openapi.json')
    assert.ok(Object.hasOwn(json.components.schemas['iris-record'].properties, name), JSON.stringify(name))
    await cleanUp()
  }
  assert.equal(refused, ['__proto__', '\ufeffx', 'x\u0000y', '\ud800'])
})

test('every tensor name that registers can be asked for in V2, V1, MLflow and gRPC, and no other does', async () => {
  const refused: string[] = []
  const models: Record<string, ServedVersion> = {}
  const nameOf: Record<string, string> = {}
  const directory = scratch()
  for (const [index, name] of NAMES.entries()) {
    const tensor = { name, datatype: 'float32' as const, shape: ['batch', 1] }
    const modelInterface: ModelInterface = { inputs: [tensor], outputs: [{ ...tensor, name: `${name}!` }] }
    const value = { kind: 'tensor' as const, type: 'float32', shape: [null, 1] }
    const facts = { inputs: [{ ...value, name }], outputs: [{ ...value, name: `${name}!` }] }
    if (compareInterface(modelInterface, facts).length > 0) {
      refused.push(name)
      continue
    }
    const path = join(directory, `${index}.onnx`)
    const graph = (side: string) => [{ name: side, type: 'float32' as const, shape: ['batch', 1] }]
    const nodes = [{ operator: 'Neg', inputs: [name], outputs: [`${name}!`] }]
    writeFileSync(path, onnxModel({ inputs: graph(name), outputs: graph(`${name}!`), nodes }))
    const served = await servedVersion('1.0.0', 'iris.onnx', modelInterface)
    models[`model-${index}`] = { ...served, artifact: { ...(await referenceTo(path)), externalData: [] } }
    nameOf[`model-${index}`] = name
  }
  const server = await testServer(bootConfiguration(models), { grpcPort: 0 })
  const { call } = grpcClient(server.grpcAddress)
  for (const [model, name] of Object.entries(nameOf)) {
    const shown = JSON.stringify(name)

    const input = { name, datatype: 'FP32', shape: [1, 1] }
    const outputs = [{ name: `${name}!` }]
    const infer = await server.post(`/v2/models/${model}/infer`, { inputs: [{ ...input, data: [2] }], outputs })
    assert.equal(infer.json?.outputs?.[0], { ...input, name: `${name}!`, data: [-2] }, `${shown} ${infer.text}`)
    const raw = Uint8Array.from(new Uint8Array(Float32Array.of(2).buffer))
    const head = JSON.stringify({
      inputs: [{ ...input, parameters: { binary_data_size: 4 } }],
      outputs: [{ ...outputs[0], parameters: { binary_data: false } }],
    })
    const length = { 'inference-header-content-length': String(Buffer.byteLength(head)) }
    const binary = await server.post(`/v2/models/${model}/infer`, Buffer.concat([Buffer.from(head), raw]), length)
    assert.equal(binary.json?.outputs?.[0]?.data, [-2], `${shown} ${binary.text}`)
    const metadata = (await server.get(`/v2/models/${model}`)).json
    assert.equal([metadata.inputs[0].name, metadata.outputs[0].name], [name, `${name}!`])
    for (const [route, expected] of [
      [`/v1/models/${model}:predict`, [[-2]]],
      [`/models/${model}/invocations`, { [`${name}!`]: [[-2]] }],
    ] as const) {
      const { json, text } = await server.post(route, { inputs: { [name]: [[2]] } })
      assert.equal(json.predictions, expected, `${shown} ${text}`)
    }
    const { fields } = await call(
      `${INFERENCE}/ModelInfer`,
      inferRequest(model, [input], { outputs: [`${name}!`], raw: [raw] }),
    )
    assert.equal(new Float32Array(Uint8Array.from(bytesAt(fields, 6)).buffer)[0], -2, shown)
    assert.is(textAt(fieldsOf(bytesAt(fields, 5)), 1), `${name}!`)
  }
  assert.equal(refused, ['__proto__', '\ufeffx', 'x\u0000y', '\ud800'])
})

test.run()
