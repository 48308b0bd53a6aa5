import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Tensors } from '../session/index.ts'
import { agree } from './mirror.ts'

const floats = (...values: number[]): Tensors => ({
  y: { datatype: 'float32', shape: [values.length], data: Float32Array.from(values) },
})
const label = (value: bigint): Tensors => ({
  label: { datatype: 'int64', shape: [1], data: BigInt64Array.of(value) },
})

test('numbers within one percent agree, labels only when equal', () => {
  assert.ok(agree(floats(100, 0), floats(100.9, 0)))
  assert.not.ok(agree(floats(100), floats(102)))
  assert.ok(agree(label(3n), label(3n)))
  assert.not.ok(agree(label(1000n), label(1001n)))
})

test('NaN agrees with NaN and with nothing else', () => {
  assert.ok(agree(floats(Number.NaN), floats(Number.NaN)))
  assert.not.ok(agree(floats(Number.NaN), floats(1)))
})

test('an output that is absent or of another size does not agree', () => {
  assert.not.ok(agree(floats(1), label(1n)))
  assert.not.ok(agree(floats(1), floats(1, 1)))
})

test.run()
