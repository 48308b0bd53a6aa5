import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EmbeddedForge, startEmbeddedForge } from '../forges/embedded/forge.ts'
import type { Forge } from '../forges/forge.ts'
import { createGitHubForge } from '../forges/github/forge.ts'
import { failureOf, type GitFixture, isolateGit, runGit, withGit } from '../git/testing/git-fixture.ts'
import { commitAll, withScratchWorktree } from '../git/worktree.ts'
import { type Change, publishChange } from './publish.ts'

isolateGit()
const test = suite<{ embedded: EmbeddedForge; forge: Forge }>('publish')

test.before.each(async (context) => {
  context.embedded = await startEmbeddedForge()
  const environment = { GITHUB_TOKEN: 'any-token', GITHUB_API_URL: context.embedded.url }
  const repository = { host: 'github.com', owner: 'example', repo: 'models' }
  context.forge = createGitHubForge({ repository, environment })
})
test.after.each((context) => context.embedded.close())

/** What `promote` does: the pin edited beside the user's work tree, then published. */
async function change(
  fixture: GitFixture,
  forge: Forge | undefined,
  more: Partial<Change> = {},
  pin = 'stable: 2.0.0\n',
) {
  const { repository, git } = fixture
  const baseCommit = git('rev-parse', 'HEAD')
  const commit = await withScratchWorktree(repository, baseCommit, async (directory) => {
    writeFileSync(join(directory, 'pin.yaml'), pin)
    return (await commitAll(repository, directory, { message: 'Promote x' })) ?? ''
  })
  const text = { title: 'x 1.0.0 -> 2.0.0', body: 'Because.', labels: [] }
  const where = { remote: 'origin', branch: 'promote/x/y', baseBranch: 'main' }
  return await publishChange({ repository, ...where, baseCommit, commit, ...text, forge, push: true, ...more })
}

test('the branch is pushed and one pull request opened; a second run changes nothing', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    const first = await change(fixture, forge)
    assert.is(first.pushed, true)
    assert.equal(first.pullRequest, { number: 1, url: `${embedded.url}/example/models/pull/1`, action: 'created' })
    assert.is(runGit(fixture.remote, 'rev-parse', 'promote/x/y'), first.commit)

    // The second commit has another date, so another id, and the same content.
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const second = await change(fixture, forge)
    assert.is(second.pushed, false)
    assert.is(second.commit, first.commit)
    assert.is(second.pullRequest?.action, 'unchanged')
    assert.is(runGit(fixture.remote, 'rev-parse', 'promote/x/y'), first.commit)
    assert.is(embedded.pullRequests.length, 1)
  })
})

test('other content is pushed over the former, and the pull request updated in place', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    const first = await change(fixture, forge)
    const second = await change(fixture, forge, { body: 'Other.' }, 'stable: 3.0.0\n')
    assert.is(second.pushed, true)
    assert.is(second.replaced, first.commit)
    assert.is(second.pullRequest?.action, 'updated')
    assert.is(embedded.pullRequests.length, 1)
    assert.is(embedded.pullRequests[0]?.body, 'Other.')
  })
})

/** A colleague commits to the branch of the change, on the remote. */
function commitBeside(fixture: GitFixture, work: (git: GitFixture['git']) => void): string {
  fixture.git('fetch', '--quiet', 'origin')
  fixture.git('switch', '--quiet', '--detach', 'origin/promote/x/y')
  work(fixture.git)
  fixture.git('push', '--quiet', 'origin', '+HEAD:promote/x/y')
  const commit = fixture.git('rev-parse', 'HEAD')
  fixture.git('switch', '--quiet', 'main')
  return commit
}

