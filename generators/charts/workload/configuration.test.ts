import { bootConfigurationSchema, routingConfigurationSchema } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PlannedModel } from '../../repository/index.ts'
import {
  FILES,
  pinText,
  R1,
  R2,
  release,
  SETTINGS,
  V1,
  V2,
  versionFile,
  withRepository,
} from '../../testing/repository-fixture.ts'
import { schemaCheck } from '../../text/index.ts'
import { formatYaml } from '../../yaml/index.ts'
import { bootConfiguration, routingConfiguration } from './configuration.ts'

const checkBoot = schemaCheck('schema-invalid', bootConfigurationSchema)
const checkRouting = schemaCheck('schema-invalid', routingConfigurationSchema)
const located = { file: 'boot.json', lineOf: () => 1 }

const CANDIDATE = { release: R2.name, mode: 'ab', weight: 25, header: 'x-user' } as const
const ADDRESS = 'https://store.example.com/sha256/'

async function production(pin: string, look: (model: PlannedModel) => void, files = {}): Promise<void> {
  await withRepository({ [FILES.productionPin]: pin, ...files }, async ({ planned }) =>
    look(await planned('production')),
  )
}

function content({ sha256, size }: { sha256: string; size: number }) {
  return { address: `${ADDRESS}${sha256}`, sha256, size }
}

const SERVED_V1 = {
  name: '1.0.0',
  release: R1.name,
  artifact: { ...content(V1.bundle.model), externalData: [] },
  goldenSamples: content(V1.bundle.goldenSamples as { sha256: string; size: number }),
  baseline: content(V1.bundle.baseline as { sha256: string; size: number }),
  interface: V1.interface,
  batching: { maxSize: 16, maxDelayMs: 2 },
  strict: false,
  card: {
    owner: SETTINGS.owner,
    metrics: V1.evaluation.metrics,
    lineage: { 'measuredOn.name': 'wine', 'measuredOn.split': 'test', 'measuredOn.rows': '100', run: 'run-1' },
  },
}

test('the boot configuration holds the stable version, with everything the server needs to load it', async () => {
  await production(pinText({ stable: R1.name, candidate: CANDIDATE }), (model) => {
    const boot = bootConfiguration(model)
    assert.equal(checkBoot(boot, located), [])
    assert.equal(boot, {
      apiVersion: 'modelyard.dev/v1',
      server: { port: 8080, threads: 1, bodyLimit: 16_777_216, drain: { delaySeconds: 10, timeoutSeconds: 30 } },
      models: [{ name: 'wine', stable: '1.0.0', versions: [SERVED_V1], slo: { latencyP99Ms: 40 } }],
    })
  })
})

test('the routing configuration holds the candidate, with its share', async () => {
  await production(pinText({ stable: R1.name, candidate: CANDIDATE }), (model) => {
    const routing = routingConfiguration(model)
    assert.equal(checkRouting(routing, located), [])
    const [routed, ...others] = routing.models
    assert.equal(others, [])
    assert.is(routed?.name, 'wine')
    assert.equal(routed?.candidate, { version: '1.1.0', mode: 'ab', weight: 25, header: 'x-user' })
    assert.equal(
      routed?.versions.map(({ name, release, artifact }) => [name, release, artifact.sha256]),
      [['1.1.0', R2.name, V2.bundle.model.sha256]],
    )
  })
})

test('without a candidate the routing configuration routes nothing', async () => {
  await production(pinText({ stable: R1.name }), (model) => {
    const routing = routingConfiguration(model)
    assert.equal(checkRouting(routing, located), [])
    assert.equal(routing.models, [{ name: 'wine', versions: [], candidate: null }])
  })
})

test('a candidate brings its own batching, and refuses what its own release says', async () => {
  const strict = release(V2, { settings: { ...SETTINGS, strict: true, batching: { maxSize: 1, maxDelayMs: 0 } } })
  const pin = pinText({ stable: R1.name, candidate: { release: strict.name, mode: 'shadow', weight: 100 } })
  const files = { [`models/wine/releases/${strict.name}.yaml`]: strict.text }
  await production(
    pin,
    (model) => {
      const version = routingConfiguration(model).models[0]?.versions[0]
      assert.equal(version?.batching, { maxSize: 1, maxDelayMs: 0 })
      assert.is(version?.strict, true)
      assert.is(bootConfiguration(model).models[0]?.versions[0]?.strict, false)
    },
    files,
  )
})

test('a first environment serves versions without a release', async () => {
  await withRepository({}, async ({ planned }) => {
    const boot = bootConfiguration(await planned('development'))
    assert.equal(checkBoot(boot, located), [])
    assert.not('release' in (boot.models[0]?.versions[0] ?? {}))
  })
})

test('external data is named as the graph names it, and what a version lacks is left out', async () => {
  const data = { name: 'weights/part 1.bin', path: 'artifacts/1.0.0/w.bin', sha256: 'e'.repeat(64), size: 7 }
  const version = versionFile('1.0.0', { bundle: { model: V1.bundle.model, externalData: [data] } })
  const files = { [FILES.v1]: formatYaml(version) }
  await production(
    pinText({ stable: R1.name }),
    (model) => {
      const boot = bootConfiguration(model)
      assert.equal(checkBoot(boot, located), [])
      const served = boot.models[0]?.versions[0]
      assert.equal(served?.artifact.externalData, [{ ...content(data), path: 'weights/part 1.bin' }])
      assert.not('goldenSamples' in (served ?? {}))
      assert.not('baseline' in (served ?? {}))
    },
    files,
  )
})

test('one inference call uses as many threads as the CPU limit has cores, rounded up', async () => {
  await withRepository({}, async ({ planned }) => {
    const model = await planned('production')
    const threads = ['100m', '1', '1001m', '4'].map((cpuLimit) => {
      const effectiveSettings = {
        ...model.effectiveSettings,
        resources: { ...model.effectiveSettings.resources, cpuLimit },
      }
      return bootConfiguration({ ...model, effectiveSettings }).server.threads
    })
    assert.equal(threads, [1, 1, 2, 4])
  })
})

test.run()
