import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServedVersion } from '../contract/index.ts'
import { goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import { allocatingModel, endlessModel, HOSTILE_INTERFACE } from '../testing/hostile-models.ts'
import { logLines } from '../testing/log.ts'
import {
  bootConfiguration,
  cleanUp,
  mountConfigMap,
  referenceTo,
  routingConfiguration,
  scratch,
  servedVersion,
  testServer,
} from '../testing/server.ts'
import { createProofs } from './index.ts'

test.after.each(cleanUp)

const LIMITS = { memoryBytes: 192 * 2 ** 20, callMs: 400 }

/** A version of which nobody gave samples: made-up rows have to do. */
async function hostileVersion(model: Uint8Array): Promise<ServedVersion> {
  const path = join(scratch(), 'model.onnx')
  writeFileSync(path, model)
  return {
    name: '6.6.6',
    artifact: { ...(await referenceTo(path)), externalData: [] },
    interface: HOSTILE_INTERFACE,
    batching: { maxSize: 32, maxDelayMs: 0 },
    strict: false,
  }
}

test('a candidate that allocates or loops is refused, remembered, and the stable version answers all along', async () => {
  const stable = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, {
    samples: 'diabetes.samples.json',
  })
  const sample = goldenSamples('diabetes').samples[0]
  for (const [model, code, reason] of [
    [endlessModel(), 'model-timed-out', /longer than 0.4 s to answer a call/],
    [allocatingModel(3_800_000_000), 'model-memory-exceeded', /more than 192 MiB of memory/],
  ] as const) {
    const candidate = await hostileVersion(model)
    const directory = scratch()
    const routed = { versions: [candidate], candidate: { version: '6.6.6', mode: 'canary' as const, weight: 50 } }
    const start = async () => {
      const { logger, lines } = logLines()
      const proofs = createProofs(join(directory, 'proofs'), LIMITS)
      const mount = mountConfigMap(join(directory, `routing-${Math.random()}`), 'routing.json')
      const server = await testServer(bootConfiguration({ diabetes: stable }), {
        routingPath: mount.path,
        proofs,
        logger,
      })
      mount.update(JSON.stringify(routingConfiguration([{ name: 'diabetes', ...routed }])))
      for (;;) {
        const { status, json } = await server.post('/models/diabetes/predict', sample?.features)
        assert.equal([status, json.version], [200, '1.0.0'])
        const refused = lines.find(({ msg, version }) => msg === 'version refused' && version === '6.6.6')
        if (refused === undefined) continue
        await server.close()
        return refused
      }
    }
    const refused = await start()
    assert.match(String(refused.reason), reason)
    assert.is(refused.code, code)
    // After a restart nothing is tried again: the model that hung is not even opened.
    const again = await start()
    assert.is(again.code, code)
    assert.match(String(again.reason), 'when it was tried before')
  }
})

test('an interface that promises requests beyond the memory is refused before one is made up', async () => {
  const version = await hostileVersion(allocatingModel(4096))
  const inputs = [{ name: 'x', datatype: 'float32' as const, shape: [1000, 1000, 1000] }]
  const huge = { ...version, interface: { ...version.interface, inputs } }
  const server = await testServer(bootConfiguration({ hostile: huge }), { proofs: createProofs(scratch(), LIMITS) })
  assert.match((await server.get('/readyz')).text, 'model-memory-exceeded')
})

test('a server that ended three times while it tried a version tries it no more', async () => {
  const version = await servedVersion('1.0.0', 'iris.onnx', INTERFACES.iris)
  const directory = join(scratch(), 'proofs')
  const state = async () => {
    const server = await testServer(bootConfiguration({ iris: version }), { proofs: createProofs(directory) })
    const { models } = (await server.get('/readyz')).json
    return models[0].state as string
  }
  assert.is(await state(), 'ready')
  const [file = ''] = readdirSync(directory)
  const record = (value: object) => writeFileSync(join(directory, file), JSON.stringify(value))
  assert.equal(JSON.parse(readFileSync(join(directory, file), 'utf8')), { outcome: 'proved' })
  record({ outcome: 'started', attempts: 2 })
  assert.is(await state(), 'ready')
  record({ outcome: 'started', attempts: 3 })
  assert.is(await state(), 'refused')
  writeFileSync(join(directory, file), '{"outcome":"ref')
  assert.is(await state(), 'ready')
})

test('a refusal for want of memory holds until there is more of it', async () => {
  const version = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, {
    samples: 'diabetes.samples.json',
  })
  const directory = join(scratch(), 'proofs')
  const state = async (memoryBytes: number) => {
    const proofs = createProofs(directory, { memoryBytes })
    const server = await testServer(bootConfiguration({ diabetes: version }), { proofs })
    return (await server.get('/readyz')).json.models[0].state as string
  }
  assert.is(await state(2 ** 30), 'ready')
  const [file = ''] = readdirSync(directory)
  const refusal = { outcome: 'refused', code: 'model-memory-exceeded', message: 'too much', memoryBytes: 2 ** 28 }
  writeFileSync(join(directory, file), JSON.stringify(refusal))
  assert.is(await state(2 ** 28), 'refused')
  assert.is(await state(2 ** 30), 'ready')
})

test.run()
