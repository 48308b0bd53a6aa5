import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dimension, ModelInterface } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { createPredictionWriter, decodeOutputs } from './decode-outputs.ts'
import type { Tensor, Tensors } from './tensor.ts'

/** What both ways give: as objects, and as the JSON text of the same objects, to the letter. */
function predictionsOf(modelInterface: ModelInterface, outputs: Tensors, rows: number) {
  const predictions = decodeOutputs(modelInterface, outputs, rows)
  assert.equal(
    createPredictionWriter(modelInterface)(outputs, rows),
    predictions.map((prediction) => JSON.stringify(prediction)),
  )
  return predictions
}

function decode(tensor: Tensor, rows: number, shape: Dimension[] = tensor.shape) {
  const outputs = [{ name: 'y', datatype: tensor.datatype, shape }]
  return predictionsOf({ inputs: [], outputs }, { y: tensor }, rows).map(({ y }) => y)
}

test('labels become an object, a declared width of one a scalar', () => {
  const predictions = predictionsOf(
    INTERFACES.iris,
    {
      label: { datatype: 'int64', shape: [2], data: BigInt64Array.of(2n, 0n) },
      probabilities: { datatype: 'float32', shape: [2, 3], data: Float32Array.of(0, 0.5, 0.5, 1, 0, 0) },
    },
    2,
  )
  assert.equal(predictions, [
    { label: 2, probabilities: { setosa: 0, versicolor: 0.5, virginica: 0.5 } },
    { label: 0, probabilities: { setosa: 1, versicolor: 0, virginica: 0 } },
  ])
})

test('a free width that happens to be one stays a list', () => {
  const tensor: Tensor = { datatype: 'float32', shape: [1, 1], data: Float32Array.of(4) }
  assert.equal(decode(tensor, 1, ['batch', 'n']), [[4]])
  assert.equal(decode(tensor, 1, ['batch', 1]), [4])
})

test('deeper tensors nest', () => {
  const data = Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  assert.equal(decode({ datatype: 'int32', shape: [2, 2, 2], data }, 2), [
    [
      [1, 2],
      [3, 4],
    ],
    [
      [5, 6],
      [7, 8],
    ],
  ])
})

test('NaN is null, an infinity a text, and an int64 beyond 2^53 keeps its digits as a string', () => {
  const numbers = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5)
  assert.equal(decode({ datatype: 'float32', shape: [4], data: numbers }, 4), [null, 'Infinity', '-Infinity', 1.5])
  const big = BigInt64Array.of(2n ** 62n, -3n)
  assert.equal(decode({ datatype: 'int64', shape: [2], data: big }, 2), ['4611686018427387904', -3])
})

test('names and strings are escaped, and an output that was not asked for is not there', () => {
  const outputs = [
    { name: 'a "quoted" name', datatype: 'string' as const, shape: ['batch'] },
    { name: 'absent', datatype: 'float32' as const, shape: ['batch'] },
    { name: 'zero', datatype: 'float32' as const, shape: ['batch'] },
  ]
  const tensors: Tensors = {
    'a "quoted" name': { datatype: 'string', shape: [1], data: ['\u2028 "\n'] },
    zero: { datatype: 'float32', shape: [1], data: Float32Array.of(-0) },
  }
  assert.equal(Object.keys(predictionsOf({ inputs: [], outputs }, tensors, 1)[0] ?? {}), ['a "quoted" name', 'zero'])
})

test('half floats, booleans and strings are themselves', () => {
  assert.equal(decode({ datatype: 'float16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) }, 2), [1, -2])
  assert.equal(decode({ datatype: 'bool', shape: [2], data: Uint8Array.of(1, 0) }, 2), [true, false])
  assert.equal(decode({ datatype: 'string', shape: [1], data: ['a'] }, 1), ['a'])
})

test('an output that is not one row a record is given to each', () => {
  assert.equal(decode({ datatype: 'float32', shape: [], data: Float32Array.of(3) }, 2, []), [3, 3])
})

test.run()