test('commits of somebody else on the branch are kept and named; --replace-branch discards them', async ({ forge }) => {
  const kinds: Record<string, (git: GitFixture['git'], root: string) => void> = {
    'a commit on top': (git, root) => {
      writeFileSync(join(root, 'limits.txt'), '512Mi')
      git('add', 'limits.txt')
      git('commit', '--quiet', '--message', 'Raise the limit')
    },
    'an amended commit': (git, root) => {
      writeFileSync(join(root, 'pin.yaml'), 'stable: 2.0.0 # checked by hand\n')
      git('commit', '--quiet', '--all', '--amend', '--no-edit')
    },
    'a merge that changes something': (git, root) => {
      git('merge', '--quiet', '--no-ff', '--no-commit', 'main')
      writeFileSync(join(root, 'limits.txt'), '512Mi')
      git('add', 'limits.txt')
      git('commit', '--quiet', '--message', 'Merge main')
    },
  }
  for (const [kind, work] of Object.entries(kinds)) {
    await withGit(async (fixture) => {
      await change(fixture, forge)
      fixture.commit('other.txt', 'x', 'Unrelated')
      const foreign = commitBeside(fixture, (git) => work(git, fixture.repository.root))
      const failure = await failureOf(() => change(fixture, forge, {}, 'stable: 3.0.0\n'))
      assert.match(failure.message, `${foreign.slice(0, 7)} `, kind)
      assert.match(failure.fix ?? '', '--replace-branch')
      assert.is(runGit(fixture.remote, 'rev-parse', 'promote/x/y'), foreign, kind)
      assert.is(fixture.git('branch', '--list', 'promote/x/y'), '', 'no local branch hides it')

      const replaced = await change(fixture, forge, { replaceBranch: true }, 'stable: 3.0.0\n')
      assert.equal([replaced.pushed, replaced.replaced], [true, foreign], kind)
    })
  }
})

test('a branch that the forge only updated with its base is replaced', async ({ forge }) => {
  await withGit(async (fixture) => {
    await change(fixture, forge)
    fixture.commit('other.txt', 'x', 'Unrelated')
    commitBeside(fixture, (git) => git('merge', '--quiet', '--no-ff', '--message', 'Update branch', 'main'))
    assert.is((await change(fixture, forge)).pushed, true)
  })
})

test('a local branch with commits of somebody else is kept too', async () => {
  await withGit(async (fixture) => {
    await change(fixture, undefined, { push: false })
    fixture.git('switch', '--quiet', 'promote/x/y')
    fixture.commit('other.txt', 'x', 'By hand')
    const mine = fixture.git('rev-parse', 'promote/x/y')
    fixture.git('switch', '--quiet', 'main')
    const failure = await failureOf(() => change(fixture, undefined, { push: false }, 'stable: 3.0.0\n'))
    assert.match(failure.message, 'By hand')
    assert.is(fixture.git('rev-parse', 'promote/x/y'), mine)
  })
})

test('a moved base is a new commit for the branch', async ({ forge }) => {
  await withGit(async (fixture) => {
    await change(fixture, forge)
    fixture.commit('other.txt', 'x', 'Unrelated')
    assert.is((await change(fixture, forge)).pushed, true)
  })
})

test('a body that only has other line ends is not written again', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    await change(fixture, forge, { body: 'One\n\nTwo\n' })
    const [pull] = embedded.pullRequests
    if (pull) pull.body = 'One\r\n\r\nTwo'
    assert.is((await change(fixture, forge, { body: 'One\n\nTwo\n' })).pullRequest?.action, 'unchanged')
  })
})

test('after the pull request was closed a new one is opened', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    await change(fixture, forge)
    const [pull] = embedded.pullRequests
    if (pull) pull.state = 'closed'
    assert.is((await change(fixture, forge)).pullRequest?.number, 2)
  })
})

test('one that another run opened in between is updated, not doubled', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    let asked = 0
    const late: Forge = {
      ...forge,
      findOpenPullRequest: async (head, base) =>
        asked++ === 0 ? undefined : await forge.findOpenPullRequest(head, base),
    }
    await forge.createPullRequest({ head: 'promote/x/y', base: 'main', title: 'Raced', body: '' })
    assert.is((await change(fixture, late)).pullRequest?.action, 'updated')
    assert.is(embedded.pullRequests.length, 1)
  })
})

