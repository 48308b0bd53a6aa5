import { createHash } from 'node:crypto'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../serving/testing/fixtures.ts'
import type { Finding } from '../findings/index.ts'
import { loadRepository } from '../repository/index.ts'
import { type ExampleRepository, withExample } from '../testing/example-repository.ts'
import { checkArtifacts } from './artifact.ts'

const test = suite('artifacts')

/** A version that no release seals and no pin names, so that a change of it is one finding. */
const VERSION = 'models/house-price/versions/2.0.0.yaml'
const ONNX = 'models/house-price/artifacts/2.0.0/model.onnx'
const PATH = 'artifacts/2.0.0/model.onnx'

/** What the check says after `change`, the version's own content being that of 1.1.0. */
async function findings(change: (example: ExampleRepository) => void): Promise<Finding[]> {
  let found: Finding[] = []
  await withExample(async (example) => {
    const { root, read, write } = example
    const registered = read('models/house-price/versions/1.1.0.yaml')
    write(VERSION, registered.replace('version: 1.1.0', 'version: 2.0.0').replace('artifacts/1.1.0/model.onnx', PATH))
    useArtifact(example, join(root, 'models/house-price/artifacts/1.1.0/model.onnx'))
    change(example)
    const repository = await loadRepository(root)
    assert.equal(repository.findings, [])
    found = await checkArtifacts(repository)
  })
  return found
}

/** Puts a file in the artifact's place and its digest and size into the version. */
function useArtifact({ root, read, write }: ExampleRepository, file: string): void {
  mkdirSync(dirname(join(root, ONNX)), { recursive: true })
  copyFileSync(file, join(root, ONNX))
  const content = readFileSync(file)
  const text = read(VERSION).replace(/sha256: \w+/, `sha256: ${createHash('sha256').update(content).digest('hex')}`)
  write(VERSION, text.replace(/size: \d+/, `size: ${content.length}`))
}

const place = ({ rule, file, line, severity }: Finding) => [rule, severity, file, line]

test('every file of every version here is what its version says', async () => {
  assert.equal(await findings(() => {}), [])
})

test('an artifact that predicts something else than its golden samples is found at those', async () => {
  let line = 0
  const [finding, ...rest] = await findings((example) => {
    // Another version of the same interface, with its own digest: only what it predicts tells them apart.
    useArtifact(example, join(example.root, 'models/house-price/artifacts/1.0.0/model.onnx'))
    line = example.lineOf(VERSION, 'goldenSamples:')
  })
  assert.equal(rest, [])
  assert.equal(finding && place(finding), ['golden-sample-failed', 'error', VERSION, line])
  assert.match(finding?.message ?? '', /^[1-9]\d* of 24 golden samples fail: .*price\[0\] is \S+, expected \S+/)
})

test('an artifact with another content is found at the digest, with both', async () => {
  let line = 0
  const [finding, ...rest] = await findings(({ root, lineOf }) => {
    line = lineOf(VERSION, 'sha256:')
    appendFileSync(join(root, ONNX), '!')
  })
  assert.equal(rest, [])
  assert.equal(finding && place(finding), ['artifact-digest', 'error', VERSION, line])
  const digests = /^(\S+) has sha256 \w{64} \((\d+) bytes\), and the version names \w{64} \((\d+) bytes\)$/
  const [, path, now, sealed] = digests.exec(finding?.message ?? '') ?? []
  assert.equal([path, Number(now) - Number(sealed)], [PATH, 1])
})

test('a Git LFS pointer is content that is not here, and names the command that fetches it', async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`
  const [finding, ...more] = await findings(({ write }) => write(ONNX, pointer))
  assert.equal(more, [])
  assert.is(finding?.rule, 'artifact-unavailable')
  assert.match(finding?.fix ?? '', `git lfs pull --include "${ONNX}"`)
})

test('golden samples with a wrong digest are found at their own line', async () => {
  let line = 0
  const found = await findings(({ edit, read, lineOf }) => {
    const [, digest = ''] = /goldenSamples:\n.*\n {4}sha256: (\w{64})/.exec(read(VERSION)) ?? []
    edit(VERSION, digest, 'f'.repeat(64))
    line = lineOf(VERSION, 'f'.repeat(64))
  })
  assert.equal(found.map(place), [['artifact-digest', 'error', VERSION, line]])
})

test('a file that is not here could not be checked, which is no error and not valid either', async () => {
  let line = 0
  const [finding, ...rest] = await findings(({ lineOf, remove }) => {
    line = lineOf(VERSION, `path: ${PATH}`)
    remove(ONNX)
  })
  assert.equal(rest, [])
  assert.equal(finding && place(finding), ['artifact-unavailable', 'warning', VERSION, line])
  assert.is(finding?.message, `${PATH} could not be read (ENOENT)`)
  assert.is(finding?.fix, 'Restore the file from Git or from the store.')
})

test('a file of a package that is not installed says how to install it', async () => {
  const found = await findings(({ remove }) => remove('node_modules'))
  assert.equal(
    found.map(({ rule, file, fix }) => [rule, file, fix]),
    [
      [
        'artifact-unavailable',
        'models/voice-activity/versions/1.0.0.yaml',
        'Run npm ci, development dependencies included.',
      ],
    ],
  )
})

test('a file that is only in a store is could-not-check', async () => {
  const found = await findings(({ edit }) => edit(VERSION, `    path: ${PATH}\n`, ''))
  assert.equal(
    found.map(({ rule, message }) => [rule, message]),
    [['artifact-unavailable', 'model is only in a store: its content could not be checked here']],
  )
})

test('an interface that differs from the graph is found at its line in the version file', async () => {
  let line = 0
  const found = await findings(({ edit, lineOf }) => {
    edit(VERSION, 'name: bedrooms\n      datatype: int64', 'name: bedrooms\n      datatype: float32')
    line = lineOf(VERSION, 'name: bedrooms') + 1
  })
  assert.equal(found.map(place), [['interface-differs', 'error', VERSION, line]])
  assert.match(found[0]?.message ?? '', /^inputs\[1\]\.datatype: .*float32.*int64/)
})

test('an input that the graph does not have, and one that it has besides, are both found', async () => {
  const found = await findings(({ edit }) =>
    edit(VERSION, '- name: lotsize\n      datatype', '- name: plot\n      datatype'),
  )
  assert.ok(found.length >= 1)
  for (const { rule, file } of found) assert.equal([rule, file], ['interface-differs', VERSION])
  const messages = found.map(({ message }) => message).join('\n')
  assert.match(messages, '"plot"')
  assert.match(messages, '"lotsize"')
})

test('a graph that the Node binding cannot serve is unsupported', async () => {
  const found = await findings((example) => useArtifact(example, fixture('zipmap.onnx')))
  const unsupported = found.filter(({ rule }) => rule === 'model-unsupported')
  assert.equal(unsupported.map(place), [['model-unsupported', 'error', VERSION, 5]])
  assert.match(unsupported[0]?.fix ?? '', '"zipmap": False')
})

test('a file that was cut short, though its digest is right, is not a sound model', async () => {
  const found = await findings((example) => {
    const cut = join(example.root, 'cut.onnx')
    example.write('cut.onnx', '')
    const whole = readFileSync(join(example.root, ONNX))
    appendFileSync(cut, whole.subarray(0, whole.length / 2))
    useArtifact(example, cut)
  })
  assert.equal(found.map(place), [['model-unreadable', 'error', VERSION, 5]])
})

test.run()
