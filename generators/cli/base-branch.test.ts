import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fetchBase } from '../git/index.ts'
import { failureOf, isolateGit, withGit } from '../git/testing/git-fixture.ts'
import { baseBranchOf, baseRefOf } from './base-branch.ts'

isolateGit()

test('the base branch is named, else baseBranch of modelyard.yaml on the default branch of the remote, else that branch', async () => {
  await withGit(async ({ root, commit, git, write }) => {
    assert.is(await baseBranchOf(root, 'origin', undefined), 'main')
    // What a work tree or a branch says chooses nothing: its gates would be read from there.
    git('switch', '--quiet', '-c', 'attack')
    commit('modelyard.yaml', 'baseBranch: attack\n', 'Judge me by my own gates')
    git('push', '--quiet', 'origin', 'attack')
    assert.is(await baseBranchOf(root, 'origin', undefined), 'main')
    git('switch', '--quiet', 'main')
    commit('modelyard.yaml', 'baseBranch: production\n', 'Argo CD reads production')
    assert.is(await baseBranchOf(root, 'origin', undefined), 'main')
    git('push', '--quiet', 'origin', 'main', 'main:production')
    write('modelyard.yaml', 'baseBranch: attack\n')
    assert.is(await baseBranchOf(root, 'origin', undefined), 'production')
    assert.is(await baseRefOf(root, undefined), 'origin/production')
    assert.is(await baseBranchOf(root, 'origin', 'named'), 'named')
  })
})

test('a base branch that is none is refused, and one that the remote lacks says where it is named', async () => {
  await withGit(async ({ root, repository, commit, git }) => {
    commit('modelyard.yaml', 'baseBranch: "--upload-pack=x"\n', 'No branch')
    git('push', '--quiet', 'origin', 'main')
    const none = await failureOf(() => baseBranchOf(root, 'origin', undefined))
    assert.is(none.message, '"--upload-pack=x" is not a name for a branch')
    const failure = await failureOf(() => fetchBase(repository, { remote: 'origin', branch: 'gone' }))
    assert.match(failure.fix ?? '', '--base, or baseBranch in modelyard.yaml')
  })
})

test.run()
