import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { promote } from '../promotion/index.ts'
import { type ExampleClone, REPOSITORY, withExampleClone } from '../testing/example-repository.ts'
import { runCommand } from './testing/command.ts'
import { gitLines, isolateGit, proposalOptions, pushToMain } from './testing/proposals.ts'

const test = suite('line ends')

test.before(isolateGit)

const MODEL = 'diabetes-progression'
const BRANCH = `promote/${MODEL}/production`

/** Checks everything out again as Git for Windows does by default. */
async function checkOutWithCrlf(clone: ExampleClone): Promise<void> {
  await clone.git.git(['config', 'core.autocrlf', 'true'])
  for (const folder of ['models', 'environments', 'dist']) rmSync(join(clone.root, folder), { recursive: true })
  await clone.git.git(['checkout', '--quiet', '--', '.'])
}

const tree = (clone: ExampleClone) => gitLines(clone, 'ls-tree', '-r', BRANCH)

test('with core.autocrlf and the .gitattributes that init writes, every command works and promotes the same bytes', async () => {
  let expected: string[] = []
  await withExampleClone(async (clone) => {
    clone.write('.gitattributes', readFileSync(join(REPOSITORY, '.gitattributes'), 'utf8'))
    await clone.git.git(['add', '.gitattributes'])
    await pushToMain(clone, 'Add .gitattributes')
    await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone, { push: false }))
    expected = await tree(clone)
    await clone.git.git(['branch', '--quiet', '-D', BRANCH])
    await checkOutWithCrlf(clone)
    assert.is((await runCommand(clone, 'synth', '--check')).code, 0)
    const validated = await runCommand(clone, 'validate')
    assert.is(validated.code, 0, validated.stdout)
    await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone, { push: false }))
    assert.equal(await tree(clone), expected)
  })
})

test('without .gitattributes, dist/ is current, promotions are the same bytes, and artifacts name the cause', async () => {
  await withExampleClone(async (clone) => {
    await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone, { push: false }))
    const expected = await tree(clone)
    await clone.git.git(['branch', '--quiet', '-D', BRANCH])
    await checkOutWithCrlf(clone)
    assert.match(clone.read(`dist/production/models/${MODEL}/deployment.yaml`), '\r\n')
    assert.is((await runCommand(clone, 'synth', '--check')).code, 0)
    const { stdout } = await runCommand(clone, 'validate', '--json')
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; message: string }[] }
    const wrong = findings.filter(({ rule }) => rule === 'artifact-digest')
    const texts = readdirSync(join(clone.root, 'models'), { recursive: true, encoding: 'utf8' })
    assert.is(wrong.length, texts.filter((file) => /artifacts.*\.json$/.test(file)).length)
    for (const { message } of wrong) assert.match(message, 'was checked out with CRLF line ends')
    assert.equal([...new Set(findings.map(({ rule }) => rule))].sort(), [
      'artifact-digest',
      'image-placeholder',
      'ingress-open',
    ])
    await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone, { push: false }))
    assert.equal(await tree(clone), expected)
  })
})

test.run()
