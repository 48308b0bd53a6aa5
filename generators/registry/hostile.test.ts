import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allocatingModel, endlessModel } from '../../serving/testing/hostile-models.ts'
import { Failure } from '../findings/index.ts'
import { replay } from '../gates/index.ts'
import { loadRepository } from '../repository/index.ts'
import { type ExampleRepository, withExample } from '../testing/example-repository.ts'
import { checkArtifacts } from '../validation/artifact.ts'
import { planRegistration, writeRegistration } from './register.ts'

const test = suite('a hostile ONNX file')

const HUGE = allocatingModel(64 * 2 ** 30)
const VERSION = 'models/hostile/versions/1.0.0.yaml'
const ARTIFACT = 'models/hostile/artifacts/1.0.0/model.onnx'

/** A model of one tensor, which any of the hostile files fits, and what its training left. */
async function withHostile(test: (example: ExampleRepository, folder: string) => Promise<void>): Promise<void> {
  await withExample(async (example) => {
    const text = `import { defineModel, tensor } from 'modelyard'
export default defineModel({
  name: 'hostile',
  owner: 'somebody',
  inputs: { x: tensor('float32', [1]) },
  outputs: { y: tensor('float32', [1]) },
  serving: { resources: { cpu: '100m', memory: '256Mi' }, replicas: { min: 1, max: 1 } },
})
`
    example.write('models/hostile/model.ts', text)
    const write = (name: string, value: unknown) => example.write(`training/${name}`, JSON.stringify(value))
    write('metrics.json', { dataset: { name: 'none' }, metrics: { mae: 1 } })
    write('lineage.json', { note: 'made by hand' })
    const samples = [{ id: 'one', tensors: { x: { shape: [1], data: [2] } }, outputs: { y: [2] } }]
    write('samples.json', { source: 'arithmetic', tolerance: { relative: 0, absolute: 0 }, samples })
    await test(example, join(example.root, 'training'))
  })
}

async function plan({ root }: ExampleRepository, folder: string, model: Uint8Array, samples: boolean) {
  writeFileSync(join(folder, 'model.onnx'), model)
  const at = (name: string) => join(folder, name)
  const repository = await loadRepository(root)
  const request = {
    model: 'hostile',
    version: '1.0.0',
    onnx: at('model.onnx'),
    metrics: at('metrics.json'),
    lineage: at('lineage.json'),
    ...(samples && { samples: at('samples.json') }),
    limits: { callMs: 500 },
  }
  return { repository, registration: await planRegistration(repository, request) }
}

test('register refuses it, with and without samples, and goes on', async () => {
  await withHostile(async (example, folder) => {
    for (const samples of [true, false]) {
      for (const [model, reason] of [
        [HUGE, /it takes more than 1024 MiB of memory/],
        [endlessModel(), /it takes longer than 0.5 s to answer a call/],
      ] as const) {
        const error = await plan(example, folder, model, samples).catch((refused: unknown) => refused)
        assert.instance(error, Failure)
        assert.match((error as Failure).message, reason)
      }
    }
    const { registration } = await plan(example, folder, allocatingModel(4096), true)
    assert.is(registration.outcome?.kind, 'new')
  })
})

test('validate and the gates of a promotion say that it breaks its limits', async () => {
  await withHostile(async (example, folder) => {
    const { repository, registration } = await plan(example, folder, allocatingModel(4096), true)
    await writeRegistration(repository, registration)
    writeFileSync(join(example.root, ARTIFACT), HUGE)
    const digest = createHash('sha256').update(HUGE).digest('hex')
    const text = example.read(VERSION).replace(/sha256: \w+/, `sha256: ${digest}`)
    example.write(VERSION, text.replace(/size: \d+/, `size: ${HUGE.byteLength}`))
    const changed = await loadRepository(example.root)
    const found = (await checkArtifacts(changed)).map(({ rule, severity, file }) => [rule, severity, file])
    assert.equal(found, [['model-over-limits', 'error', VERSION]])
    const bad = changed.models.get('hostile')?.versions.get('1.0.0')?.value
    if (!bad) throw new Error('the version is not there')
    const { golden } = await replay(changed, undefined, bad)
    assert.equal(golden, { broken: 'it takes more than 1024 MiB of memory' })
  })
})

test.run()
