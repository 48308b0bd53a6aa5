import type { Column, ModelInterface } from 'modelyard-serving/contract'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../../serving/testing/fixtures.ts'
import { REPOSITORY } from '../testing/example-repository.ts'
import { interfaceChanges } from './interface-changes.ts'
import { loadRepository } from './load.ts'

const test = suite('interface changes')

const matrix = (...columns: Column[]): ModelInterface => ({
  inputs: [{ name: 'features', datatype: 'float32', shape: ['batch', columns.length], columns }],
  outputs: [{ name: 'score', datatype: 'float32', shape: ['batch', 1] }],
})
const age: Column = { name: 'age', kind: 'number', unit: 'years', min: 18, max: 110 }
const sex: Column = { name: 'sex', kind: 'category', categories: { female: 1, male: 2 } }

/** What changes when one column becomes another. */
const columnChange = (before: Column, after: Column) => interfaceChanges(matrix(before), matrix(after))

test('an interface does not differ from itself, whichever it is', async () => {
  const { models } = await loadRepository(REPOSITORY)
  const frozen = [...models.values()].flatMap(({ versions }) =>
    [...versions.values()].map(({ value }) => value.interface),
  )
  const all: ModelInterface[] = [...frozen, ...Object.values(INTERFACES), matrix(), matrix(age, sex)]
  for (const one of all) assert.equal(interfaceChanges(one, structuredClone(one)), [])
})

test('what is breaking one way is never silent the other way', () => {
  const all = Object.values(INTERFACES) as ModelInterface[]
  for (const before of all) {
    for (const after of all) {
      assert.is(interfaceChanges(before, after).length === 0, interfaceChanges(after, before).length === 0)
    }
  }
})

test('descriptions, examples and names of free dimensions mean nothing to a caller', () => {
  const before = matrix({ ...age, example: 30, description: 'in years' })
  const after = matrix(age)
  after.inputs = after.inputs.map((input) => ({ ...input, shape: ['N', 1] }))
  assert.equal(interfaceChanges(before, after), [])
})

const COLUMN_CASES: [Column, Column, 'breaking' | 'compatible', string][] = [
  [age, { ...age, missing: true }, 'compatible', 'feature age may be missing now'],
  [{ ...age, missing: true }, age, 'breaking', 'feature age may not be missing any more'],
  [{ ...age, sensitive: 'hash' }, age, 'compatible', 'feature age, in the prediction log: hashed -> as it is'],
  [age, { ...age, integer: true }, 'breaking', 'feature age takes whole numbers only'],
  [{ ...age, integer: true }, age, 'compatible', 'feature age takes fractions too'],
  [age, { ...age, unit: 'months' }, 'breaking', 'feature age: unit years -> months'],
  [age, { ...age, max: 120 }, 'compatible', 'feature age: range 18..110 -> 18..120'],
  [age, { ...age, min: 21 }, 'breaking', 'feature age: range 18..110 -> 21..110'],
  [age, { ...age, min: 0, max: 99 }, 'breaking', 'feature age: range 18..110 -> 0..99'],
  [age, { name: 'age', kind: 'number', unit: 'years' }, 'compatible', 'feature age: range 18..110 -> any'],
  [sex, { ...sex, categories: { female: 1, male: 2, other: 3 } }, 'compatible', 'feature sex: also other'],
  [sex, { ...sex, categories: { female: 1 } }, 'breaking', 'feature sex: no more male'],
  [
    sex,
    { ...sex, categories: { female: 0, male: 1 } },
    'breaking',
    'feature sex: another code for female, male, for callers that send raw tensors',
  ],
  [
    { ...sex, missing: true },
    { ...sex, missing: true, missingText: 'nan' },
    'breaking',
    'feature sex: a missing text is "" -> "nan", for callers that send raw tensors',
  ],
  [age, { ...sex, name: 'age' }, 'breaking', 'feature age: number -> category'],
]

for (const [before, after, kind, message] of COLUMN_CASES) {
  test(`${kind}: ${message}`, () => {
    assert.equal(columnChange(before, after), [{ kind, message }])
  })
}

test('a feature that is new may be left out where it may be missing; callers of raw tensors feel the shape', () => {
  assert.equal(interfaceChanges(matrix(age), matrix(age, { ...sex, missing: true })), [
    { kind: 'compatible', message: 'feature sex is new and may be left out' },
    { kind: 'breaking', message: 'input features: float32 [?, 1] -> float32 [?, 2]' },
  ])
  // Who sends raw tensors is told by the same change: it is not counted twice.
  assert.equal(interfaceChanges(matrix(age), matrix(age, sex)), [{ kind: 'breaking', message: 'feature sex is new' }])
  const wider = matrix(age, sex)
  wider.inputs = wider.inputs.map((input) => ({ ...input, datatype: 'float64' }))
  assert.equal(
    interfaceChanges(matrix(age), wider).map(({ message }) => message),
    ['feature sex is new', 'input features: float32 [?, 1] -> float64 [?, 2]'],
  )
})

test('an input that comes or goes with its one feature is one change', () => {
  const fuel = { name: 'Fuel', datatype: 'string' as const, shape: ['batch', 1] }
  const columns = [{ name: 'Fuel', kind: 'category' as const, categories: ['gas', 'diesel'] }]
  const before = matrix(age)
  const withFuel = (missing: boolean): ModelInterface => ({
    ...before,
    inputs: [...before.inputs, { ...fuel, columns: columns.map((one) => ({ ...one, ...(missing && { missing }) })) }],
  })
  const messages = (was: ModelInterface, is: ModelInterface) => interfaceChanges(was, is).map(({ message }) => message)
  assert.equal(messages(before, withFuel(false)), ['feature Fuel is new'])
  assert.equal(messages(withFuel(false), before), ['feature Fuel is not known any more'])
  // Those who send raw tensors must send it, whatever named features may leave out.
  assert.equal(messages(before, withFuel(true)), ['feature Fuel is new and may be left out', 'input Fuel is new'])
})

test('a feature that goes is breaking, since callers still send it', () => {
  assert.equal(interfaceChanges(matrix(age, sex), matrix(age)), [
    { kind: 'breaking', message: 'feature sex is not known any more' },
  ])
})

test('columns that change places change nothing for named features and everything for raw tensors', () => {
  assert.equal(interfaceChanges(matrix(age, sex), matrix(sex, age)), [
    { kind: 'breaking', message: 'input features: columns in another order, for callers that send raw tensors' },
  ])
})

test('an output may be added, and not be taken away or changed', () => {
  const before = matrix(age)
  const label = { name: 'label', datatype: 'string' as const, shape: ['batch'] }
  const after: ModelInterface = { ...before, outputs: [...before.outputs, label] }
  assert.equal(interfaceChanges(before, after), [{ kind: 'compatible', message: 'output label is new' }])
  assert.equal(interfaceChanges(after, before), [{ kind: 'breaking', message: 'output label is gone' }])
  const changed: ModelInterface = { ...before, outputs: [{ name: 'score', datatype: 'float64', shape: ['batch', 1] }] }
  assert.equal(interfaceChanges(before, changed), [
    { kind: 'breaking', message: 'output score: float32 [?, 1] -> float64 [?, 1]' },
  ])
})

test('classes of probabilities in another order are breaking', () => {
  const classes = (...labels: string[]): ModelInterface => ({
    inputs: [],
    outputs: [{ name: 'p', datatype: 'float32', shape: ['batch', 2], labels }],
  })
  assert.equal(
    interfaceChanges(classes('no', 'yes'), classes('yes', 'no')).map(({ kind }) => kind),
    ['breaking'],
  )
})

test.run()