test('labels, reviewers and the check are brought to what they should be, also by a run after one that was ended', async ({
  embedded,
  forge,
}) => {
  await withGit(async (fixture) => {
    const more = {
      labels: ['promotion', 'production'],
      reviewers: { users: ['ada'], teams: ['risk'] },
      check: { name: 'modelyard', title: 'no findings', summary: '', findings: [] },
    }
    // What a killed run leaves: the pull request, and nothing beside it.
    await change(fixture, forge)
    const second = await change(fixture, forge, more)
    assert.equal(second.problems, [])
    await change(fixture, forge, more)
    const [pull] = embedded.pullRequests
    assert.equal([pull?.labels, pull?.reviewers, pull?.teams], [more.labels, ['ada'], ['risk']])
    assert.equal(
      embedded.checks.map(({ commit, conclusion }) => [commit, conclusion]),
      [[second.commit, 'success']],
    )
    const stubborn = { ...forge, addLabels: () => forge.addLabels(9, ['x']) }
    const third = await change(fixture, stubborn, { ...more, labels: ['new'] })
    assert.match(third.problems[0] ?? '', /label pull request #9/)
  })
})

test('the open pull request of a rival is closed by this one; one that goes first keeps it from being pushed', async ({
  embedded,
  forge,
}) => {
  await withGit(async (fixture) => {
    await forge.createPullRequest({ head: 'candidate/x/y', base: 'main', title: 'Widen x', body: '' })
    const rivals = [{ branch: 'candidate/x/y', goesFirst: false }]
    const published = await change(fixture, forge, { rivals })
    assert.equal(published.superseded, [1])
    const [rival] = embedded.pullRequests
    assert.equal([rival?.state, rival?.comments], ['closed', ['Superseded by #2: x 1.0.0 -> 2.0.0']])

    await forge.createPullRequest({ head: 'rollback/x/y', base: 'main', title: 'Roll x back', body: '' })
    const behind = { rivals: [{ branch: 'rollback/x/y', goesFirst: true }], branch: 'promote/z/y' }
    const failure = await failureOf(() => change(fixture, forge, behind))
    assert.match(failure.message, 'promote/z/y was not pushed: pull request #3 (Roll x back) is open')
    assert.match(failure.fix ?? '', '/example/models/pull/3')
    assert.not.ok(runGit(fixture.remote, 'branch', '--list').includes('promote/z/y'))
  })
})

test('two runs at once push one branch and open one pull request', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    const runs = await Promise.all([change(fixture, forge), change(fixture, forge)])
    assert.is(embedded.pullRequests.length, 1)
    assert.is(runs[0]?.commit, runs[1]?.commit)
    assert.equal([...new Set(runs.map(({ pullRequest }) => pullRequest?.number))], [1])
  })
})

test('without pushing the change is a local branch', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    const published = await change(fixture, forge, { push: false })
    assert.is(published.pushed, false)
    assert.is(fixture.git('rev-parse', 'promote/x/y'), published.commit)
    assert.is(embedded.pullRequests.length, 0)
  })
})

test('without a forge the branch is pushed and the rest said', async () => {
  await withGit(async (fixture) => {
    const published = await change(fixture, undefined)
    assert.is(published.pushed, true)
    assert.is(published.pullRequest, undefined)
    assert.match(published.problems[0] ?? '', 'open the pull request from promote/x/y into main yourself')
  })
})

test('a push that is refused keeps the change on a local branch', async ({ forge }) => {
  await withGit(async (fixture) => {
    runGit(fixture.remote, 'config', 'transfer.hideRefs', 'refs/heads/promote')
    const failure = await failureOf(() => change(fixture, forge))
    assert.match(failure.message, 'origin refused the push')
    assert.match(failure.fix ?? '', 'kept on the local branch promote/x/y')
    assert.is(fixture.git('show', 'promote/x/y:pin.yaml'), 'stable: 2.0.0')
  })
})

test('a forge that is down leaves the branch pushed, and the next run opens the pull request', async ({
  embedded,
  forge,
}) => {
  await withGit(async (fixture) => {
    const environment = { GITHUB_TOKEN: 'any-token', GITHUB_API_URL: 'http://127.0.0.1:9' }
    const repository = { host: 'github.com', owner: 'example', repo: 'models' }
    const failure = await failureOf(() => change(fixture, createGitHubForge({ repository, environment })))
    assert.match(failure.message, 'cannot be reached')
    const published = await change(fixture, forge)
    assert.is(published.pushed, false)
    assert.is(published.pullRequest?.action, 'created')
    assert.is(embedded.pullRequests.length, 1)
  })
})

test('a pull request shows every character of its title and its text', async ({ embedded, forge }) => {
  await withGit(async (fixture) => {
    const hidden = { title: 'x\n\u202e 1.0.0\u001b[2J', body: 'One\n\n@\u200bada \u202egnp\r\n\u0000', labels: [] }
    await change(fixture, forge, hidden)
    const [pull] = embedded.pullRequests
    assert.equal(
      [pull?.title, pull?.body],
      ['x \\u202e 1.0.0\\u001b[2J', 'One\n\n@\u200bada \\u202egnp\\u000d\n\\u0000'],
    )
    assert.is((await change(fixture, forge, hidden)).pullRequest?.action, 'unchanged')
  })
})

test.run()
