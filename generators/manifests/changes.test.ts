import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { applyChanges, compareWithDist, formatDiff, inspectDist, writeAtomically } from './changes.ts'
import { HEADER } from './render.ts'

/** A folder with these files, removed afterwards. */
async function withFiles(files: Record<string, string>, look: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'modelyard-changes-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    await look(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Not through links. */
const filesIn = (root: string, folder = ''): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      return entry.isDirectory() ? filesIn(root, path) : entry.isFile() ? [path] : []
    })
    .sort()

const CHANGES = [
  { path: 'dist/a/added.yaml', after: 'one\ntwo\n' },
  { path: 'dist/a/changed.yaml', before: 'a\nb\nc\nd\ne\nf\n', after: 'a\nb\nc\nd\nE\nf\n' },
  { path: 'dist/b/removed.yaml', before: 'gone\n' },
]
const BEFORE = { 'dist/a/changed.yaml': 'a\nb\nc\nd\ne\nf\n', 'dist/b/removed.yaml': 'gone\n' }

test('a diff shows what is added, changed and removed, with three lines around it', () => {
  assert.is(
    formatDiff(CHANGES),
    `--- /dev/null
+++ b/dist/a/added.yaml
@@ -0,0 +1,2 @@
+one
+two
--- a/dist/a/changed.yaml
+++ b/dist/a/changed.yaml
@@ -2,5 +2,5 @@
 b
 c
 d
-e
+E
 f
--- a/dist/b/removed.yaml
+++ /dev/null
@@ -1,1 +0,0 @@
-gone
`,
  )
  assert.is(formatDiff([]), '')
})

test('git applies a diff to the same bytes as we do', async () => {
  await withFiles(BEFORE, async (root) => {
    const ours = join(root, 'ours')
    cpSync(join(root, 'dist'), join(ours, 'dist'), { recursive: true })
    await applyChanges(ours, CHANGES)
    execFileSync('git', ['apply', '-'], { cwd: root, input: formatDiff(CHANGES) })
    assert.equal(filesIn(join(root, 'dist')), filesIn(join(ours, 'dist')))
    for (const path of filesIn(join(ours, 'dist'))) {
      assert.is(readFileSync(join(root, 'dist', path), 'utf8'), readFileSync(join(ours, 'dist', path), 'utf8'), path)
    }
  })
})

test('comparing finds added, changed and stale files, sorted, and writes nothing', async () => {
  const files = {
    'dist/a/changed.yaml': 'old\n',
    'dist/a/same.yaml': 'same\n',
    'dist/a/stale.yaml': `${HEADER}x\n`,
    'dist/a/foreign.yaml': 'x\n',
  }
  await withFiles(files, async (root) => {
    const manifests = new Map([
      ['dist/b/added.yaml', 'new\n'],
      ['dist/a/same.yaml', 'same\n'],
      ['dist/a/changed.yaml', 'new\n'],
    ])
    assert.equal(await compareWithDist(root, manifests, {}), [
      { path: 'dist/a/changed.yaml', before: 'old\n', after: 'new\n' },
      { path: 'dist/a/stale.yaml', before: `${HEADER}x\n` },
      { path: 'dist/b/added.yaml', after: 'new\n' },
    ])
    assert.equal(filesIn(root), Object.keys(files).sort())
  })
})

test('everything in dist/ that synth did not write is foreign, in whatever folder and of whatever kind', async () => {
  const files = {
    'dist/a/ours.yaml': `${HEADER}x\n`,
    'dist/a/stale.yaml': `${HEADER}y\n`,
    'dist/a/argocd/takeover.yaml': 'kind: AppProject\n',
    'dist/a/almost.yaml': HEADER.slice(0, -1),
    'dist/a/.hidden/role.yaml': 'kind: ClusterRole\n',
    'dist/a/node_modules/x/role.json': '{}',
    'dist/a/node_modules/x/role.yml': 'kind: ClusterRole\n',
    'dist/a/notes.txt': '',
    'dist/a/ours.yaml.4711.tmp': 'half of a fi',
    'dist/unknown/x.yaml': 'kind: Role\n',
    'elsewhere/secret.yaml': 'kind: Secret\n',
  }
  await withFiles(files, async (root) => {
    symlinkSync('../../elsewhere/secret.yaml', join(root, 'dist/a/linked.yaml'))
    symlinkSync('../elsewhere', join(root, 'dist/linked'))
    execFileSync('mkfifo', [join(root, 'dist/a/pipe.yaml')])
    const { changes, foreign } = await inspectDist(root, new Map([['dist/a/ours.yaml', `${HEADER}x\n`]]), {})
    assert.equal(
      changes.map(({ path, after }) => [path, after]),
      [
        ['dist/a/ours.yaml.4711.tmp', undefined],
        ['dist/a/stale.yaml', undefined],
      ],
    )
    assert.equal(
      foreign.map(({ file, rule, severity }) => [file, rule, severity]),
      [
        'dist/a/.hidden/role.yaml',
        'dist/a/almost.yaml',
        'dist/a/argocd/takeover.yaml',
        'dist/a/linked.yaml',
        'dist/a/node_modules/x/role.json',
        'dist/a/node_modules/x/role.yml',
        'dist/a/notes.txt',
        'dist/a/pipe.yaml',
        'dist/linked',
        'dist/unknown/x.yaml',
      ].map((file) => [file, 'dist-foreign', 'error']),
    )
  })
})

