import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../serving/testing/fixtures.ts'
import { Failure, type Finding } from '../findings/index.ts'
import { type Training, withTraining } from './testing/training.ts'

const test = suite('what register refuses')

const MODEL_TS = 'models/house-price/model.ts'

/** Everything that is wrong with one registration, each refused without a word written. */
async function refused(prepare: (training: Training) => void): Promise<Finding[]> {
  let findings: Finding[] = []
  await withTraining(async (training) => {
    const before = training.example.tree('models')
    prepare(training)
    const models = training.example.tree('models')
    const plan = await training.register()
    findings = plan.findings
    assert.is(plan.outcome, undefined)
    assert.ok(findings.every(({ severity }) => severity === 'error'))
    assert.equal(Object.keys(models), Object.keys(before))
    assert.equal(training.example.tree('models'), models)
  })
  return findings
}

const place = ({ rule, file, line }: Finding) => [rule, file, line]

test('a validation gate that fails refuses the version at the line of the gate', async () => {
  let line = 0
  const [finding, ...rest] = await refused(({ example }) => {
    example.edit(MODEL_TS, 'atLeast(0.6)', 'atLeast(0.9)')
    line = example.lineOf(MODEL_TS, 'validation:')
  })
  assert.equal(rest, [])
  assert.equal(finding && place(finding), ['gate-failed', MODEL_TS, line])
  assert.match(finding?.message ?? '', /^validation gate r2 >= 0\.9: 0\.\d+$/)
})

test('a gate on a metric that was not measured does not pass', async () => {
  const found = await refused(({ change }) => change('metrics.json', (value) => delete value.metrics.mape))
  assert.equal(
    found.map(({ rule, message }) => [rule, message]),
    [['gate-failed', 'validation gate mape <= 0.2: not measured']],
  )
})

test('a golden sample that the graph answers differently refuses the version, naming the sample and both values', async () => {
  let id = ''
  const found = await refused(({ change }) =>
    change('samples.json', ({ samples }) => {
      id = samples[3].id
      samples[3].outputs.price[0] += 100
    }),
  )
  assert.is(found.length, 1)
  assert.is(found[0]?.rule, 'golden-sample-failed')
  assert.match(found[0]?.message ?? '', new RegExp(`^sample ${id}: price\\[0\\] is [\\d.]+, expected [\\d.]+$`))
  assert.match(found[0]?.fix ?? '', /^scikit-learn .* computed another value/)
})

test('an interface that the graph does not have is found in model.ts, at the feature', async () => {
  let line = 0
  const [finding, ...rest] = await refused(({ example }) => {
    example.edit(MODEL_TS, 'bedrooms: integer(', 'bedrooms: number(')
    line = example.lineOf(MODEL_TS, 'bedrooms:')
  })
  assert.equal(rest, [])
  assert.equal(finding && place(finding), ['interface-differs', MODEL_TS, line])
  assert.match(finding?.message ?? '', /^inputs\[1\]\.datatype: .*float32.*int64/)
})

test('the graph of another model differs in every name, all told at once', async () => {
  const found = await refused(({ example, request }) => {
    request.onnx = join(example.root, 'models/breast-biopsy/artifacts/1.0.0/model.onnx')
  })
  assert.ok(found.length > 3)
  for (const { rule, file } of found) assert.equal([rule, file], ['interface-differs', MODEL_TS])
})

for (const [file, said] of [
  ['zipmap.onnx', /"output_probability" is sequence\(map\(int64, float32\)\)/],
  ['int4.onnx', /is a tensor of int4/],
] as const) {
  test(`${file} is refused before a session could end the process, with the repair`, async () => {
    const found = await refused(({ request }) => {
      request.onnx = fixture(file)
    })
    assert.ok(found.length > 0)
    for (const { rule, fix } of found) assert.ok(rule === 'model-unsupported' && fix !== undefined)
    assert.match(found.map(({ message }) => message).join('\n'), said)
  })
}

test('training files of another form are refused with the path of every wrong field', async () => {
  const found = await refused(({ change, folder }) => {
    change('metrics.json', (value) => {
      delete value.dataset
      value.metrics.r2 = 'good'
    })
    change('samples.json', (value) => (value.samples[0].output = {}))
    change('baseline.json', (value) => (value.rows = -1))
    writeFileSync(join(folder, 'lineage.json'), '[]')
  })
  assert.ok(found.every(({ rule }) => rule === 'training-file-invalid'))
  const told = found.map(({ file, message }) => `${file?.split('/').at(-1)} ${message}`).sort()
  assert.equal(told, [
    'baseline.json rows: -1 must be >= 1',
    'lineage.json [] must be object',
    'metrics.json dataset: is required',
    'metrics.json metrics.r2: "good" must be number',
    'samples.json samples[0].output: unknown field; did you mean "outputs"?',
  ])
})

/** Mistakes that end a registration before anything could be judged. */
const NO_LINK = 'Replace the link by the file or folder itself: a link may lead out of the repository.'

/** A graph with weights in `weights/w.bin`. */
function withExternalData({ example, folder, request }: Training): void {
  example.write(
    MODEL_TS,
    "import { defineModel, tensor } from 'modelyard'\nexport default defineModel({ name: 'house-price', owner: 'tests',\n" +
      "inputs: { x: tensor('float32', ['batch', 4]) }, outputs: { y: tensor('float32', ['batch', 2]) } })\n",
  )
  request.onnx = join(folder, 'external.onnx')
  copyFileSync(fixture('external.onnx'), request.onnx)
}

