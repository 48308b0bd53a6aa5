import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { branchState, pushBranch } from './branches.ts'
import { findHooks, HookFailure } from './hooks.ts'
import { failureOf, type GitFixture, isolateGit, withGit, writeHook } from './testing/git-fixture.ts'
import { commitAll, withScratchWorktree } from './worktree.ts'

test.before(isolateGit)

/** Commits a change of pin.yaml in a scratch work tree of which only pin.yaml is checked out. */
const commitChange = ({ repository, root }: GitFixture, message = 'Promote') =>
  withScratchWorktree(
    repository,
    'HEAD',
    async (directory) => {
      writeFileSync(join(directory, 'pin.yaml'), 'stable: 2.0.0\n')
      return commitAll(repository, directory, {
        message,
        paths: ['pin.yaml'],
        hooks: await findHooks(repository, root),
      })
    },
    (file) => file === 'pin.yaml',
  )

const PLACES: Record<string, (fixture: GitFixture) => string> = {
  "the repository's own": ({ root }) => join(root, '.git/hooks'),
  'relative to the top of the work tree': ({ root, git }) => {
    git('config', 'core.hooksPath', 'tools/hooks')
    return join(root, 'tools/hooks')
  },
  absolute: ({ remote, git }) => {
    git('config', 'core.hooksPath', `${remote}-hooks`)
    return `${remote}-hooks`
  },
}

for (const [place, folderOf] of Object.entries(PLACES)) {
  test(`hooks see what is committed and pushed: ${place}`, async () => {
    await withGit(async (fixture) => {
      const { repository, root, remote, git, commit } = fixture
      commit('other/file.txt', 'unchanged\n', 'Another file')
      const folder = folderOf(fixture)
      const log = join(remote, 'log')
      mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
      writeFileSync(join(root, 'node_modules/.bin/a-tool'), '')
      writeHook(
        folder,
        'pre-commit',
        `git diff --cached --name-only >> ${log}`,
        `git status --porcelain --untracked-files=no >> ${log}`,
        `cat pin.yaml other/file.txt >> ${log}`,
        `ls node_modules/.bin >> ${log}`,
      )
      writeHook(folder, 'commit-msg', `head -1 "$1" >> ${log}`, 'echo "Reviewed-for: the hook" >> "$1"')
      writeHook(folder, 'pre-push', `echo "$1" >> ${log}`, `cat >> ${log}`)

      const made = (await commitChange(fixture)) ?? ''
      const seen = ['pin.yaml', 'M  pin.yaml', 'stable: 2.0.0', 'unchanged', 'a-tool', 'Promote']
      assert.equal(readFileSync(log, 'utf8').trim().split('\n'), seen)
      assert.match(
        git('show', '--no-patch', '--format=%B', made),
        /^Promote\n\nModelyard-tree: .*\nReviewed-for: the hook$/,
      )
      assert.equal(git('show', '--name-only', '--format=', made), 'pin.yaml')
      assert.ok(existsSync(join(root, 'node_modules/.bin/a-tool')))

      const hooks = await findHooks(repository)
      await pushBranch(repository, { remote: 'origin', branch: 'promote/x', commit: made, hooks })
      const pushed = readFileSync(log, 'utf8').trim().split('\n').slice(seen.length)
      assert.equal(pushed, ['origin', `${made} ${made} refs/heads/promote/x ${'0'.repeat(40)}`])
    })
  })
}

test('a hook that says no stops the command with its output, and nothing is committed or pushed', async () => {
  await withGit(async (fixture) => {
    const { repository, root, git } = fixture
    const folder = join(root, '.git/hooks')
    const report = Array.from({ length: 20 }, (_, index) => `echo "pin.yaml:${index + 1}: refused the push" >&2`)
    for (const hook of ['pre-commit', 'commit-msg']) {
      writeHook(folder, hook, ...report, 'exit 1')
      const failure = await failureOf(() => commitChange(fixture))
      assert.instance(failure, HookFailure)
      assert.match(failure.message, `the ${hook} hook of this repository says no:\npin.yaml:1: refused the push`)
      assert.match(failure.message, /pin\.yaml:20: refused the push$/)
      assert.match(failure.fix ?? '', '--no-verify')
      writeHook(folder, hook)
    }
    const commit = (await commitChange(fixture)) ?? ''
    writeHook(folder, 'pre-push', ...report, 'exit 1')
    const push = { remote: 'origin', branch: 'promote/x', commit }
    const failure = await failureOf(async () => pushBranch(repository, { ...push, hooks: await findHooks(repository) }))
    assert.instance(failure, HookFailure)
    assert.match(
      failure.message,
      /^the pre-push hook of this repository says no:\npin\.yaml:1: (.|\n)*pin\.yaml:20: refused the push$/,
    )
    assert.equal(await branchState(repository, 'origin', 'promote/x'), {})

    // What the remote refuses is not the hook's.
    writeHook(folder, 'pre-push')
    const stale = { remote: 'origin', branch: 'main', commit, hooks: await findHooks(repository) }
    assert.not.instance(await failureOf(() => pushBranch(repository, stale)), HookFailure)
    git('remote', 'set-url', 'origin', join(root, 'gone.git'))
    assert.not.instance(await failureOf(() => pushBranch(repository, stale)), HookFailure)
  })
})

test('a hook that exchanges what was checked is refused, and names the files', async () => {
  await withGit(async (fixture) => {
    writeHook(join(fixture.root, '.git/hooks'), 'pre-commit', 'echo "stable: 3.0.0" > pin.yaml', 'git add pin.yaml')
    const failure = await failureOf(() => commitChange(fixture))
    assert.match(failure.message, 'changed what is to be committed: pin.yaml')
    assert.match(failure.fix ?? '', '--no-verify')
  })
})

test('samples, and files that may not be executed, are no hooks', async () => {
  await withGit(async ({ repository, root, git }) => {
    const folder = join(root, '.git/hooks')
    writeHook(folder, 'pre-commit.sample')
    writeHook(folder, 'pre-push')
    chmodSync(join(folder, 'pre-push'), 0o644)
    symlinkSync('nowhere', join(folder, 'commit-msg'))
    assert.equal((await findHooks(repository)).present, [])
    writeHook(folder, 'pre-commit')
    assert.equal((await findHooks(repository)).present, ['pre-commit'])
    git('config', 'core.hooksPath', '/dev/null')
    assert.equal((await findHooks(repository)).present, [])
  })
})

test.run()
