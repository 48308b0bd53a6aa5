import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, SILERO } from '../testing/fixtures.ts'
import { readModel } from './read-model.ts'
import { isUnsafePath, unsupportedBy } from './unsupported.ts'

async function problemsOf(path: string) {
  return unsupportedBy(await readModel(path))
}

test('models that the binding can serve have no problem', async () => {
  for (const file of ['diabetes.onnx', 'house.onnx', 'iris.onnx', 'types.onnx', 'external.onnx', 'branches.onnx']) {
    assert.equal(await problemsOf(fixture(file)), [], file)
  }
  assert.equal(await problemsOf(SILERO), [])
})

test('a ZipMap output is refused with the export option that mends it', async () => {
  const [problem, ...others] = await problemsOf(fixture('zipmap.onnx'))
  assert.equal(others, [])
  assert.is(problem?.path, 'outputs[1]')
  assert.match(problem?.repair ?? '', 'options={id(model): {"zipmap": False}}')
})

test('int4 and bfloat16 outputs are refused by type', async () => {
  for (const type of ['int4', 'bfloat16']) {
    const [problem] = await problemsOf(fixture(`${type}.onnx`))
    assert.is(problem?.path, 'outputs[0].datatype')
    assert.match(problem?.message ?? '', `a tensor of ${type}`)
  }
})

test('an optional input is refused', async () => {
  const [problem] = await problemsOf(fixture('optional.onnx'))
  assert.is(problem?.path, 'inputs[0]')
  assert.match(problem?.message ?? '', 'optional(float32)')
})

test('external data outside the directory of the model is refused', async () => {
  const [problem] = await problemsOf(fixture('external-escaping.onnx'))
  assert.is(problem?.path, 'externalData')
})

test('absolute paths, drive letters and parents are unsafe; plain relative paths are not', () => {
  for (const path of ['', '/etc/passwd', 'C:\\weights', '\\\\host\\share', '../w.bin', 'a/../../w.bin', 'a\0b']) {
    assert.ok(isUnsafePath(path), JSON.stringify(path))
  }
  for (const path of ['w.bin', 'weights/w.bin', 'model.onnx.data', '..weights']) {
    assert.not.ok(isUnsafePath(path), path)
  }
})

test.run()
