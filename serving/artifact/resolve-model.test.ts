import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServedVersion } from '../contract/index.ts'
import { createSession } from '../session/index.ts'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { cleanUp, referenceTo, scratch } from '../testing/server.ts'
import { ArtifactError } from './artifact-error.ts'
import { createContentCache } from './content-cache.ts'
import { resolveModel } from './resolve-model.ts'
import { sha256File } from './sha256-file.ts'

test.after.each(cleanUp)

async function externalModel(path = 'weights/w.bin'): Promise<ServedVersion['artifact']> {
  const weights = await referenceTo(fixture('external-weights.bin'))
  return { ...(await referenceTo(fixture('external.onnx'))), externalData: [{ ...weights, path }] }
}

test('a model without external data is the file in the cache', async () => {
  const directory = scratch()
  const reference = await referenceTo(fixture('diabetes.onnx'))
  const path = await resolveModel(createContentCache(directory), { ...reference, externalData: [] })
  assert.is(path, join(directory, 'sha256', reference.sha256))
})

test('external data lies beside the model under its path, and the model runs', async () => {
  const directory = scratch()
  const path = await resolveModel(createContentCache(directory), await externalModel())
  assert.equal(readFileSync(join(dirname(path), 'weights/w.bin')), readFileSync(fixture('external-weights.bin')))
  const session = await createSession(path, INTERFACES.external)
  const x = { datatype: 'float32' as const, shape: [1, 4], data: Float32Array.of(1, 0, 0, 1) }
  assert.equal((await session.run({ x })).y?.data, Float32Array.of(6, 8))
  await session.release()
})

test('the same model is put together once', async () => {
  const directory = scratch()
  const first = await resolveModel(createContentCache(directory), await externalModel())
  const again = await resolveModel(createContentCache(directory), await externalModel())
  assert.is(again, first)
})

test('a directory that was damaged is put together again', async () => {
  const directory = scratch()
  const path = await resolveModel(createContentCache(directory), await externalModel())
  const weights = join(dirname(path), 'weights/w.bin')
  rmSync(weights)
  writeFileSync(weights, 'rot')
  assert.is(await resolveModel(createContentCache(directory), await externalModel()), path)
  assert.equal(readFileSync(weights), readFileSync(fixture('external-weights.bin')))
})

test('external data may not leave the directory or replace the model', async () => {
  const directory = scratch()
  const cache = createContentCache(directory)
  for (const path of ['../w.bin', '/tmp/w.bin', 'a/../../w.bin', 'C:\\w.bin', 'a//b', 'model.onnx', '.']) {
    const error = await resolveModel(cache, await externalModel(path)).catch((reason: unknown) => reason)
    assert.instance(error, ArtifactError, path)
    assert.is((error as ArtifactError).code, 'artifact-path-unsafe')
  }
})

test('the digest and size of a file are those that sha256sum and stat give', async () => {
  assert.equal(await sha256File(fixture('external-weights.bin')), {
    sha256: '0571cfe42be5c7b95de9afc7c7ba1286fb7a2ef10a9035f8d6b87d21a3bc8387',
    size: 32,
  })
})

test.run()
