import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModelInterface } from '../contract/index.ts'
import { fixture, INTERFACES, SILERO } from '../testing/fixtures.ts'
import { compareInterface } from './compare-interface.ts'
import { readModel } from './read-model.ts'

const diabetes = await readModel(fixture('diabetes.onnx'))

/** The diabetes interface with one thing changed. */
function changed(change: (copy: ModelInterface) => void): ModelInterface {
  const copy = structuredClone(INTERFACES.diabetes) as ModelInterface
  change(copy)
  return copy
}

function pathsOf(modelInterface: ModelInterface): string[] {
  return compareInterface(modelInterface, diabetes).map(({ path }) => path)
}

test('an interface that says what the graph says has no differences', async () => {
  assert.equal(compareInterface(INTERFACES.diabetes, diabetes), [])
  assert.equal(compareInterface(INTERFACES.house, await readModel(fixture('house.onnx'))), [])
  assert.equal(compareInterface(INTERFACES.iris, await readModel(fixture('iris.onnx'))), [])
  assert.equal(compareInterface(INTERFACES.silero, await readModel(SILERO)), [])
})

test('a wrong name is missing on one side and extra on the other', () => {
  const paths = pathsOf(
    changed(({ inputs }) => {
      if (inputs[0]) inputs[0].name = 'feature'
    }),
  )
  assert.equal(paths, ['inputs[0].name', 'inputs'])
})

test('a wrong datatype, rank and size are each found', () => {
  const datatype = changed(({ outputs }) => {
    if (outputs[0]) outputs[0].datatype = 'float64'
  })
  assert.equal(pathsOf(datatype), ['outputs[0].datatype'])
  const rank = changed(({ outputs }) => {
    if (outputs[0]) outputs[0].shape = ['batch']
  })
  assert.equal(pathsOf(rank), ['outputs[0].shape'])
  const size = changed(({ outputs }) => {
    if (outputs[0]) outputs[0].shape = ['batch', 2]
  })
  assert.equal(pathsOf(size), ['outputs[0].shape[1]'])
})

test('an interface may fix what the graph leaves free, but not free what it fixes', async () => {
  const fixed = changed(({ inputs }) => {
    if (inputs[0]) inputs[0].shape = [1, 10]
  })
  assert.equal(pathsOf(fixed), [])
  const graph = await readModel(fixture('fixed-batch.onnx'))
  const freed = structuredClone(INTERFACES.fixedBatch) as ModelInterface
  if (freed.inputs[0]) freed.inputs[0].shape = ['batch', 4]
  const [difference] = compareInterface(freed, graph)
  assert.is(difference?.path, 'inputs[0].shape[0]')
  assert.match(difference?.message ?? '', 'fixes this dimension at 1')
})

test('the number of columns is the width of the matrix', () => {
  const paths = pathsOf(
    changed(({ inputs }) => {
      inputs[0]?.columns?.pop()
    }),
  )
  assert.equal(paths, ['inputs[0].columns'])
})

test('a feature that is listed twice is found', () => {
  const paths = pathsOf(
    changed(({ inputs }) => {
      const columns = inputs[0]?.columns ?? []
      if (columns[3]) columns[3].name = 'age'
    }),
  )
  assert.equal(paths, ['inputs[0].columns[3].name'])
})

test('columns that their tensor cannot hold are found', async () => {
  const house = await readModel(fixture('house.onnx'))
  const copy = structuredClone(INTERFACES.house) as ModelInterface
  const [area, town] = copy.inputs
  if (area?.columns?.[0]) Object.assign(area.columns[0], { kind: 'category', categories: ['small', 'large'] })
  if (town?.columns?.[0]) Object.assign(town.columns[0], { categories: { north: 1 } })
  assert.equal(
    compareInterface(copy, house).map(({ path }) => path),
    ['inputs[0].columns[0]', 'inputs[1].columns[0]'],
  )
})

test('labels that do not fit the width of their output are found', async () => {
  const copy = structuredClone(INTERFACES.iris) as ModelInterface
  copy.outputs[1]?.labels?.pop()
  const [difference] = compareInterface(copy, await readModel(fixture('iris.onnx')))
  assert.is(difference?.path, 'outputs[1].labels')
})

test.run()
