import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromFloat16, toFloat16 } from './float16.ts'

test('every half-precision number survives the way there and back', () => {
  for (let half = 0; half < 65536; half++) {
    const value = fromFloat16(half)
    if (Number.isNaN(value)) assert.ok(Number.isNaN(fromFloat16(toFloat16(value))))
    else if (toFloat16(value) !== half) assert.unreachable(`${half} became ${toFloat16(value)}`)
  }
})

test('values in between round to the nearest, ties to even', () => {
  assert.is(toFloat16(1 + 2 ** -11), 0x3c00)
  assert.is(toFloat16(1 + 3 * 2 ** -11), 0x3c02)
  assert.is(toFloat16(1 + 2 ** -11 + 2 ** -40), 0x3c01, 'no double rounding')
  assert.is(toFloat16(2 ** -25), 0)
  assert.is(toFloat16(1.5 * 2 ** -24), 2)
  assert.is(toFloat16(2047.9999), 0x6800)
})

test('beyond the largest is infinity', () => {
  assert.is(toFloat16(65519), 0x7bff)
  assert.is(toFloat16(65520), 0x7c00)
  assert.is(toFloat16(-1e9), 0xfc00)
})

test.run()
