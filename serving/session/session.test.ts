import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DATATYPES, type ModelInterface } from '../contract/index.ts'
import { fixture, goldenSamples, INTERFACES, SILERO } from '../testing/fixtures.ts'
import { checkGoldenSamples } from './golden-samples.ts'
import { ModelError } from './model-error.ts'
import { createSession } from './runtime.ts'
import { createData, type Tensor, type Tensors } from './tensor.ts'
import { tensorFromJson } from './tensor-from-json.ts'

async function refusal(file: string, modelInterface: ModelInterface): Promise<ModelError> {
  const error = await createSession(fixture(file), modelInterface).catch((reason: unknown) => reason)
  assert.instance(error, ModelError)
  return error as ModelError
}

for (const name of ['diabetes', 'diabetes-candidate', 'house', 'iris']) {
  test(`${name} predicts what scikit-learn computed for its golden samples`, async () => {
    const modelInterface = INTERFACES[name.replace('-candidate', '') as 'diabetes']
    const session = await createSession(fixture(`${name}.onnx`), modelInterface)
    const result = await checkGoldenSamples(session, modelInterface, goldenSamples(name))
    assert.equal(result.failed, [])
    assert.is(result.samples, goldenSamples(name).samples.length)
    assert.ok(result.maxRelativeError < 1e-4)
    await session.release()
  })
}

test('a golden sample that promises something else fails with what was got', async () => {
  const golden = goldenSamples('diabetes')
  const [first, second] = golden.samples
  if (first) first.outputs.progression = [0]
  if (second) second.features = { age: 1 }
  const session = await createSession(fixture('diabetes.onnx'), INTERFACES.diabetes)
  const { passed, failed } = await checkGoldenSamples(session, INTERFACES.diabetes, golden)
  assert.is(passed, false)
  assert.equal(
    failed.map(({ id, output, index, expected }) => ({ id, output, index, expected })),
    [
      { id: 'row-0', output: 'progression', index: 0, expected: 0 },
      { id: 'row-1', output: '', index: -1, expected: null },
    ],
  )
  assert.type(failed[0]?.got, 'number')
  assert.match(failed[1]?.message ?? '', 'sex is required')
  await session.release()
})

test('a golden sample of the wrong length, or of an output that is not there, fails', async () => {
  const golden = goldenSamples('iris')
  golden.samples = golden.samples.slice(0, 1)
  const [sample] = golden.samples
  if (sample) sample.outputs = { label: [0, 1], score: [1] }
  const session = await createSession(fixture('iris.onnx'), INTERFACES.iris)
  const { failed } = await checkGoldenSamples(session, INTERFACES.iris, golden)
  assert.equal(
    failed.map(({ output, index }) => [output, index]),
    [
      ['label', -1],
      ['score', -1],
    ],
  )
  await session.release()
})

test('every datatype goes in and comes out unchanged', async () => {
  const session = await createSession(fixture('types.onnx'), INTERFACES.types)
  const feeds: Tensors = {}
  for (const datatype of DATATYPES) {
    const tensor: Tensor = { datatype, shape: [1, 2], data: createData(datatype, 2) }
    const values =
      datatype === 'string' ? ['', 'é'] : datatype.endsWith('64') && datatype !== 'float64' ? [1n, 0n] : [1, 0]
    values.forEach((value, index) => {
      tensor.data[index] = value
    })
    feeds[`in_${datatype}`] = tensor
  }
  const outputs = await session.run(feeds)
  for (const datatype of DATATYPES) assert.equal(outputs[`out_${datatype}`], feeds[`in_${datatype}`], datatype)
  await session.release()
})

test('only the outputs that are asked for are computed', async () => {
  const session = await createSession(fixture('trailing.onnx'), INTERFACES.trailing)
  const x: Tensor = { datatype: 'float32', shape: [1, 3], data: Float32Array.of(1, 2, 3) }
  assert.equal(await session.run({ x }, ['total']), {
    total: { datatype: 'float32', shape: [1, 1], data: Float32Array.of(6) },
  })
  await session.release()
})

test('a network with state and a scalar runs, and its golden tensors are checked', async () => {
  const session = await createSession(SILERO, INTERFACES.silero)
  const tensors = {
    input: { shape: [1, 512], data: new Array<number>(512).fill(0) },
    state: { shape: [2, 1, 128], data: new Array<number>(256).fill(0) },
    sr: { shape: [], data: [16000] },
  }
  const feeds: Tensors = {}
  for (const input of INTERFACES.silero.inputs) {
    const { shape, data } = tensors[input.name as keyof typeof tensors]
    const parsed = tensorFromJson(input, shape, data, input.name)
    if (parsed.ok) feeds[input.name] = parsed.tensor
  }
  const { output } = await session.run(feeds, ['output'])
  const speech = output?.data[0] as number
  assert.ok(speech > 0 && speech < 0.5, 'silence is not speech')
  const golden = {
    source: 'this test',
    tolerance: { relative: 1e-4, absolute: 1e-6 },
    samples: [{ id: 'silence', tensors, outputs: { output: [speech] } }],
  }
  assert.ok((await checkGoldenSamples(session, INTERFACES.silero, golden)).passed)
  await session.release()
})

test('ZipMap and int4 models are refused before ONNX Runtime sees them', async () => {
  assert.is((await refusal('zipmap.onnx', INTERFACES.zipmap)).code, 'model-unsupported')
  const error = await refusal('int4.onnx', INTERFACES.int4)
  assert.is(error.code, 'model-unsupported')
  assert.is(error.problems[0]?.path, 'outputs[0].datatype')
})

test('an interface that differs from the graph is refused with every difference', async () => {
  const error = await refusal('house.onnx', INTERFACES.diabetes)
  assert.is(error.code, 'model-interface-differs')
  assert.ok(error.problems.length >= 4)
})

test('what ONNX Runtime refuses says so', async () => {
  const error = await refusal('external.onnx', INTERFACES.external)
  assert.is(error.code, 'model-refused', 'its external data is not beside it')
})

test.run()
