import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sourcePositions } from './source-positions.ts'

const TEXT = `import { category, columns, defineModel, features, number, tensor } from 'modelyard'

const limit = 5

export default defineModel({
  name: 'wine',
  inputs: {
    matrix: features('float32', {
      alcohol: number({
        min: 8,
      }),
      'total acid': number(),
      colour: category(
        { red: 0, white: 1 },
        { example: 'red' },
      ),
    }),
    raw: tensor(
      'float32',
      [
        'batch',
        2,
      ],
    ),
  },
  outputs: { quality: tensor('float32', ['batch', 1]) },
  gates: {
    validation: [
      metric('r2').atLeast(0.4),
      metric('mae').atMost(limit),
    ],
  },
})
`

test('properties are found on their lines, through the calls that hold them', () => {
  const lineOf = sourcePositions(TEXT)
  assert.is(lineOf([]), 5)
  assert.is(lineOf(['name']), 6)
  assert.is(lineOf(['inputs', 'matrix', 'features', 'alcohol']), 9)
  assert.is(lineOf(['inputs', 'matrix', 'features', 'alcohol', 'min']), 10)
  assert.is(lineOf(['inputs', 'matrix', 'features', 'total acid', 'max']), 12)
  assert.is(lineOf(['inputs', 'matrix', 'features', 'colour', 'example']), 15)
  assert.is(lineOf(['inputs', 'raw', 'shape', 1]), 22)
  assert.is(lineOf(['gates', 'validation', 1]), 30)
  assert.is(lineOf(['gates', 'validation', 1, 'value']), 30)
})

test('what is not written is found at its nearest parent', () => {
  const lineOf = sourcePositions(TEXT)
  assert.is(lineOf(['owner']), 5)
  assert.is(lineOf(['serving', 'replicas']), 5)
  assert.is(lineOf(['inputs', 'matrix', 'features', 'alcohol', 'max']), 9)
  assert.is(lineOf(['gates', 'validation', 7]), 28)
})

test('a definition may be a constant that is exported by name', () => {
  const lineOf = sourcePositions("const model = defineModel({\n  name: 'a',\n})\n\nexport default model\n")
  assert.is(lineOf(['name']), 2)
  assert.is(lineOf(['owner']), 1)
})

test('a type assertion around an object does not hide it', () => {
  const lineOf = sourcePositions(
    'export default defineModel({\n  slo: {\n    latencyP99: 40,\n  } as never,\n} satisfies object)\n',
  )
  assert.is(lineOf(['slo', 'latencyP99']), 3)
})

test('columns() shows one level less than the definition has', () => {
  const lineOf = sourcePositions(
    'export default defineModel({\n  inputs: columns({\n    a: number({\n      min: 1 }),\n  }),\n})\n',
  )
  assert.is(lineOf(['inputs', 'columns', 'a', 'min']), 4)
})

test('a file without a definition of its own has no lines', () => {
  assert.is(sourcePositions("export { default } from './other.ts'\n")(['name']), undefined)
  assert.is(sourcePositions('export default model\n')(['name']), 1)
})

test.run()
