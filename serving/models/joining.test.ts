import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface, ServedVersion } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import { type OnnxGraph, onnxModel } from '../testing/onnx-model.ts'
import { bootConfiguration, cleanUp, referenceTo, scratch, servedVersion, testServer } from '../testing/server.ts'
import { createProofs } from './index.ts'

test.after.each(cleanUp)

const table = (name: string) => ({ name, type: 'float32' as const, shape: ['batch', 2] })
const series = (name: string) => ({ name, type: 'float32' as const, shape: ['time', 'batch', 2] })

/** A running sum over steps of time, as an export of a network that reads series may have it. */
const RUNNING_SUM: OnnxGraph = {
  inputs: [series('x')],
  outputs: [series('y')],
  initializers: { axis: { type: 'int64', shape: [], values: [0] } },
  nodes: [{ operator: 'CumSum', inputs: ['x', 'axis'], outputs: ['y'] }],
}

/** What `quantize_dynamic` makes of a dense layer: the scale comes from all rows of the call. */
const QUANTIZED: OnnxGraph = {
  inputs: [table('x')],
  outputs: [table('y')],
  nodes: [
    { operator: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'scale', 'zero'] },
    { operator: 'DequantizeLinear', inputs: ['q', 'scale', 'zero'], outputs: ['y'] },
  ],
}

/** A call of 32 rows takes 262 MB and many times as long as one of a single row, which takes 8 kB: the rows are counted and cubed. */
const CUBE_OF_ROWS: OnnxGraph = {
  inputs: [table('x')],
  outputs: [table('y')],
  initializers: {
    zero: { type: 'int64', shape: [1], values: [0] },
    one: { type: 'int64', shape: [1], values: [1] },
    width: { type: 'int64', shape: [1], values: [2000] },
  },
  nodes: [
    { operator: 'Shape', inputs: ['x'], outputs: ['shape'] },
    { operator: 'Slice', inputs: ['shape', 'zero', 'one'], outputs: ['rows'] },
    { operator: 'Concat', inputs: ['rows', 'rows', 'rows', 'width'], outputs: ['cube'], attributes: { axis: 0 } },
    { operator: 'ConstantOfShape', inputs: ['cube'], outputs: ['zeros'] },
    { operator: 'ReduceSum', inputs: ['zeros'], outputs: ['sum'], attributes: { keepdims: 0 } },
    { operator: 'Add', inputs: ['x', 'sum'], outputs: ['y'] },
  ],
}

async function version({ inputs, outputs, ...rest }: OnnxGraph): Promise<ServedVersion> {
  const path = join(scratch(), 'model.onnx')
  writeFileSync(path, onnxModel({ inputs, outputs, ...rest }))
  const tensors = (values: OnnxGraph['inputs']) =>
    values.map(({ name, shape }) => ({ name, datatype: 'float32' as const, shape }))
  const modelInterface: ModelInterface = { inputs: tensors(inputs), outputs: tensors(outputs) }
  const artifact = { ...(await referenceTo(path)), externalData: [] }
  return { name: '1.0.0', artifact, interface: modelInterface, batching: { maxSize: 32, maxDelayMs: 0 }, strict: false }
}

test('requests to graphs that mix rows get their lone answers, and the server says which operator does', async () => {
  const { logger, lines } = logLines()
  const models = {
    sums: await version(RUNNING_SUM),
    quantized: await version(QUANTIZED),
    diabetes: await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes),
  }
  const { get, post } = await testServer(bootConfiguration(models), { logger })
  const ask = async (model: string, shape: number[], data: number[]): Promise<number[]> => {
    const { json } = await post(`/v2/models/${model}/infer`, { inputs: [{ name: 'x', datatype: 'FP32', shape, data }] })
    return json.outputs[0].data
  }

  // More steps than a batch has rows, several callers at a time.
  const sums = await Promise.all(Array.from({ length: 8 }, () => ask('sums', [40, 1, 2], new Array(80).fill(1))))
  for (const sum of sums) assert.equal(sum.slice(-2), [40, 40])

  const alone = await ask('quantized', [1, 2], [0.25, 0.75])
  const [outlier, ...others] = await Promise.all([
    ask('quantized', [1, 2], [1e6, -1e6]),
    ...Array.from({ length: 8 }, () => ask('quantized', [1, 2], [0.25, 0.75])),
  ])
  assert.ok(Math.abs(outlier?.[0] ?? 0) > 1e5)
  for (const other of others) assert.equal(other, alone)

  const batching = async (model: string) => (await get(`/models/${model}`)).json.stable.batching
  assert.equal(await batching('sums'), { joined: false, reason: 'x has its rows on axis 1' })
  const why = 'takes its scale from the smallest and largest value of all rows'
  const reason = `ai.onnx.DynamicQuantizeLinear (node q) ${why}`
  assert.equal(await batching('quantized'), { joined: false, reason })
  assert.equal(await batching('diabetes'), { joined: true })
  const logged = lines.filter(({ msg }) => msg === 'requests to this version do not share calls')
  assert.equal(logged.map((line) => [line.model, line.obstacle, line.reason]).sort(), [
    ['quantized', 'operator', reason],
    ['sums', 'interface', 'x has its rows on axis 1'],
  ])
})

test('a version whose requests do not share calls is not judged by a full batch, which nobody runs', async () => {
  const { logger, lines } = logLines()
  const proofs = createProofs(scratch(), { memoryBytes: 192 * 2 ** 20 })
  await testServer(bootConfiguration({ cube: await version(CUBE_OF_ROWS) }), { logger, proofs })
  const loaded = lines.find(({ msg }) => msg === 'version loaded')
  assert.is(loaded?.runsIn, 'event-loop', JSON.stringify(lines))
})

test.run()
