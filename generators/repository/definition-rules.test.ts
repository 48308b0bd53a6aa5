import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { environmentText, FILES, IMAGE, type Overrides, WINE, withRepository } from '../testing/repository-fixture.ts'

/** Expects one `definition-inconsistent` finding of this file, on the line that holds `at`. */
async function inconsistent(
  overrides: Overrides,
  expected: { file?: string; at: string; path: string; message: string },
): Promise<void> {
  await withRepository(overrides, async ({ load, lineOf }) => {
    const { file = FILES.model, at, path, message } = expected
    const [finding, ...others] = (await load()).findings
    assert.equal(others, [])
    assert.is(finding?.rule, 'definition-inconsistent')
    assert.is(finding?.message, `${path}: ${message}`)
    assert.is(finding?.path, path)
    assert.is(finding?.file, file)
    assert.is(finding?.line, lineOf(file, at))
    assert.ok(finding?.fix)
  })
}

/** The fixture's model with another text in one place, or text put after a line. */
const model = (from: string, to: string): Overrides => ({ [FILES.model]: WINE.replace(from, to) })
const ALCOHOL = "alcohol: number({ unit: '%', min: 8, max: 15, example: 12.5 })"
const COLOUR = 'colour: category({ red: 0, white: 1 })'
const withColumns = (columns: string): Overrides => ({
  [FILES.model]: `import { category, columns, defineModel, integer, number, tensor } from 'modelyard'

export default defineModel({
  name: 'wine',
  owner: 'cellar',
  inputs: columns({
    ${columns},
  }),
  outputs: { quality: tensor('float32', ['batch', 1]) },
})
`,
})

test('a model stands in the folder of its name', async () => {
  const message = '"vine" stands in folder "wine"'
  await inconsistent(model("'wine'", "'vine'"), { at: "name: 'vine'", path: 'name', message })
})

test('an environment stands in the folder of its name', async () => {
  await inconsistent(
    { [FILES.production]: environmentText('prod', { promotesFrom: 'staging' }) },
    { file: FILES.production, at: "name: 'prod'", path: 'name', message: '"prod" stands in folder "production"' },
  )
})

test('a range is not empty, and is found inside number() inside features()', async () => {
  await inconsistent(model(ALCOHOL, 'alcohol: number({\n        max: 8,\n        min: 15,\n      })'), {
    at: 'min: 15',
    path: 'inputs.features.features.alcohol.min',
    message: 'min 15 is above max 8',
  })
})

test('an example is inside its range, and is found inside columns()', async () => {
  await inconsistent(
    withColumns('alcohol: number({ min: 8 }),\n    age: integer({\n      max: 9,\n      example: 10\n    })'),
    {
      at: 'example: 10',
      path: 'inputs.columns.age.example',
      message: '10 is outside -Infinity to 9',
    },
  )
})

test('a category has labels', async () => {
  const message = 'has no categories'
  await inconsistent(model(COLOUR, 'colour: category({})'), {
    at: 'colour:',
    path: 'inputs.features.features.colour',
    message,
  })
})

test('an example of a category is one of its labels', async () => {
  await inconsistent(model(COLOUR, "colour: category({ red: 0, white: 1 }, { example: 'pink' as 'red' })"), {
    at: 'pink',
    path: 'inputs.features.features.colour.example',
    message: '"pink" is not one of red, white',
  })
})

test('labels without numbers cannot stand in a matrix of numbers', async () => {
  await inconsistent(model(COLOUR, "colour: category(['red', 'white'])"), {
    at: 'colour:',
    path: 'inputs.features.features.colour',
    message: 'a list of labels is passed on as text, and the tensor holds float32',
  })
})

test('labels without numbers may be a column of their own', async () => {
  await withRepository(withColumns("colour: category(['red', 'white'], { missing: true })"), async ({ load }) => {
    assert.equal((await load()).findings, [])
  })
})

test('a missing value needs a tensor that can hold NaN', async () => {
  await inconsistent(withColumns('age: integer({ missing: true })'), {
    at: 'missing: true',
    path: 'inputs.columns.age.missing',
    message: 'a missing value cannot be told from a number in a tensor of int64',
  })
})

test('a whole number may be missing in a matrix of floats, which holds NaN', async () => {
  const overrides = {
    [FILES.model]: WINE.replace(COLOUR, 'age: integer({ missing: true })').replace('category', 'integer'),
  }
  await withRepository(overrides, async ({ load }) => assert.equal((await load()).findings, []))
})

test('two inputs have no feature of the same name', async () => {
  await inconsistent(model('    }),\n  },', "    }),\n    more: features('float32', { alcohol: number() }),\n  },"), {
    at: 'more:',
    path: 'inputs.more.features.alcohol',
    message: 'two inputs have a feature of this name',
  })
})