const FAILURES: [string, (training: Training) => void, RegExp, string][] = [
  [
    'a model that does not exist',
    ({ request }) => Object.assign(request, { model: 'house-prices' }),
    /^there is no usable models\/house-prices\/model\.ts$/,
    'Write it first: docs/registering.md shows how.',
  ],
  [
    'a version that is none, which would be a path elsewhere',
    ({ request }) => Object.assign(request, { version: '../../../1.0.0' }),
    /^invalid version: \.\.\/\.\.\/\.\.\/1\.0\.0$/,
    'Write three numbers, such as --version 1.5.0.',
  ],
  [
    'an ONNX file that is not there',
    ({ request }) => Object.assign(request, { onnx: '/no/such/model.onnx' }),
    /^\/no\/such\/model\.onnx does not exist$/,
    'Check the path.',
  ],
  [
    'a folder in place of the ONNX file',
    ({ folder, request }) => Object.assign(request, { onnx: folder }),
    / is no file$/,
    'Check the path.',
  ],
  [
    'a path through a file',
    ({ request }) => Object.assign(request, { onnx: join(request.onnx, 'model.onnx') }),
    /model\.onnx\/model\.onnx does not exist$/,
    'Check the path.',
  ],
  [
    'a file that is not ONNX',
    ({ request }) => Object.assign(request, { onnx: request.metrics }),
    /metrics\.json: not a whole ONNX file/,
    'Export the model to ONNX again.',
  ],
  [
    'metrics that are not there',
    ({ request }) => Object.assign(request, { metrics: '/no/metrics.json' }),
    /^\/no\/metrics\.json does not exist$/,
    'Name it with --metrics; docs/registering.md says what it holds.',
  ],
  [
    'samples that are not JSON',
    ({ request }) => Object.assign(request, { samples: request.onnx }),
    /model\.onnx is not JSON \(/,
    'Name it with --samples; docs/registering.md says what it holds.',
  ],
  [
    'a folder in place of the lineage',
    ({ folder, request }) => {
      mkdirSync(join(folder, 'more'))
      request.lineage = join(folder, 'more')
    },
    /more is no file$/,
    'Name it with --lineage; docs/registering.md says what it holds.',
  ],
  [
    'external data that was left behind',
    withExternalData,
    /weights\/w\.bin does not exist$/,
    'Put the external data of the graph beside it.',
  ],
  [
    'external data that is a link to a secret',
    (training) => {
      withExternalData(training)
      mkdirSync(join(training.folder, 'weights'))
      symlinkSync(training.request.metrics, join(training.folder, 'weights/w.bin'))
    },
    /^weights\/w\.bin is a symbolic link$/,
    NO_LINK,
  ],
  [
    'external data in a linked folder',
    (training) => {
      withExternalData(training)
      symlinkSync(training.example.root, join(training.folder, 'weights'))
    },
    /^weights is a symbolic link$/,
    NO_LINK,
  ],
  [
    'an artifact that is a link',
    ({ folder, request }) => {
      symlinkSync(request.onnx, join(folder, 'latest.onnx'))
      request.onnx = join(folder, 'latest.onnx')
    },
    /latest\.onnx is a symbolic link$/,
    'Name the file itself, or put a copy in its place.',
  ],
  [
    'samples that are a link',
    ({ folder, request }) => {
      symlinkSync('/etc/hostname', join(folder, 'linked.json'))
      request.samples = join(folder, 'linked.json')
    },
    /linked\.json is a symbolic link$/,
    'Name the file itself, or put a copy in its place.',
  ],
]

test('register writes through no link in the folder of the model', async () => {
  await withTraining(async ({ example, folder, register }) => {
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere)
    symlinkSync(elsewhere, join(example.root, 'models/house-price/artifacts/2.0.0'))
    const error = await register().catch((thrown: unknown) => thrown)
    assert.instance(error, Failure)
    assert.is((error as Failure).message, 'models/house-price/artifacts/2.0.0 is a symbolic link')
    assert.equal(readdirSync(elsewhere), [])
  })
})

for (const [title, prepare, message, fix] of FAILURES) {
  test(`${title} is a failure with what to do, and nothing is written`, async () => {
    await withTraining(async (training) => {
      prepare(training)
      const before = training.example.tree('models')
      const error = await training.register().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.instance(error, Failure)
      assert.match((error as Failure).message, message)
      assert.is((error as Failure).fix, fix)
      assert.equal(training.example.tree('models'), before)
    })
  })
}

test('a model.ts with an error is refused with its findings', async () => {
  await withTraining(async ({ example, plan }) => {
    example.edit(MODEL_TS, "owner: 'valuation'", "owners: 'valuation'")
    const error = await plan().catch((thrown: unknown) => thrown as Failure)
    assert.instance(error, Failure)
    assert.equal(
      (error as Failure).findings.map(({ rule, file }) => [rule, file]),
      [
        ['definition-invalid', MODEL_TS],
        ['definition-invalid', MODEL_TS],
      ],
    )
  })
})

test.run()
