import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toFloat16 } from '../../session/index.ts'
import { writeNested } from './write-nested.ts'

test('writeNested gives NaN as null and infinities as texts, of each float type', () => {
  const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5]
  const expected = '[[null,"Infinity"],["-Infinity",1.5]]'
  assert.is(writeNested({ datatype: 'float32', shape: [2, 2], data: Float32Array.from(numbers) }), expected)
  assert.is(writeNested({ datatype: 'float64', shape: [2, 2], data: Float64Array.from(numbers) }), expected)
  assert.is(writeNested({ datatype: 'float16', shape: [2, 2], data: Uint16Array.from(numbers, toFloat16) }), expected)
})

test.run()
