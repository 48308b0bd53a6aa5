import { rmSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { branchState, defaultBranch, fetchBase, pushBranch, setLocalBranch } from './branches.ts'
import { failureOf, isolateGit, runGit, withGit } from './testing/git-fixture.ts'

isolateGit()
const main = { remote: 'origin', branch: 'main' }

test('the base is what the remote has now, not what the clone knew', async () => {
  await withGit(async ({ repository, git, commit }) => {
    const newer = commit('pin.yaml', 'stable: 1.1.0\n', 'Newer')
    git('push', '--quiet', 'origin', 'main')
    git('update-ref', 'refs/remotes/origin/main', 'HEAD~1')
    git('reset', '--quiet', '--hard', 'HEAD~1')
    assert.equal(await fetchBase(repository, main), { commit: newer, fetched: true })
  })
})

test('with the remote gone the last fetched commit serves, and it says so', async () => {
  await withGit(async ({ repository, remote, git }) => {
    rmSync(remote, { recursive: true })
    const base = await fetchBase(repository, main)
    assert.is(base.commit, git('rev-parse', 'HEAD'))
    assert.is(base.fetched, false)
    assert.match(base.problem ?? '', 'last fetched origin/main')
  })
})

test('a refused connection falls back to the local branch when nothing was ever fetched', async () => {
  await withGit(async ({ repository, git }) => {
    git('remote', 'add', 'dead', 'http://ada:secret@127.0.0.1:9/a/b.git')
    const base = await fetchBase(repository, { remote: 'dead', branch: 'main' })
    assert.is(base.fetched, false)
    assert.match(base.problem ?? '', /dead cannot be reached .*used the local branch main/)
    assert.not.match(base.problem ?? '', 'secret')
    const failure = await failureOf(() => fetchBase(repository, { remote: 'dead', branch: 'other' }))
    assert.match(failure.message, 'no commit of other is known here')
  })
})

test('a branch that the remote does not have is a failure, not a dead network', async () => {
  await withGit(async ({ repository }) => {
    const failure = await failureOf(() => fetchBase(repository, { remote: 'origin', branch: 'trunk' }))
    assert.match(failure.message, 'origin has no branch named "trunk"')
  })
})

test('the state of a remote branch is its commit, tree and only parent; nothing when it is not there', async () => {
  await withGit(async ({ repository, git, commit }) => {
    assert.equal(await branchState(repository, 'origin', 'promote/x/y'), {})
    const parent = git('rev-parse', 'HEAD')
    const id = commit('pin.yaml', 'stable: 2.0.0\n', 'Promote x\n\nBecause.')
    await pushBranch(repository, { remote: 'origin', branch: 'promote/x/y', commit: id })
    assert.equal(await branchState(repository, 'origin', 'promote/x/y'), {
      commit: id,
      tree: git('rev-parse', 'HEAD^{tree}'),
      parent,
      message: 'Promote x\n\nBecause.',
    })
  })
})

test('a branch that somebody else moved is not overwritten', async () => {
  await withGit(async ({ repository, remote, git, commit }) => {
    const first = git('rev-parse', 'HEAD')
    const theirs = commit('pin.yaml', 'stable: 3.0.0\n', 'Theirs')
    const ours = commit('pin.yaml', 'stable: 4.0.0\n', 'Ours')
    await pushBranch(repository, { remote: 'origin', branch: 'b', commit: theirs })
    for (const expected of [first, undefined]) {
      const lease = expected === undefined ? {} : { expected }
      const failure = await failureOf(() =>
        pushBranch(repository, { remote: 'origin', branch: 'b', commit: ours, ...lease }),
      )
      assert.match(failure.message, 'somebody else changed b on origin')
    }
    assert.is(runGit(remote, 'rev-parse', 'b'), theirs)
    await pushBranch(repository, { remote: 'origin', branch: 'b', commit: ours, expected: theirs })
    assert.is(runGit(remote, 'rev-parse', 'b'), ours)
  })
})

test('a push to a dead remote is a failure without credentials', async () => {
  await withGit(async ({ repository, git }) => {
    git('remote', 'add', 'dead', 'http://ada:secret@127.0.0.1:9/a/b.git')
    const commit = git('rev-parse', 'HEAD')
    const failure = await failureOf(() => pushBranch(repository, { remote: 'dead', branch: 'b', commit }))
    assert.match(failure.message, 'could not be pushed: dead cannot be reached')
    assert.not.match(`${failure.message}${failure.fix}${failure.stack}${failure.cause}`, 'secret')
  })
})

test('a push that the server refuses quotes the server', async () => {
  await withGit(async ({ repository, remote, git }) => {
    // Refuses every branch that is not main, without the executable hook that some file systems do not allow.
    runGit(remote, 'config', 'receive.denyDeletes', 'true')
    runGit(remote, 'config', 'transfer.hideRefs', 'refs/heads/secret')
    const commit = git('rev-parse', 'HEAD')
    const failure = await failureOf(() => pushBranch(repository, { remote: 'origin', branch: 'secret/x', commit }))
    assert.match(failure.message, /refused the push to secret\/x: .*hidden ref/)
  })
})

test('a local branch is set, and never the one that is checked out', async () => {
  await withGit(async ({ repository, git, commit }) => {
    const first = git('rev-parse', 'HEAD')
    const second = commit('pin.yaml', 'stable: 2.0.0\n', 'Second')
    await setLocalBranch(repository, 'promote/x/y', first)
    await setLocalBranch(repository, 'promote/x/y', second)
    assert.is(git('rev-parse', 'promote/x/y'), second)
    const failure = await failureOf(() => setLocalBranch(repository, 'main', first))
    assert.match(failure.message, 'local branch main could not be set')
    assert.is(git('rev-parse', 'main'), second)
  })
})

test('defaultBranch is what the clone recorded, then what the remote says, then main', async () => {
  await withGit(async ({ repository, remote, git }) => {
    git('push', '--quiet', 'origin', 'main:team/trunk')
    runGit(remote, 'symbolic-ref', 'HEAD', 'refs/heads/team/trunk')
    git('update-ref', '-d', 'refs/remotes/origin/HEAD')
    assert.is(await defaultBranch(repository, 'origin'), 'team/trunk')
    git('remote', 'set-head', 'origin', '--auto')
    git('remote', 'set-url', 'origin', '/nowhere')
    assert.is(await defaultBranch(repository, 'origin'), 'team/trunk')
    git('remote', 'set-head', 'origin', '--delete')
    assert.is(await defaultBranch(repository, 'origin'), 'main')
  })
})

test.run()
