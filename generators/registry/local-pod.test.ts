import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { requireEnvironment, requirePinned } from '../pins/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { type ExampleRepository, withExample } from '../testing/example-repository.ts'
import { type LocalPod, prepareLocalPod } from './local-pod.ts'

const test = suite('local pod')

const BOOT_MAP = 'dist/production/models/house-price/boot-config-map.yaml'

/** House-price in production, which has a candidate. */
async function prepare({ root }: ExampleRepository): Promise<LocalPod> {
  const repository = await loadRepository(root)
  const environment = requireEnvironment(resolvePlan(repository), 'production')
  return prepareLocalPod(repository, requirePinned(environment, 'house-price'), join(root, 'pod'))
}

async function failure(example: ExampleRepository): Promise<[string, string?]> {
  const error = await prepare(example).catch((thrown: unknown) => thrown)
  assert.instance(error, Failure)
  return [(error as Failure).message, (error as Failure).fix]
}

test('configuration is that of the ConfigMaps to the letter, and the cache holds both versions by digest', async () => {
  await withExample(async (example) => {
    const pod = await prepare(example)
    const boot = readFileSync(pod.bootPath, 'utf8')
    const inManifest = boot.replaceAll(/^(?=.)/gm, '    ')
    assert.match(example.read(BOOT_MAP), inManifest.trimEnd())
    const routing = JSON.parse(readFileSync(pod.routingPath, 'utf8'))
    const versions = [...JSON.parse(boot).models[0].versions, ...routing.models[0].versions]
    assert.equal(
      versions.map(({ release }) => release),
      [example.stable('production', 'house-price'), example.stable('staging', 'house-price')],
    )
    const digests = versions.flatMap(({ artifact, goldenSamples, baseline }) =>
      [artifact, goldenSamples, baseline].map(({ sha256 }) => sha256),
    )
    assert.equal(readdirSync(join(pod.cacheDirectory, 'sha256')).sort(), [...new Set(digests)].sort())
  })
})

test('what is not on this machine is left to the server, which fetches it by its address', async () => {
  await withExample(async (example) => {
    example.remove('models/house-price/artifacts/1.1.0')
    const { cacheDirectory } = await prepare(example)
    assert.is(readdirSync(join(cacheDirectory, 'sha256')).length, 3)
  })
})

test('a model that was not synthesized, or not since its pin changed, is no pod', async () => {
  await withExample(async (example) => {
    example.edit(BOOT_MAP, 'boot.json:', 'boots.json:')
    assert.equal(await failure(example), [`${BOOT_MAP} holds no boot.json`, 'Run modelyard synth.'])
    example.remove(BOOT_MAP)
    assert.equal(await failure(example), [`${BOOT_MAP} does not exist`, 'Run modelyard synth.'])
  })
  await withExample(async (example) => {
    const [now, next] = [example.stable('production', 'house-price'), example.stable('staging', 'house-price')]
    example.write('environments/production/pins/house-price.yaml', `stable: ${next}\n`)
    assert.equal(await failure(example), [
      `dist/production/models/house-price configures ${now}, and the pin names ${next}`,
      'Run modelyard synth.',
    ])
  })
})

test.run()
