import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Column, Datatype, ModelInterface } from '../contract/index.ts'
import { goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { type EncodeOptions, encodeRecords } from './encode-records.ts'

const patient = goldenSamples('diabetes').samples[0]?.features ?? {}

function one(record: unknown, options: EncodeOptions = {}, modelInterface: ModelInterface = INTERFACES.diabetes) {
  return encodeRecords(modelInterface, [record], { paths: 'record', ...options })
}

/** Problems as `path message`. */
function problems(encoded: ReturnType<typeof one>): string[] {
  assert.is(encoded.ok, false)
  return encoded.ok ? [] : encoded.problems.map(({ path, message }) => `${path} ${message}`)
}

function column(datatype: Datatype, more: Partial<Column> = {}): ModelInterface {
  return {
    inputs: [{ name: 'x', datatype, shape: ['batch', 1], columns: [{ name: 'x', kind: 'number', ...more }] }],
    outputs: [],
  }
}

test('records become one matrix, row by row, in the order of the columns', () => {
  const encoded = encodeRecords(INTERFACES.diabetes, [patient, { ...patient, sex: 'male', age: 20 }])
  assert.ok(encoded.ok)
  if (!encoded.ok || encoded.feeds.features === undefined) return
  const { shape, data } = encoded.feeds.features
  assert.equal(shape, [2, 10])
  assert.is(data[10], 20)
  assert.is(data[11], 2)
  assert.is(data[2], Math.fround(patient.bmi as number))
  assert.equal(encoded.anomalies, [])
})

test('columns of their own type become tensors of their own', () => {
  const encoded = one({ area: 70, town: 'north' }, {}, INTERFACES.house)
  assert.ok(encoded.ok)
  if (!encoded.ok) return
  assert.equal(encoded.feeds.area, { datatype: 'float32', shape: [1, 1], data: Float32Array.of(70) })
  assert.equal(encoded.feeds.town, { datatype: 'string', shape: [1, 1], data: ['north'] })
})

test('every wrong field of every record is listed with its path', () => {
  const { bp: _absent, ...rest } = patient
  const encoded = encodeRecords(INTERFACES.diabetes, [{ ...rest, bmi: '26', s1: null }, 7, null])
  assert.equal(problems(encoded), ['[1] must be an object, not a number', '[2] must be an object, not null'])
  const fields = encodeRecords(INTERFACES.diabetes, [patient, { ...rest, bmi: '26', s1: null }])
  assert.equal(problems(fields), [
    '[1].bmi must be a number, not a string',
    '[1].bp is required',
    '[1].s1 must not be null',
  ])
})

test('nothing is coerced: not "5", not true, not [5]', () => {
  for (const value of ['5', true, [5], { value: 5 }]) {
    assert.is(problems(one({ ...patient, bmi: value })).length, 1)
  }
})

test('a number must be finite after the cast: 1e39 is none as float32', () => {
  assert.equal(problems(one({ ...patient, s2: 1e39 })), ['s2 must be finite as a float32, got 1e+39'])
  assert.is(problems(one({ ...patient, s2: Number.NaN })).length, 1)
  assert.ok(one({ x: 1e39 }, {}, column('float64')).ok)
  assert.not.ok(one({ x: 65520 }, {}, column('float16')).ok)
  assert.ok(one({ x: 65519 }, {}, column('float16')).ok)
})

test('whole numbers are asked for by the column or by the tensor', () => {
  assert.equal(problems(one({ ...patient, age: 59.5 })), ['age must be a whole number, got 59.5'])
  assert.not.ok(one({ x: 1.5 }, {}, column('int64')).ok)
  assert.not.ok(one({ x: 200 }, {}, column('int8')).ok)
  assert.not.ok(one({ x: -1 }, {}, column('uint64')).ok)
  assert.not.ok(one({ x: 2 ** 53 }, {}, column('int64')).ok, 'the digits are gone already')
  const encoded = one({ x: 2 ** 53 - 1 }, {}, column('int64'))
  assert.equal(encoded.ok && encoded.feeds.x?.data, BigInt64Array.of(2n ** 53n - 1n))
})

test('a missing value is NaN, or the empty string, where it is allowed, and is counted', () => {
  const encoded = one({ sepal_length: 1, sepal_width: 2, petal_length: null, petal_width: 4 }, {}, INTERFACES.iris)
  assert.ok(encoded.ok)
  if (encoded.ok) assert.is(String(encoded.feeds.features?.data), '1,2,NaN,4')
  assert.equal(encoded.anomalies, [{ feature: 'petal_length', kind: 'missing', count: 1 }])
  const town = one({ area: 70 }, { strict: true }, INTERFACES.house)
  assert.equal(town.ok && town.feeds.town?.data, [''])
})

test('a missing value of a label -> number map is NaN', () => {
  const kind = column('float32', { kind: 'category', categories: { a: 1, b: 2 }, missing: true })
  const encoded = one({ x: null }, {}, kind)
  assert.is(String(encoded.ok && encoded.feeds.x?.data), 'NaN')
})

test('unknown fields, numbers out of range and unseen categories are counted', () => {
  const encoded = encodeRecords(INTERFACES.diabetes, [
    { ...patient, age: 7, extra: 1, 'made up': 2 },
    { ...patient, age: 8 },
  ])
  assert.ok(encoded.ok)
  assert.equal(encoded.anomalies, [
    { feature: '_unknown', kind: 'unknown', count: 2 },
    { feature: 'age', kind: 'out_of_range', count: 2 },
  ])
  const town = one({ area: 70, town: 'east' }, {}, INTERFACES.house)
  assert.ok(town.ok)
  assert.equal(town.anomalies, [{ feature: 'town', kind: 'unseen_category', count: 1 }])
})

test('strict makes problems of them', () => {
  const encoded = one({ ...patient, age: 7, 'made up': 2 }, { strict: true })
  assert.equal(problems(encoded), [
    '["made up"] is not a feature of this model',
    'age must be at least 18 years, got 7',
  ])
  const town = one({ area: 70, town: 'east' }, { strict: true }, INTERFACES.house)
  assert.equal(problems(town), ['town must be one of "north", "south", "west", got "east"'])
})

test('a label that a label -> number map does not know is always a problem, and counted', () => {
  const encoded = one({ ...patient, sex: 'x' })
  assert.equal(problems(encoded), ['sex must be one of "female", "male", got "x"'])
  assert.equal(encoded.anomalies, [{ feature: 'sex', kind: 'unseen_category', count: 1 }])
  assert.is(problems(one({ ...patient, sex: 1 })).length, 1, 'its code is not its label')
  assert.is(problems(one({ ...patient, sex: 'toString' })).length, 1)
})

test('a feature named like a property of every object is looked for in the record only', () => {
  const odd: ModelInterface = {
    inputs: [
      {
        name: 'x',
        datatype: 'float32',
        shape: ['batch', 1],
        columns: [{ name: 'constructor', kind: 'number' }],
      },
    ],
    outputs: [],
  }
  assert.equal(problems(one({}, {}, odd)), ['constructor is required'])
  assert.ok(one({ constructor: 1 }, {}, odd).ok)
})

test('no record at all is a problem, and so is another number than a fixed batch takes', () => {
  assert.equal(problems(encodeRecords(INTERFACES.diabetes, [])), [' must hold at least one record'])
  const fixed = column('float32')
  if (fixed.inputs[0]) fixed.inputs[0].shape = [1, 1]
  assert.match(problems(encodeRecords(fixed, [{ x: 1 }, { x: 2 }]))[0] ?? '', 'exactly 1 record in a request, got 2')
})

test('a boolean tensor takes true and false', () => {
  const encoded = encodeRecords(column('bool'), [{ x: true }, { x: false }])
  assert.equal(encoded.ok && encoded.feeds.x?.data, Uint8Array.of(1, 0))
  assert.not.ok(one({ x: 1 }, {}, column('bool')).ok)
})

test('of a great many wrong records only the first are described', () => {
  const encoded = encodeRecords(INTERFACES.diabetes, new Array(100_000).fill({}))
  assert.not.ok(encoded.ok)
  if (encoded.ok) return
  assert.ok(encoded.problems.length >= 1000 && encoded.problems.length <= 1010, `${encoded.problems.length}`)
  assert.equal(encoded.problems[0], { path: '[0].age', message: 'is required' })
})

test.run()
