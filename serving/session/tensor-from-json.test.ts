import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, Datatype, InputTensor } from '../contract/index.ts'
import { INTERFACES } from '../testing/fixtures.ts'
import { checkFeeds } from './check-feeds.ts'
import { encodeRecords } from './encode-records.ts'
import { tensorFromJson, tensorFromNested } from './tensor-from-json.ts'

const x: InputTensor = { name: 'x', datatype: 'float32', shape: ['batch', 2] }

function messages(shape: unknown, data: unknown, input = x): string[] {
  const parsed = tensorFromJson(input, shape, data, 'x')
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`)
}

test('flat and nested data are the same tensor', () => {
  const flat = tensorFromJson(x, [2, 2], [1, 2, 3, 4], 'x')
  const nested = tensorFromJson(
    x,
    [2, 2],
    [
      [1, 2],
      [3, 4],
    ],
    'x',
  )
  assert.equal(flat, nested)
  assert.equal(flat.ok && flat.tensor.data, Float32Array.of(1, 2, 3, 4))
})

test('a scalar may be given bare or in a list', () => {
  const scalar: InputTensor = { name: 'sr', datatype: 'int64', shape: [] }
  assert.equal(tensorFromJson(scalar, [], 16000, 'sr'), tensorFromJson(scalar, [], [16000], 'sr'))
})

test('data that does not fit its shape is refused', () => {
  assert.match(messages([2, 2], [1, 2, 3])[0] ?? '', 'holds 3 elements, but the shape [2, 2] needs 4')
  assert.match(messages([2, 2], [[1, 2, 3], [4]])[0] ?? '', 'has 3 items at depth 1, but the shape says 2')
  assert.match(messages([2, 2], [[1, 2], 3])[0] ?? '', 'nested 2 deep or not at all')
  assert.match(
    messages(
      [2, 2],
      [
        [[1], [2]],
        [3, 4],
      ],
    )[0] ?? '',
    'must be a number, not a list',
  )
  assert.is(messages([2, 2], 'abcd').length, 1)
})

test('shapes must be lists of sizes, and not of absurd ones', () => {
  for (const shape of [undefined, 'x', [1.5], [-1, 2], ['2'], [2 ** 40, 2 ** 40]]) {
    assert.match(messages(shape, [1])[0] ?? '', /^x\.shape/)
  }
  assert.match(messages([0, 2 ** 50], [])[0] ?? '', 'too large for a tensor without elements')
})

test('wrong elements are listed by index', () => {
  assert.equal(messages([1, 2], ['1', 1e39]), [
    'x.data[0] must be a number, not a string',
    'x.data[1] must be finite as a float32, got 1e+39',
  ])
})

test('a text that ONNX Runtime would cut at U+0000 is refused', () => {
  const town = tensorFromJson(INTERFACES.house.inputs[1] as InputTensor, [1, 1], ['nor\0th'], 'town')
  assert.is(town.ok || town.problems[0]?.message, 'must not hold the character U+0000')
  const encoded = encodeRecords(INTERFACES.house, [{ area: 1, town: 'nor\0th' }], { paths: 'record' })
  assert.equal(encoded.ok || encoded.problems, [{ path: 'town', message: 'must not hold the character U+0000' }])
})

test('null is NaN only in a column that may be missing', () => {
  const input = INTERFACES.iris.inputs[0] as InputTensor
  const parsed = tensorFromJson(input, [1, 4], [1, 2, null, 4], 'features')
  assert.is(String(parsed.ok && parsed.tensor.data), '1,2,NaN,4')
  assert.is(messages([1, 4], [null, 2, 3, 4], input).length, 1)
  assert.is(messages([1, 2], [null, 2]).length, 1)
})

test('text is a number where JSON has none: NaN and infinities of floats, digits of 64-bit integers', () => {
  const read = (datatype: Datatype, data: unknown[], columns?: Column[]) => {
    const input: InputTensor = { name: 'x', datatype, shape: ['batch'], ...(columns && { columns }) }
    const parsed = tensorFromJson(input, [data.length], data, 'x')
    return parsed.ok ? [...parsed.tensor.data] : parsed.problems.map(({ message }) => message)
  }
  const words = ['NaN', 'Infinity', '-Infinity']
  assert.equal(read('float32', words), [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
  assert.equal(read('float64', [...words, '10000000000000000']), [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e16,
  ])
  assert.equal(read('float16', words), [0x7e00, 0x7c00, 0xfc00])
  assert.equal(read('int64', ['-9223372036854775808', '9223372036854775807']), [-(2n ** 63n), 2n ** 63n - 1n])
  assert.equal(read('uint64', ['18446744073709551615']), [2n ** 64n - 1n])
  assert.equal(read('string', words), words)
  const refused: [Datatype, string][] = [
    ['float32', 'nan'],
    ['float32', '5'],
    ['int32', '5'],
    ['int64', 'NaN'],
    ['int64', '1.0'],
    ['bool', 'NaN'],
  ]
  for (const [datatype, text] of refused) assert.match(read(datatype, [text])[0] as string, 'not a string', text)
  const outOfRange: [Datatype, string, string][] = [
    ['float16', '10000000000000000', 'must be finite as a float16'],
    ['float32', '9'.repeat(40), 'must be finite as a float32'],
    ['int32', '12345678901234567', 'must be from -2147483648 to 2147483647 (int32)'],
    ['int64', '9223372036854775808', 'must be from -9223372036854775808 to 9223372036854775807 (int64)'],
    ['uint64', '-1', 'must be from 0 to 18446744073709551615 (uint64)'],
  ]
  for (const [datatype, text, range] of outOfRange)
    assert.match(read(datatype, [text])[0] as string, `${range}, got ${text}`)
  const column: Column = { name: 'x', kind: 'number' }
  assert.equal(read('float32', ['NaN'], [{ ...column, missing: true }]), [Number.NaN])
  assert.match(read('float32', ['NaN'], [column])[0] as string, 'not a string')
  assert.match(read('float32', ['-Infinity'], [{ ...column, missing: true }])[0] as string, 'not a string')
})

test('feeds must have the names, datatypes, sizes and free dimensions of the interface', () => {
  const float = (shape: number[]) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1))
    return { datatype: 'float32' as const, shape, data }
  }
  const sr = { datatype: 'int64' as const, shape: [], data: BigInt64Array.of(16000n) }
  const good = { input: float([2, 512]), state: float([2, 2, 128]), sr }
  const paths = (feeds: Parameters<typeof checkFeeds>[1]) =>
    checkFeeds(INTERFACES.silero, feeds).map(({ path }) => path)
  assert.equal(paths(good), [])
  assert.equal(paths({ input: good.input, sr, extra: sr }), ['inputs.state', 'inputs.extra'])
  assert.equal(paths({ ...good, state: float([1, 2, 128]) }), ['inputs.state.shape'])
  assert.equal(paths({ ...good, state: float([2, 3, 128]) }), ['inputs.state.shape'], 'batch is 2 in input')
  assert.equal(paths({ ...good, sr: float([]) }), ['inputs.sr.datatype'])
})

test('zero rows of named features are refused, ONNX Runtime would predict on them', () => {
  const features = { datatype: 'float32' as const, shape: [0, 10], data: new Float32Array(0) }
  assert.is(checkFeeds(INTERFACES.diabetes, { features }).length, 1)
})

test('nesting alone says the shape; a wrong one names the place', () => {
  const rows = [
    [1, 2],
    [3, 4],
  ]
  assert.equal(tensorFromNested(x, rows, 'x'), tensorFromJson(x, [2, 2], rows, 'x'))
  const scalar: InputTensor = { name: 'sr', datatype: 'int64', shape: [] }
  assert.equal(tensorFromNested(scalar, 16000, 'sr'), tensorFromJson(scalar, [], 16000, 'sr'))
  const problemsOf = (value: unknown) => {
    const parsed = tensorFromNested(x, value, 'rows')
    return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`)
  }
  assert.equal(
    problemsOf([
      [1, 'a'],
      [null, 4],
    ]),
    ['rows[0][1] must be a number, not a string', 'rows[1][0] must be a number, not null'],
  )
  assert.equal(problemsOf([[1, 2], [3]]), ['rows is ragged: all lists of one depth must be equally long'])
  assert.equal(problemsOf([1, 2]), ['rows must be nested 2 deep, [batch, 2], not 1 deep'])
  assert.equal(problemsOf([[[1]]]), ['rows must be nested 2 deep, [batch, 2], not deeper'])
})

test('a shape and data that nest deeper than any stack are refused', () => {
  const depth = 100_000
  const data = JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`)
  assert.equal(messages(new Array(depth).fill(1), data), ['x.shape has 100000 dimensions, the limit is 64'])
  const nested = tensorFromNested(x, data, 'x')
  assert.is(nested.ok ? '' : nested.problems[0]?.message, 'must be nested 2 deep, [batch, 2], not deeper')
})

test.run()
