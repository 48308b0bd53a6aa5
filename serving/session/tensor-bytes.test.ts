import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DATATYPES, type InputTensor } from '../contract/index.ts'
import { toFloat16 } from './float16.ts'
import { createData, type Tensor } from './tensor.ts'
import { tensorFromBytes, tensorToBytes } from './tensor-bytes.ts'

const input = (datatype: InputTensor['datatype'], more: Partial<InputTensor> = {}): InputTensor => ({
  name: 'x',
  datatype,
  shape: ['batch', 2],
  ...more,
})

function message(result: ReturnType<typeof tensorFromBytes>): string {
  return result.ok ? '' : result.problems.map(({ path, message }) => `${path} ${message}`).join('; ')
}

test('every datatype comes back from its bytes, at any offset of a body', () => {
  for (const datatype of DATATYPES) {
    const data = createData(datatype, 4)
    const values: unknown[] =
      datatype === 'string'
        ? ['', 'naïve', '\ufeffmark', 'line\n']
        : datatype.endsWith('64') && datatype !== 'float64'
          ? [1n, 0n, 5n, 2n ** 63n - 1n]
          : [1, 0, 1, 1]
    values.forEach((value, index) => {
      data[index] = value as number
    })
    const tensor: Tensor = { datatype, shape: [2, 2], data }
    const bytes = tensorToBytes(tensor)
    for (const offset of [0, 1, 3]) {
      const body = Buffer.concat([Buffer.alloc(offset), bytes])
      assert.equal(tensorFromBytes(input(datatype), [2, 2], body.subarray(offset), 'x'), { ok: true, tensor }, datatype)
    }
  }
})

test('numbers are little-endian, strings have their length before them', () => {
  assert.equal([...tensorToBytes({ datatype: 'int32', data: Int32Array.of(258) })], [2, 1, 0, 0])
  assert.equal([...tensorToBytes({ datatype: 'string', data: ['é', ''] })], [2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0])
})

test('bytes that do not fit the shape are refused', () => {
  const cases: [InputTensor['datatype'], unknown, number[], RegExp][] = [
    ['float32', [1, 2], [0, 0, 0], /^x\.data holds 3 bytes, but the shape \[1, 2\] needs 8/],
    ['float32', [2 ** 20, 2 ** 20], [], /^x\.shape announces/],
    ['float32', 'x', [], /^x\.shape must be a list/],
    ['bool', [1, 2], [0, 2], /has 2 at element 1/],
    ['string', [1, 2], [0, 0, 0, 0], /too few for 2 elements/],
    ['string', [1], [9, 0, 0, 0, 65], /ends in element 0/],
    ['string', [2], [4, 0, 0, 0, 65, 65, 65, 65], /ends in the length of element 1/],
    ['string', [1], [1, 0, 0, 0, 0xff], /element 0 that is not UTF-8/],
    ['string', [1], [3, 0, 0, 0, 65, 0, 66], /element 0 must not hold the character U\+0000/],
    ['string', [1], [0, 0, 0, 0, 1], /has 1 bytes after its last element/],
  ]
  for (const [datatype, shape, bytes, expected] of cases) {
    assert.match(message(tensorFromBytes(input(datatype), shape, Uint8Array.from(bytes), 'x')), expected)
  }
})

test('NaN passes where a column may be missing, infinities in no named feature', () => {
  const columns = [
    { name: 'a', kind: 'number' as const, missing: true },
    { name: 'b', kind: 'number' as const },
  ]
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
  for (const datatype of ['float32', 'float64', 'float16'] as const) {
    const read = (values: number[], more: Partial<InputTensor>) => {
      const data = createData(datatype, 2)
      values.forEach((value, index) => {
        data[index] = datatype === 'float16' ? toFloat16(value) : value
      })
      return message(tensorFromBytes(input(datatype, more), [1, 2], tensorToBytes({ datatype, data }), 'x'))
    }
    assert.is(read([nan, 1], { columns }), '')
    assert.match(read([1, nan], { columns }), /got NaN at element 1/)
    assert.match(read([infinity, 1], { columns }), /got an infinity at element 0/)
    assert.is(read([nan, infinity], {}), '', 'a raw tensor holds what it likes')
  }
})

test.run()
