import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { openRepository } from './git.ts'
import { failureOf, isolateGit, runGit, withGit } from './testing/git-fixture.ts'

isolateGit()
const made: string[] = []
const empty = () => {
  const directory = mkdtempSync(join(tmpdir(), 'pull-request-test-'))
  made.push(directory)
  return directory
}
test.after(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

test('a folder outside Git is refused with what to do', async () => {
  const failure = await failureOf(() => openRepository(empty()))
  assert.instance(failure, Failure)
  assert.match(failure.message, 'is not in a Git repository')
  assert.match(failure.fix ?? '', 'git init')
})

test('a folder that does not exist is refused', async () => {
  assert.match((await failureOf(() => openRepository('/nowhere/at/all'))).message, 'does not exist')
})

test('a repository without a commit is refused', async () => {
  const root = empty()
  runGit(root, 'init', '--quiet')
  assert.match((await failureOf(() => openRepository(root))).message, 'without a commit')
})

test('a machine without git is told to install it', async () => {
  const path = process.env['PATH']
  const root = empty()
  process.env['PATH'] = root
  try {
    assert.match((await failureOf(() => openRepository(root))).message, 'git is not installed')
  } finally {
    process.env['PATH'] = path
  }
})

test('a folder inside a larger repository knows where it is', async () => {
  await withGit(async ({ root }) => {
    mkdirSync(join(root, 'ml/models'), { recursive: true })
    assert.is((await openRepository(join(root, 'ml'))).prefix, 'ml/')
    assert.is((await openRepository(root)).prefix, '')
  })
})

test('variables that git sets for hooks do not turn commands to another repository', async () => {
  await withGit(async ({ repository, root }) => {
    process.env['GIT_DIR'] = '/somewhere/else'
    process.env['EDITOR'] = 'vi'
    try {
      assert.is((await repository.git(['rev-parse', '--show-toplevel'])).trim(), root)
    } finally {
      delete process.env['GIT_DIR']
      delete process.env['EDITOR']
    }
  })
})

test('a command that fails in silence is a failure', async () => {
  await withGit(async ({ repository, write }) => {
    write('pin.yaml', 'changed')
    assert.match((await failureOf(() => repository.git(['diff', '--quiet']))).message, 'exit code 1')
  })
})

test.run()
