import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRepository } from './git.ts'
import { scalarHistory } from './scalar-history.ts'
import { isolateGit, runGit, withGit } from './testing/git-fixture.ts'

isolateGit()

test('each change of a file is there once, newest first, a merged branch as its merge', async () => {
  await withGit(async ({ repository, git, commit }) => {
    const first = git('rev-parse', 'HEAD')
    git('switch', '--quiet', '--create', 'promote')
    commit('pin.yaml', 'stable: 1.0.1\n', 'Inside the branch')
    commit('pin.yaml', 'stable: 2.0.0 # größer\n', 'Inside the branch, again')
    git('switch', '--quiet', 'main')
    commit('other.txt', 'x', 'Unrelated')
    git('merge', '--quiet', '--no-ff', '--message', 'Promote to 2.0.0 (#7)', 'promote')
    const merge = git('rev-parse', 'HEAD')
    const third = commit('pin.yaml', 'stable: 1.0.0\n', 'Roll back')

    const history = await scalarHistory(repository, 'pin.yaml')
    assert.equal(
      history.map(({ commit: id, subject, author, text }) => ({ id, subject, author, text })),
      [
        { id: third, subject: 'Roll back', author: 'Ada', text: 'stable: 1.0.0\n' },
        { id: merge, subject: 'Promote to 2.0.0 (#7)', author: 'Ada', text: 'stable: 2.0.0 # größer\n' },
        { id: first, subject: 'Start', author: 'Ada', text: 'stable: 1.0.0\n' },
      ],
    )
    assert.match(history[0]?.date ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/)
    assert.is((await scalarHistory(repository, 'pin.yaml', { from: 'HEAD~1' })).length, 2)
  })
})

test('a removed file has no text, and one that never was has no history', async () => {
  await withGit(async ({ repository, git }) => {
    git('rm', '--quiet', 'pin.yaml')
    git('commit', '--quiet', '--message', 'Retire')
    const history = await scalarHistory(repository, 'pin.yaml')
    assert.equal(
      history.map(({ subject, text }) => [subject, text]),
      [
        ['Retire', undefined],
        ['Start', 'stable: 1.0.0\n'],
      ],
    )
    assert.equal(await scalarHistory(repository, 'never.yaml'), [])
  })
})

test('the end of a shallow clone is marked, since the change itself may be older', async () => {
  await withGit(async ({ root, remote, git, commit }) => {
    commit('other.txt', 'x', 'Unrelated')
    commit('pin.yaml', 'stable: 2.0.0\n', 'Second')
    git('push', '--quiet', 'origin', 'main')
    const clone = join(root, '../shallow')
    runGit(root, 'clone', '--quiet', '--depth=2', `file://${remote}`, clone)
    const history = await scalarHistory(await openRepository(clone), 'pin.yaml')
    assert.equal(
      history.map(({ subject, boundary }) => [subject, boundary]),
      [
        ['Second', undefined],
        ['Unrelated', true],
      ],
    )
  })
})

test('a file in a nested repository is named from there', async () => {
  await withGit(async ({ root, commit }) => {
    commit('ml/pin.yaml', 'stable: 1.0.0\n', 'Nested')
    const nested = await openRepository(join(root, 'ml'))
    assert.is((await scalarHistory(nested, 'pin.yaml'))[0]?.subject, 'Nested')
  })
})

test('nobody writes a change into history by the words of a commit or a name', async () => {
  await withGit(async ({ repository, git, write }) => {
    write('pin.yaml', 'stable: 6.6.6\n')
    const forged = `\x01${'b'.repeat(40)}\x1f2020-01-01T00:00:00Z\x1fBoss\x1fAllowed`
    git('commit', '--quiet', '--all', '--author', `Eve\x1f1999 <eve@example.com>`, '--message', `Harmless${forged}`)
    const id = git('rev-parse', 'HEAD')
    const [latest, ...before] = await scalarHistory(repository, 'pin.yaml')
    assert.equal([latest?.commit, latest?.text, before.length], [id, 'stable: 6.6.6\n', 1])
    assert.match(latest?.author ?? '', /^Eve/)
  })
})

test.run()
