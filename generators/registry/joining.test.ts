import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type OnnxNode, onnxModel } from '../../serving/testing/onnx-model.ts'
import { Failure } from '../findings/index.ts'
import { loadRepository } from '../repository/index.ts'
import { withExample } from '../testing/example-repository.ts'
import { planRegistration } from './register.ts'

const test = suite('register and joined requests')

const MODEL = 'models/table/model.ts'

/** A model of a table with two columns, registered without golden samples. */
async function registering(
  work: (
    register: (model: Uint8Array) => ReturnType<typeof planRegistration>,
    lineOf: (text: string) => number,
  ) => Promise<void>,
  batching = '',
): Promise<void> {
  await withExample(async (example) => {
    example.write(
      MODEL,
      `import { defineModel, tensor } from 'modelyard'
export default defineModel({
  name: 'table',
  owner: 'somebody',
  inputs: { x: tensor('float32', ['batch', 2]) },
  outputs: { y: tensor('float32', ['batch', 2]) },
  serving: {
    ${batching}
  },
})
`,
    )
    example.write('training/metrics.json', JSON.stringify({ dataset: { name: 'none' }, metrics: { mae: 1 } }))
    example.write('training/lineage.json', JSON.stringify({ note: 'made by hand' }))
    const at = (name: string) => join(example.root, 'training', name)
    const register = async (model: Uint8Array) => {
      writeFileSync(at('model.onnx'), model)
      const repository = await loadRepository(example.root)
      const files = { onnx: at('model.onnx'), metrics: at('metrics.json'), lineage: at('lineage.json') }
      return planRegistration(repository, { model: 'table', version: '1.0.0', ...files })
    }
    await work(register, (text) => example.lineOf(MODEL, text))
  })
}

function table(...nodes: OnnxNode[]): Uint8Array {
  const value = (name: string) => ({ name, type: 'float32' as const, shape: ['batch', 2] })
  return onnxModel({ inputs: [value('x')], outputs: [value('y')], nodes })
}

const node = (operator: string, inputs: string[], outputs: string[], more: Partial<OnnxNode> = {}): OnnxNode => ({
  operator,
  inputs,
  outputs,
  ...more,
})

const QUANTIZED = table(
  node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero']),
  node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
)

test('a graph that mixes rows is registered with the name of the operator and what it costs', async () => {
  await registering(async (register) => {
    const { findings, joining, outcome } = await register(QUANTIZED)
    assert.is(outcome?.kind, 'new')
    assert.is(joining?.joined, false)
    const finding = findings.find(({ rule }) => rule === 'requests-not-joined')
    assert.is(finding?.severity, 'warning')
    assert.match(
      finding?.message ?? '',
      /^requests do not share calls: ai\.onnx\.DynamicQuantizeLinear \(node q\) takes its scale .*; 32 waiting requests take 32 calls of [\d.]+ ms instead of one of [\d.]+ ms/,
    )
    assert.match(finding?.fix ?? '', 'quantize_static')
    const rowWise = await register(table(node('Relu', ['x'], ['y'])))
    assert.equal(rowWise.joining, { joined: true })
    assert.not.ok(rowWise.findings.some(({ rule }) => rule === 'requests-not-joined'))
  })
})

test('batching that model.ts configures has no effect without the proof, and register says so at its line', async () => {
  await registering(async (register, lineOf) => {
    const { findings, joining } = await register(QUANTIZED)
    assert.is(joining?.joined, false)
    const finding = findings.find(({ rule }) => rule === 'requests-not-joined')
    assert.equal([finding?.file, finding?.line], [MODEL, lineOf('batching:')])
    assert.match(finding?.message ?? '', /; 8 waiting requests .*; serving\.batching of model\.ts has no effect$/)
  }, "batching: { maxSize: 8, maxDelay: '1ms' },")
})

test('what ONNX Runtime does not open is refused without golden samples too', async () => {
  await registering(async (register) => {
    const newer = table(node('Relu', ['x'], ['y']))
    // The first field is the IR version.
    newer[1] = 99
    for (const model of [newer, table(node('MyOp', ['x'], ['y'], { domain: 'acme.ops' }))]) {
      const error = await register(model).catch((reason: unknown) => reason)
      assert.instance(error, Failure)
      assert.match((error as Failure).message, 'ONNX Runtime')
    }
  })
})

test.run()
