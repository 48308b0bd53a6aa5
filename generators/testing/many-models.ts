import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createScratchRepository, type GitRepository } from '../git/index.ts'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { environmentText, pinText, release, versionFile, WINE } from './repository-fixture.ts'

export const ENVIRONMENT_NAMES = ['development', 'staging', 'production'] as const

/** `model-007` */
export function manyModelName(index: number): string {
  return `model-${String(index).padStart(3, '0')}`
}

/**
 * A repository of many models below `top`, synthesized and committed, with a bare remote: staging runs 1.1.0 of each, production
 * 1.0.0. Their artifacts are in a store that nobody asks.
 */
export async function createManyModels(top: string, count: number): Promise<{ git: GitRepository; remote: string }> {
  const root = join(top, 'repository')
  const remote = join(top, 'origin.git')
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  for (let index = 0; index < count; index++) {
    const model = manyModelName(index)
    write(`models/${model}/model.ts`, WINE.replace("name: 'wine'", `name: '${model}'`))
    for (const version of ['1.0.0', '1.1.0']) {
      const facts = versionFile(version, { model })
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
