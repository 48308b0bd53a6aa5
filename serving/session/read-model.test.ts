import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, SILERO } from '../testing/fixtures.ts'
import { cleanUp, scratch } from '../testing/server.ts'
import { ModelError } from './model-error.ts'
import { readModel } from './read-model.ts'

test.after.each(cleanUp)

test('a scikit-learn model says its inputs, outputs, operators and operator sets', async () => {
  const facts = await readModel(fixture('diabetes.onnx'))
  assert.equal(facts.inputs, [{ name: 'features', kind: 'tensor', type: 'float32', shape: [null, 10] }])
  assert.equal(facts.outputs, [{ name: 'progression', kind: 'tensor', type: 'float32', shape: [null, 1] }])
  assert.ok(facts.operators.includes('ai.onnx.ml.TreeEnsembleRegressor'))
  assert.is(facts.opsets['ai.onnx'], 17)
  assert.is(facts.producer.name, 'skl2onnx')
})

test('a real network with three inputs is read, with a scalar and free dimensions', async () => {
  const facts = await readModel(SILERO)
  assert.equal(
    facts.inputs.map(({ name, type, shape }) => ({ name, type, shape })),
    [
      { name: 'input', type: 'float32', shape: [null, null] },
      { name: 'state', type: 'float32', shape: [2, null, 128] },
      { name: 'sr', type: 'int64', shape: [] },
    ],
  )
  assert.ok(facts.operators.includes('ai.onnx.LSTM'), 'operators of subgraphs count too')
})

test('operators of both branches of an If are found', async () => {
  const { operators } = await readModel(fixture('branches.onnx'))
  assert.equal(operators, ['ai.onnx.If', 'ai.onnx.Neg', 'ai.onnx.Relu'])
})

test('a ZipMap output is a sequence of maps', async () => {
  const { outputs } = await readModel(fixture('zipmap.onnx'))
  assert.is(outputs[1]?.kind, 'sequence')
  assert.is(outputs[1]?.type, 'sequence(map(int64, float32))')
})

test('locations of external data are found without reading the data', async () => {
  assert.equal((await readModel(fixture('external.onnx'))).externalData, ['weights/w.bin'])
})

test('a file cut at any byte is refused or read as what is left, and never crashes', async () => {
  const directory = scratch()
  const whole = readFileSync(fixture('branches.onnx'))
  const cut = join(directory, 'cut.onnx')
  for (let length = 0; length < whole.length; length += 3) {
    writeFileSync(cut, whole.subarray(0, length))
    try {
      await readModel(cut)
    } catch (error) {
      assert.instance(error, ModelError)
      assert.is((error as ModelError).code, 'model-unreadable')
    }
  }
})

test('a model cut in the middle of its graph says that it is not whole', async () => {
  const directory = scratch()
  const cut = join(directory, 'cut.onnx')
  writeFileSync(cut, readFileSync(fixture('diabetes.onnx')).subarray(0, 900))
  const error = await readModel(cut).catch((reason: unknown) => reason)
  assert.instance(error, ModelError)
  assert.match((error as ModelError).message, /not a whole ONNX file/)
})

test('bytes flipped at random never crash or hang', async () => {
  const directory = scratch()
  const whole = readFileSync(fixture('types.onnx'))
  const path = join(directory, 'damaged.onnx')
  let seed = 7
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let round = 0; round < 300; round++) {
    const damaged = Buffer.from(whole)
    for (let flip = 0; flip < 4; flip++) damaged[Math.floor(random() * whole.length)] = Math.floor(random() * 256)
    writeFileSync(path, damaged)
    const facts = await readModel(path).catch((error: unknown) => error)
    assert.ok(facts instanceof ModelError || typeof facts === 'object')
  }
})

test('graphs nested without end are refused before the stack is', async () => {
  const directory = scratch()
  const path = join(directory, 'deep.onnx')
  // node { attribute { g { node { ... } } } }, from the inside out
  let graph: Buffer = Buffer.alloc(0)
  for (let depth = 0; depth < 2000; depth++) graph = wrap(1, wrap(5, wrap(6, graph)))
  writeFileSync(path, wrap(7, graph))
  const error = await readModel(path).catch((reason: unknown) => reason)
  assert.match((error as ModelError).message, /nested deeper than 64/)
})

test('a file that is not there, and one that is no model, say so', async () => {
  for (const path of ['/nowhere/model.onnx', fixture('make_fixtures.py'), fixture('external-weights.bin')]) {
    const error = await readModel(path).catch((reason: unknown) => reason)
    assert.instance(error, ModelError)
    assert.is((error as ModelError).code, 'model-unreadable')
  }
})

/** A length-delimited protobuf field. */
function wrap(field: number, content: Buffer): Buffer {
  const length: number[] = []
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 128) {
      length.push(rest)
      break
    }
    length.push((rest & 127) | 128)
  }
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), content])
}

test.run()
