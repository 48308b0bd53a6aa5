import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGitHubForge, type EmbeddedForge, type Forge, startEmbeddedForge } from '../forges/index.ts'
import { mergeBranch } from '../git/index.ts'
import { promote, rollback } from '../promotion/index.ts'
import { type ExampleClone, withExampleClone } from '../testing/example-repository.ts'
import { gitLines, isolateGit, proposalOptions, remoteBranches } from './testing/proposals.ts'

const test = suite<{ embedded: EmbeddedForge; forge: Forge }>('rollback --emergency')

const MODEL = 'diabetes-progression'
const BRANCH = `rollback/${MODEL}/production`
const REASON = 'declines tripled'
const EMERGENCY = { model: MODEL, environment: 'production', emergency: REASON }

test.before((context) => {
  isolateGit()
  return startEmbeddedForge().then((embedded) => {
    context.embedded = embedded
    context.forge = createGitHubForge({
      repository: { host: 'github.com', owner: 'example', repo: 'models' },
      baseUrl: embedded.url,
      environment: { GITHUB_TOKEN: 'any' },
    })
  })
})
test.after((context) => context.embedded.close())

/** Production has taken the model of staging; gives main's commit before and after. */
async function promoted(clone: ExampleClone): Promise<{ before: string; after: string }> {
  const head = async () => (await gitLines(clone, 'rev-parse', 'HEAD'))[0] ?? ''
  const before = await head()
  await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone))
  await mergeBranch(clone.git, `promote/${MODEL}/production`, 'Merge')
  return { before, after: await head() }
}

const pins = (clone: ExampleClone, at: string) => gitLines(clone, 'ls-tree', '-r', at, 'environments', 'dist')

test('the base branch has it at once, and a review of the same commit is opened; a killed run is completed, not repeated', async ({
  embedded,
  forge,
}) => {
  await withExampleClone(async (clone) => {
    const { before, after } = await promoted(clone)
    // Ended after the push, before the forge was asked.
    const down = { ...forge, findOpenPullRequest: () => Promise.reject(new Error('killed')) }
    await rollback(EMERGENCY, proposalOptions(clone, { forge: down })).catch(() => {})
    await clone.git.git(['fetch', '--quiet', 'origin'])
    assert.equal(await gitLines(clone, 'rev-parse', 'origin/main^'), [after])

    const proposal = await rollback(EMERGENCY, proposalOptions(clone, { forge }))
    await clone.git.git(['fetch', '--quiet', 'origin'])
    const [main = ''] = await gitLines(clone, 'rev-parse', 'origin/main')
    assert.equal(await gitLines(clone, 'rev-parse', 'origin/main^'), [after])
    assert.equal(await pins(clone, 'origin/main'), await pins(clone, before))
    assert.equal(await gitLines(clone, 'log', '-1', '--format=%(trailers:key=Emergency,valueonly)', main), [REASON])
    assert.equal(proposal?.published?.direct, { branch: 'main', commit: main })

    const [review, ...others] = embedded.pullRequests
    assert.equal(others, [])
    assert.equal([review?.head, review?.labels], [BRANCH, ['rollback', 'production', 'emergency']])
    assert.match(review?.title ?? '', /^Review afterwards: Roll back diabetes-progression/)
    assert.match(review?.body ?? '', `Already on \`main\` as \`${main.slice(0, 7)}\``)
    assert.match(review?.body ?? '', REASON)
    // Its base is where main was: the forge shows the change, and merging it moves nothing that runs.
    assert.equal(await gitLines(clone, 'rev-parse', `origin/${review?.base}`), [after])
    assert.equal(await gitLines(clone, 'rev-parse', `origin/${BRANCH}`), [main])
  })
})

test('a base branch that takes no direct push gets a pull request, and says so', async ({ embedded, forge }) => {
  await withExampleClone(async (clone) => {
    const { after } = await promoted(clone)
    const hook = join(clone.remote, 'hooks/pre-receive')
    writeFileSync(
      hook,
      '#!/bin/sh\nwhile read -r _ _ ref; do [ "$ref" != refs/heads/main ] || { echo "GH006: Protected branch" >&2; exit 1; }; done\n',
    )
    chmodSync(hook, 0o755)
    const opened = embedded.pullRequests.length
    const proposal = await rollback(EMERGENCY, proposalOptions(clone, { forge }))
    assert.match(proposal?.problems[0] ?? '', /^merge the pull request: origin refused the push to main: .*GH006/)
    assert.is(proposal?.published?.direct, undefined)
    assert.equal(await gitLines(clone, 'ls-remote', 'origin', 'refs/heads/main'), [`${after}\trefs/heads/main`])
    assert.equal(
      embedded.pullRequests.slice(opened).map(({ head, base }) => [head, base]),
      [[BRANCH, 'main']],
    )
    assert.equal(await remoteBranches(clone), ['main', `promote/${MODEL}/production`, BRANCH])
  })
})

test.run()