test('nothing is written or removed through a link, wherever it stands in the path', async () => {
  for (const link of ['dist', 'dist/a', 'dist/a/models', 'dist/a/models/x.yaml']) {
    await withFiles(
      { 'elsewhere/models/x.yaml': `${HEADER}theirs\n`, 'elsewhere/x.yaml': 'theirs\n' },
      async (root) => {
        mkdirSync(dirname(join(root, link)), { recursive: true })
        symlinkSync(join(root, link.endsWith('.yaml') ? 'elsewhere/x.yaml' : 'elsewhere'), join(root, link))
        const manifests = new Map([['dist/a/models/x.yaml', `${HEADER}ours\n`]])
        const { changes, foreign } = await inspectDist(root, manifests, {})
        assert.equal(
          foreign.map(({ file }) => file),
          [link],
        )
        for (const some of [changes, [{ path: 'dist/a/models/x.yaml', before: 'x' }]]) {
          try {
            await applyChanges(root, [{ path: 'dist/b/first.yaml', after: 'x' }, ...some])
            assert.unreachable()
          } catch (error) {
            assert.instance(error, Failure)
            assert.is((error as Failure).message, `${link} is a symbolic link`)
          }
        }
        assert.equal(filesIn(root), ['elsewhere/models/x.yaml', 'elsewhere/x.yaml'])
        assert.is(readFileSync(join(root, 'elsewhere/models/x.yaml'), 'utf8'), `${HEADER}theirs\n`)
      },
    )
  }
})

test('a repository without dist/ has nothing to remove', async () => {
  await withFiles({ 'models/x': '' }, async (root) => {
    assert.equal(await compareWithDist(root, new Map(), {}), [])
  })
})

test('folders left empty go, up to dist/ itself, which stays', async () => {
  await withFiles({ 'dist/a/b/c/x.yaml': 'x\n', 'dist/a/keep.txt': '' }, async (root) => {
    await applyChanges(root, [{ path: 'dist/a/b/c/x.yaml', before: 'x\n' }])
    assert.equal(readdirSync(join(root, 'dist/a')), ['keep.txt'])
  })
  await withFiles({ 'dist/a/x.yaml': 'x\n' }, async (root) => {
    await applyChanges(root, [{ path: 'dist/a/x.yaml', before: 'x\n' }])
    assert.equal(readdirSync(join(root, 'dist')), [])
  })
})

test('writing replaces the whole file and leaves no other beside it', async () => {
  await withFiles({ 'a/x.yaml': 'a much longer text than before\n' }, async (root) => {
    await writeAtomically(root, 'a/x.yaml', 'short\n')
    await writeAtomically(root, 'new/folder/y.bin', new Uint8Array([0, 255]))
    assert.equal(filesIn(root), ['a/x.yaml', 'new/folder/y.bin'])
    assert.is(readFileSync(join(root, 'a/x.yaml'), 'utf8'), 'short\n')
    assert.equal([...readFileSync(join(root, 'new/folder/y.bin'))], [0, 255])
  })
})

test('writing that fails leaves what was there, and no temporary file', async () => {
  await withFiles({ 'x.yaml/inside': 'a folder stands where the file should go' }, async (root) => {
    try {
      await writeAtomically(root, 'x.yaml', 'text')
      assert.unreachable()
    } catch (error) {
      assert.match((error as NodeJS.ErrnoException).code ?? '', /^(EISDIR|ENOTEMPTY|EPERM|EEXIST)$/)
    }
    assert.ok(statSync(join(root, 'x.yaml')).isDirectory())
    assert.equal(filesIn(root), ['x.yaml/inside'])
  })
})

test.run()