test('an output has as many labels as its last dimension', async () => {
  await inconsistent(model("['batch', 1])", "['batch', 3], {\n    labels: ['low', 'high'],\n  })"), {
    at: 'labels:',
    path: 'outputs.quality.labels',
    message: '2 labels for a last dimension of 3',
  })
})

test('labels of a free last dimension are taken as they are', async () => {
  await withRepository(model("['batch', 1])", "['batch', 'classes'], { labels: ['low'] })"), async ({ load }) => {
    assert.equal((await load()).findings, [])
  })
})

test('a model has no more replicas at least than at most', async () => {
  await inconsistent(model('{ min: 2, max: 6 }', '{ min: 7, max: 6 }'), {
    at: 'replicas:',
    path: 'serving.replicas',
    message: 'min 7 is above max 6',
  })
})

test('a CPU limit is not below the request', async () => {
  await inconsistent(model("cpuLimit: '500m'", "cpuLimit: '0.1'"), {
    at: 'cpuLimit',
    path: 'serving.resources.cpuLimit',
    message: '0.1 is below the request 200m',
  })
})

test('a first environment names the server image', async () => {
  await inconsistent(
    { [FILES.development]: environmentText('development').replace(/ {2}servingImage.*\n/, '') },
    {
      file: FILES.development,
      at: 'defineEnvironment({',
      path: 'servingImage',
      message: 'is required in a first environment',
    },
  )
})

test('an environment that takes promotions names no server image', async () => {
  await inconsistent(
    {
      [FILES.staging]: environmentText('staging', {
        promotesFrom: 'development',
        properties: [`servingImage: '${IMAGE}'`],
      }),
    },
    {
      file: FILES.staging,
      at: 'servingImage',
      path: 'servingImage',
      message: 'is sealed in each release that is promoted into this environment',
    },
  )
})

function production(overrides: string): Overrides {
  const imports = ["import wine from '../../models/wine/model.ts'"]
  const properties = [`overrides: [${overrides}]`]
  return { [FILES.production]: environmentText('production', { promotesFrom: 'staging', imports, properties }) }
}

test('two owners do not share a namespace, and one ApplicationSet cannot tell owners apart', async () => {
  const owners = (text: string, to = ''): Overrides => ({
    [FILES.production]: environmentText('production', { promotesFrom: 'staging' })
      .replace("namespace: 'models-production'", `namespace: { byOwner: ${text} }`)
      .replace("models.git' }", `models.git'${to} }`),
  })
  await inconsistent(owners("{ cellar: 'wines', kitchen: 'wines' }"), {
    file: FILES.production,
    at: 'byOwner',
    path: 'namespace',
    message: 'wines belongs to cellar and to kitchen',
  })
  await inconsistent(owners("{ cellar: 'wines' }", ', applicationSet: true'), {
    file: FILES.production,
    at: 'applicationSet',
    path: 'argocd.applicationSet',
    message: 'makes every Application in one project, and byOwner() gives each owner a project',
  })
})

test('overrides are held to the rules of what they override', async () => {
  await inconsistent(production('\n    override(wine, { replicas: { min: 3, max: 2 } }),\n  '), {
    file: FILES.production,
    at: 'replicas',
    path: 'overrides[0].replicas',
    message: 'min 3 is above max 2',
  })
  await inconsistent(
    production("\n    override(wine, { resources: { cpu: '2', memory: '1Gi', cpuLimit: '1' } }),\n  "),
    {
      file: FILES.production,
      at: 'cpuLimit',
      path: 'overrides[0].resources.cpuLimit',
      message: '1 is below the request 2',
    },
  )
})

test('a model is overridden once: a second override would do nothing', async () => {
  const replicas = (min: number) => `override(wine, { replicas: { min: ${min}, max: 9 } }),`
  await inconsistent(production(`\n    ${replicas(3)}\n    ${replicas(4)}\n  `), {
    file: FILES.production,
    at: replicas(4),
    path: 'overrides[1]',
    message: 'a second override of wine',
  })
})

test('inputs may be called columns, and features datatype and matrix', async () => {
  const matrix = { [FILES.model]: WINE.replace('    features: features(', '    columns: features(') }
  await withRepository(matrix, async ({ load }) => assert.equal((await load()).findings, []))
  const tensors = {
    [FILES.model]: WINE.replace(/inputs: \{[\s\S]*?\n {2}\},/, "inputs: { columns: tensor('float32', [1]) },"),
  }
  await withRepository(tensors, async ({ load }) => assert.equal((await load()).findings, []))
  const features = withColumns('datatype: number(),\n    matrix: number()')
  await withRepository(features, async ({ load }) => assert.equal((await load()).findings, []))
})

test.run()
