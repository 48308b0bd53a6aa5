import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onnxModel } from '../../serving/testing/onnx-model.ts'
import type { VersionFile } from '../definitions/index.ts'
import { createScratchRepository, type GitRepository } from '../git/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { environmentText, pinText, release, versionFile, WINE } from './repository-fixture.ts'

export const ENVIRONMENT_NAMES = ['development', 'staging', 'production'] as const

/** `model-007` */
export function manyModelName(index: number): string {
  return `model-${String(index).padStart(3, '0')}`
}

/** The files of a version of `wine`, by key of the bundle: quality is a weighted sum, as the golden samples say. */
function artifactsOf(
  version: string,
): Partial<Record<keyof VersionFile['bundle'], { name: string; content: Uint8Array }>> {
  const weights = version === '1.0.0' ? [0.5, 0.25] : [0.5, 0.5]
  const model = onnxModel({
    inputs: [{ name: 'features', type: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'quality', type: 'float32', shape: ['batch', 1] }],
    initializers: { weights: { type: 'float32', shape: [2, 1], values: weights } },
    nodes: [{ operator: 'MatMul', inputs: ['features', 'weights'], outputs: ['quality'] }],
  })
  const [alcohol = 0, colour = 0] = weights
  const samples = [
    { id: 'red', features: { alcohol: 12, colour: 'red' }, outputs: { quality: [12 * alcohol] } },
    { id: 'white', features: { alcohol: 10, colour: 'white' }, outputs: { quality: [10 * alcohol + colour] } },
  ]
  const tolerance = { relative: 1e-6, absolute: 1e-6 }
  const baseline = { rows: 2, features: { colour: { kind: 'category', counts: { red: 1, white: 1 }, missing: 0 } } }
  const json = (name: string, value: object) => ({ name, content: Buffer.from(JSON.stringify(value)) })
  return {
    model: { name: 'model.onnx', content: model },
    goldenSamples: json('samples.json', { source: 'by hand', tolerance, samples }),
    baseline: json('baseline.json', { ...baseline, outputs: {} }),
  }
}

/**
 * A repository of many models below `top`, synthesized and committed, with a bare remote: staging runs 1.1.0 of each, production
 * 1.0.0. Their artifacts are in Git.
 */
export async function createManyModels(top: string, count: number): Promise<{ git: GitRepository; remote: string }> {
  const root = join(top, 'repository')
  const remote = join(top, 'origin.git')
  const write = (file: string, text: string | Uint8Array) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  for (let index = 0; index < count; index++) {
    const model = manyModelName(index)
    write(`models/${model}/model.ts`, WINE.replace("name: 'wine'", `name: '${model}'`))
    for (const version of ['1.0.0', '1.1.0']) {
      const bundle = Object.entries(artifactsOf(version)).map(([key, { name, content }]) => {
        const path = `artifacts/${version}/${name}`
        write(`models/${model}/${path}`, content)
        return [key, { path, sha256: createHash('sha256').update(content).digest('hex'), size: content.length }]
      })
      const facts = versionFile(version, { model, bundle: Object.fromEntries(bundle) as VersionFile['bundle'] })
      const sealed = release(facts)
      write(`models/${model}/versions/${version}.yaml`, JSON.stringify(facts, null, 2))
      write(`models/${model}/releases/${sealed.name}.yaml`, sealed.text)
      const place = version === '1.0.0' ? 'production' : 'staging'
      write(`environments/${place}/pins/${model}.yaml`, pinText({ stable: sealed.name }))
    }
    write(`environments/development/pins/${model}.yaml`, pinText({ stable: '1.1.0' }))
  }
  for (const [index, name] of ENVIRONMENT_NAMES.entries()) {
    const promotesFrom = ENVIRONMENT_NAMES[index - 1]
    write(`environments/${name}/environment.ts`, environmentText(name, promotesFrom ? { promotesFrom } : {}))
  }
  const plan = resolvePlan(await loadRepository(root))
  await applyChanges(root, await compareWithDist(root, renderManifests(plan), {}))
  return { git: await createScratchRepository(root, remote), remote }
}
