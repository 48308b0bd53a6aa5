import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRepository } from './git.ts'
import { failureOf, isolateGit, withGit } from './testing/git-fixture.ts'
import { commitAll, withScratchWorktree } from './worktree.ts'

isolateGit()

test("a commit is made beside the user's dirty work tree, which stays as it is", async () => {
  await withGit(async ({ repository, root, git, write }) => {
    const base = git('rev-parse', 'HEAD')
    write('pin.yaml', 'edited by hand\n')
    write('staged.txt', 'staged\n')
    git('add', 'staged.txt')
    const before = git('status', '--porcelain')

    const commit = await withScratchWorktree(repository, base, async (directory) => {
      assert.is(readFileSync(join(directory, 'pin.yaml'), 'utf8'), 'stable: 1.0.0\n')
      writeFileSync(join(directory, 'pin.yaml'), 'stable: 2.0.0\n')
      return await commitAll(repository, directory, { message: '--amend is no option here' })
    })

    assert.is(git('show', `${commit}:pin.yaml`), 'stable: 2.0.0')
    assert.is(git('log', '--format=%s', '-1', commit ?? ''), '--amend is no option here')
    assert.is(git('rev-parse', `${commit}^`), base)
    assert.is(git('status', '--porcelain'), before)
    assert.is(git('rev-parse', 'HEAD'), base)
    assert.is(git('symbolic-ref', 'HEAD'), 'refs/heads/main')
    assert.is(readFileSync(join(root, 'pin.yaml'), 'utf8'), 'edited by hand\n')
  })
})

test('nothing changed, nothing committed', async () => {
  await withGit(async ({ repository }) => {
    await withScratchWorktree(repository, 'HEAD', async (directory) => {
      assert.is(await commitAll(repository, directory, { message: 'Nothing' }), undefined)
    })
  })
})

test('several commits follow one another, with the author that is given', async () => {
  await withGit(async ({ repository, git }) => {
    await withScratchWorktree(repository, 'HEAD', async (directory) => {
      writeFileSync(join(directory, 'a'), 'a')
      const first = await commitAll(repository, directory, { message: 'One' })
      writeFileSync(join(directory, 'b'), 'b')
      const author = { name: 'Grace', email: 'grace@example.com' }
      const second = await commitAll(repository, directory, { message: 'Two', author })
      assert.is(git('rev-parse', `${second}^`), first)
      assert.is(git('log', '-1', '--format=%an %cn', second ?? ''), 'Grace Ada')
    })
  })
})

test('paths that are named are committed although an ignore file hides them, and removals with them', async () => {
  await withGit(async ({ repository, git, commit }) => {
    commit('dist/old.yaml', 'old', 'Output')
    commit('.gitignore', 'dist/\nnode_modules\n', 'Ignore')
    await withScratchWorktree(repository, 'HEAD', async (directory) => {
      rmSync(join(directory, 'dist/old.yaml'))
      mkdirSync(join(directory, 'dist'), { recursive: true })
      writeFileSync(join(directory, 'dist/new.yaml'), 'new')
      writeFileSync(join(directory, 'node_modules'), 'not ours')
      const id = await commitAll(repository, directory, { message: 'Output', paths: ['dist', 'models'] })
      assert.is(
        git('show', '--format=', '--name-status', '--no-renames', id ?? ''),
        'A\tdist/new.yaml\nD\tdist/old.yaml',
      )
    })
  })
})

test('the scratch folder is removed when the work throws', async () => {
  await withGit(async ({ repository, git }) => {
    let seen = ''
    const failure = await failureOf(() =>
      withScratchWorktree(repository, 'HEAD', async (directory) => {
        seen = directory
        throw new Error('planted')
      }),
    )
    assert.is(failure.message, 'planted')
    assert.is(existsSync(seen), false)
    assert.is(git('worktree', 'list').split('\n').length, 1)
  })
})

test('what a killed run left behind is removed by the next', async () => {
  await withGit(async ({ repository, git }) => {
    // No process has this id: Linux and macOS stop far below.
    const left = mkdtempSync(join(realpathSync(tmpdir()), 'modelyard-99999999-'))
    git('worktree', 'add', '--quiet', '--detach', left)
    await withScratchWorktree(repository, 'HEAD', async () => {})
    assert.is(existsSync(left), false)
    assert.is(git('worktree', 'list').split('\n').length, 1)
  })
})

test('so is a record that git was killed over, which it keeps locked, also where the folder is gone', async () => {
  await withGit(async ({ repository, git }) => {
    for (const isGone of [false, true]) {
      const left = mkdtempSync(join(realpathSync(tmpdir()), 'modelyard-99999999-'))
      git('worktree', 'add', '--quiet', '--detach', '--lock', '--reason', 'initializing', left)
      if (isGone) rmSync(left, { recursive: true })
      await withScratchWorktree(repository, 'HEAD', async () => {})
      assert.is(existsSync(left), false)
      assert.is(git('worktree', 'list').split('\n').length, 1)
    }
  })
})

test('in a folder of a larger repository the scratch folder is that folder', async () => {
  await withGit(async ({ root, commit }) => {
    commit('ml/models/a.txt', 'a', 'Nested')
    const nested = await openRepository(join(root, 'ml'))
    await withScratchWorktree(nested, 'HEAD', async (directory) => {
      assert.is(readFileSync(join(directory, 'models/a.txt'), 'utf8'), 'a')
    })
  })
})

test('without an identity the failure says how to set one', async () => {
  await withGit(async ({ repository }) => {
    const names = ['GIT_AUTHOR_NAME', 'GIT_COMMITTER_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_EMAIL']
    const kept = names.map((name) => process.env[name])
    for (const name of names) delete process.env[name]
    process.env['GIT_CONFIG_COUNT'] = '1'
    process.env['GIT_CONFIG_KEY_0'] = 'user.useConfigOnly'
    process.env['GIT_CONFIG_VALUE_0'] = 'true'
    try {
      await withScratchWorktree(repository, 'HEAD', async (directory) => {
        writeFileSync(join(directory, 'a'), 'a')
        const failure = await failureOf(() => commitAll(repository, directory, { message: 'A' }))
        assert.is(failure.message, 'git does not know who commits')
        assert.match(failure.fix ?? '', 'git config user.name')
      })
    } finally {
      names.forEach((name, index) => {
        process.env[name] = kept[index]
      })
      for (const name of ['GIT_CONFIG_COUNT', 'GIT_CONFIG_KEY_0', 'GIT_CONFIG_VALUE_0']) delete process.env[name]
    }
  })
})

test.run()
