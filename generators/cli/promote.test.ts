import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGitHubForge, type EmbeddedForge, type Forge, startEmbeddedForge } from '../forges/index.ts'
import { mergeBranch } from '../git/index.ts'
import { writeHook } from '../git/testing/git-fixture.ts'
import { promote } from '../promotion/index.ts'
import { loadRepository, releaseReference } from '../repository/index.ts'
import { type ExampleClone, withExampleClone } from '../testing/example-repository.ts'
import { PROMOTION_EXAMPLE, withoutMeasurements } from '../testing/promotion-example.ts'
import { runCommand } from './testing/command.ts'
import {
  failureOf,
  gitLines,
  isolateGit,
  proposalOptions,
  pushToMain,
  remoteBranches,
  synthAndPush,
} from './testing/proposals.ts'

const test = suite<{ embedded: EmbeddedForge; forge: Forge }>('promote')

const MODEL = 'diabetes-progression'
const PIN = `environments/production/pins/${MODEL}.yaml`
const MODEL_TS = `models/${MODEL}/model.ts`
const TO_PRODUCTION = { model: MODEL, from: 'staging', to: 'production' }
const BRANCH = `promote/${MODEL}/production`

test.before((context) => {
  isolateGit()
  return startEmbeddedForge().then((embedded) => {
    context.embedded = embedded
  })
})
test.before.each((context) => {
  context.forge = createGitHubForge({
    repository: { host: 'github.com', owner: 'example', repo: 'models' },
    baseUrl: context.embedded.url,
    environment: { GITHUB_TOKEN: 'any' },
  })
})
test.after((context) => context.embedded.close())

/** Everything that a proposal must leave alone: branch, commit, index, changed and untracked files. */
async function userState(clone: ExampleClone): Promise<unknown> {
  return {
    head: await gitLines(clone, 'symbolic-ref', 'HEAD'),
    commit: await gitLines(clone, 'rev-parse', 'HEAD'),
    status: await gitLines(clone, 'status', '--porcelain'),
    staged: await gitLines(clone, 'diff', '--cached'),
    files: { ...clone.tree('models'), ...clone.tree('environments'), ...clone.tree('dist') },
  }
}

test('a promotion is one branch and one pull request, of one scalar and the files of its model; the user sees none of it', async ({
  embedded,
  forge,
}) => {
  await withExampleClone(async (clone) => {
    const [old, wanted] = [clone.pinned('production', MODEL), clone.pinned('staging', MODEL)]
    clone.edit(MODEL_TS, 'min: 2, max: 10', 'min: 1, max: 1')
    clone.edit(PIN, 'stable:', '# half a thought\nstable:')
    clone.write('notes.txt', 'not for Git')
    await clone.git.git(['add', PIN])
    const before = await userState(clone)

    const proposal = await promote(TO_PRODUCTION, proposalOptions(clone, { forge }))
    assert.equal(await userState(clone), before)
    const { published } = proposal ?? {}
    assert.equal([published?.branch, published?.pushed, published?.pullRequest?.action], [BRANCH, true, 'created'])

    assert.equal(await gitLines(clone, 'diff', '--name-status', 'origin/main', `origin/${BRANCH}`), [
      `M\tdist/production/models/${MODEL}/boot-config-map.yaml`,
      `M\tdist/production/models/${MODEL}/deployment.yaml`,
      `M\t${PIN}`,
    ])
    const edits = await gitLines(clone, 'diff', '--unified=0', 'origin/main', `origin/${BRANCH}`, '--', PIN)
    assert.equal(edits.slice(-2), [`-stable: ${old}`, `+stable: ${wanted}`])
    assert.match((await gitLines(clone, 'show', `origin/${BRANCH}:${PIN}`)).join('\n'), /^# Not below 1\.0\.0: .*\n/)
    assert.equal(await gitLines(clone, 'rev-list', '--count', `origin/main..origin/${BRANCH}`), ['1'])

    const [pull, ...others] = embedded.pullRequests
    assert.equal(others, [])
    assert.equal([pull?.head, pull?.base, pull?.labels], [BRANCH, 'main', ['promotion', 'production']])
    assert.match(pull?.title ?? '', '1.0.0 -> 1.1.0 to production')
    assert.match(pull?.body ?? '', 'mae vs champion')

    // Again: nothing is pushed, nothing is opened, nothing is written.
    const again = await promote(TO_PRODUCTION, proposalOptions(clone, { forge }))
    assert.is(again?.published?.pushed, false)
    assert.is(again?.published?.commit, published?.commit)
    assert.is(again?.published?.pullRequest?.number, published?.pullRequest?.number)
    assert.is(embedded.pullRequests.length, 1)
    assert.equal(await remoteBranches(clone), ['main', BRANCH])
    assert.is((await gitLines(clone, 'worktree', 'list')).length, 1)

    await clone.git.git(['reset', '--quiet', '--hard'])
    await mergeBranch(clone.git, BRANCH, 'Merge')
    // The embedded forge does not see the merge, as a forge does not see one by rebase: nothing is left to change.
    const notices: string[] = []
    const notice = (text: string) => notices.push(text)
    assert.is(await promote(TO_PRODUCTION, proposalOptions(clone, { forge, notice })), undefined)
    assert.is(embedded.pullRequests.length, 1)
    assert.is(pull?.state, 'closed')
    assert.match(pull?.comments[0] ?? '', 'Nothing is left to change: main has it')
    assert.match(notices[0] ?? '', 'closed pull request #1')
  })
})

test('a second promotion of what has changed meanwhile updates the open pull request', async ({ embedded, forge }) => {
  await withExampleClone(async (clone) => {
    const opened = embedded.pullRequests.length
    const request = { model: MODEL, from: 'development', to: 'staging' }
    const releases = async (at: string) =>
      await gitLines(clone, 'ls-tree', '--name-only', at, `models/${MODEL}/releases/`)

    // Out of the first environment: what runs there is sealed, in one new file.
    clone.edit(MODEL_TS, 'maxSize: 64', 'maxSize: 16')
    await synthAndPush(clone, 'Smaller batches')
    const first = await promote(request, proposalOptions(clone, { forge }))
    const head = `origin/${first?.published?.branch}`
    const name = first?.report.to.release ?? ''
    assert.equal(await gitLines(clone, 'diff', '--name-status', 'origin/main', head), [
      `M\tdist/staging/models/${MODEL}/boot-config-map.yaml`,
      `M\tdist/staging/models/${MODEL}/deployment.yaml`,
      `M\tenvironments/staging/pins/${MODEL}.yaml`,
      `A\tmodels/${MODEL}/releases/${name}.yaml`,
    ])

    // Another change of main before the merge: one pull request still, with the other release alone.
    clone.edit(MODEL_TS, 'maxSize: 16', 'maxSize: 8')
    await synthAndPush(clone, 'Still smaller')
    const second = await promote(request, proposalOptions(clone, { forge }))
    assert.is(second?.published?.pullRequest?.action, 'updated')
    assert.is(second?.published?.replaced, first?.published?.commit)
    assert.is(embedded.pullRequests.length, opened + 1)
    assert.equal(
      await releases(head),
      [...(await releases('origin/main')), `models/${MODEL}/releases/${second?.report.to.release}.yaml`].sort(),
    )

    // The next environment names the same release and adds none.
    await mergeBranch(clone.git, `promote/${MODEL}/staging`, 'Merge')
    const { models } = await loadRepository(clone.root)
    const sealed = models.get(MODEL)?.releases.get(second?.report.to.release ?? '')
    assert.is(sealed && releaseReference(sealed.value).name, second?.report.to.release)
    const onward = await promote(TO_PRODUCTION, proposalOptions(clone, { forge }))
    assert.is(onward?.report.to.release, second?.report.to.release)
    assert.equal(await releases(`origin/${BRANCH}`), await releases('origin/main'))
  })
})

test('a first promotion adds the pin, the objects of the model and its Application, and nothing else', async () => {
  await withExampleClone(async (clone) => {
    clone.remove('environments/production/pins/voice-activity.yaml')
    await synthAndPush(clone, 'Voice activity leaves production')
    const request = { model: 'voice-activity', from: 'staging', to: 'production' }
    const proposal = await promote(request, proposalOptions(clone, { push: false }))
    const added = await gitLines(clone, 'diff', '--name-status', 'main', 'promote/voice-activity/production')
    assert.ok(added.every((line) => line.startsWith('A\t')))
    const folder = 'dist/production/models/voice-activity/'
    const others = added.map((line) => line.slice(2)).filter((file) => !file.startsWith(folder))
    assert.equal(others, [
      'dist/production/argocd/production-model-voice-activity.yaml',
      'environments/production/pins/voice-activity.yaml',
    ])
    assert.is(proposal?.report.from, undefined)
    // Without --push the change is a local branch, and the remote knows nothing of it.
    assert.equal([proposal?.published?.pushed, proposal?.published?.pullRequest], [false, undefined])
    assert.equal(await remoteBranches(clone), ['main'])
  })
})

test('gates of the base branch decide: a worse version is refused, whatever the local files say, and nothing is pushed', async ({
  embedded,
  forge,
}) => {
  await withExampleClone(async (clone) => {
    const opened = embedded.pullRequests.length
    clone.edit(MODEL_TS, "metric('mae').noWorse", "metric('r2').atLeast(0.99), metric('mae').noWorse")
    const line = clone.lineOf(MODEL_TS, "metric('r2').atLeast(0.99)")
    await synthAndPush(clone, 'A high bar')
    clone.edit(MODEL_TS, "metric('r2').atLeast(0.99), ", '')
    const error = await failureOf(promote(TO_PRODUCTION, proposalOptions(clone, { forge })))
    assert.match(error.message, /^diabetes-progression 1\.1\.0-\w{8} is not promoted to production$/)
    assert.equal(
      error.findings.map(({ rule, file, line }) => [rule, file, line]),
      [['gate-failed', MODEL_TS, line]],
    )
    assert.match(error.findings[0]?.message ?? '', /^promotion gate r2 >= 0\.99: 0\.\d+$/)
    assert.equal(await remoteBranches(clone), ['main'])
    assert.is(embedded.pullRequests.length, opened)
  })
})

test('errors of the model and of its environments are mended first: they are told, and nothing is pushed', async ({
  forge,
}) => {
  await withExampleClone(async (clone) => {
    clone.edit(MODEL_TS, "owner: 'clinical-ml'", "ownr: 'clinical-ml'")
    await pushToMain(clone, 'A typo')
    const error = await failureOf(promote(TO_PRODUCTION, proposalOptions(clone, { forge })))
    assert.is(error.message, 'main has validation errors; fix them first')
    assert.ok(error.findings.every(({ file }) => file === MODEL_TS))
    clone.edit(MODEL_TS, "ownr: 'clinical-ml'", "owner: 'clinical-ml'")
    const file = `dist/staging/models/${MODEL}/deployment.yaml`
    clone.edit(file, 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 4')
    await pushToMain(clone, 'By hand')
    const stale = await failureOf(promote(TO_PRODUCTION, proposalOptions(clone, { forge })))
    assert.is(stale.message, 'the change is not valid, so nothing was committed')
    assert.ok(stale.findings.some((finding) => finding.rule === 'dist-stale' && finding.file === file))
    assert.equal(await remoteBranches(clone), ['main'])
  })
})

test('other models are not read, so what is wrong with them keeps nothing back, and they cost nothing', async () => {
  await withExampleClone(async (clone) => {
    const wanted = await promote(TO_PRODUCTION, proposalOptions(clone, { push: false }))
    clone.edit('models/house-price/model.ts', "owner: 'valuation'", "ownr: 'valuation'")
    clone.edit('models/house-price/versions/1.0.0.yaml', 'version:', 'vresion: [')
    clone.write('environments/production/pins/house-price.yaml', ': {')
    clone.edit('dist/staging/models/house-price/deployment.yaml', 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 4')
    await pushToMain(clone, 'Broken in every way')
    const proposal = await promote(TO_PRODUCTION, proposalOptions(clone, { push: false }))
    assert.equal(proposal?.files, wanted?.files)
    const changed = await gitLines(clone, 'diff', '--name-only', 'main', BRANCH)
    assert.equal(changed, [...(wanted?.files ?? [])].sort())
  })
})

test('on the command line --dry-run prints the pull request that docs/ shows, and writes nothing at all', async () => {
  await withExampleClone(async (clone) => {
    const state = async () => [await userState(clone), await gitLines(clone, 'for-each-ref')]
    const before = await state()
    const { code, stdout } = await runCommand(
      clone,
      'promote',
      MODEL,
      '--from',
      'staging',
      '--to',
      'production',
      '--dry-run',
    )
    assert.is(code, 0)
    const body = /^## .*?^<!-- .*? -->$/ms.exec(stdout)?.[0] ?? ''
    const shown = readFileSync(PROMOTION_EXAMPLE, 'utf8')
    assert.is(withoutMeasurements(body), withoutMeasurements(shown), 'write it again: npm run example:promotion')
    assert.match(stdout, 'Dry run: nothing was written. The change has 3 files:')
    assert.match(stdout, `\n  ${PIN}\n`)
    assert.equal(await state(), before)
    assert.equal(await remoteBranches(clone), ['main'])
  })
})

test('without a forge the branch is pushed and what is left to do is said; with a token the command line opens the pull request', async ({
  embedded,
}) => {
  await withExampleClone(async (clone) => {
    const pushed = await promote(TO_PRODUCTION, proposalOptions(clone))
    assert.equal([pushed?.published?.pushed, pushed?.published?.pullRequest], [true, undefined])
    assert.equal(pushed?.problems, [`no forge is configured: open the pull request from ${BRANCH} into main yourself`])

    const environment = {
      GITHUB_TOKEN: 'any',
      GITHUB_API_URL: embedded.url,
      // A repository of its own, so that the numbers start at one.
      GITHUB_REPOSITORY: 'example/command-line',
    }
    const args = ['promote', MODEL, '--from', 'staging', '--to', 'production']
    const { code, stdout, stderr } = await clone.modelyard(args, environment)
    assert.is(code, 0, stderr)
    assert.match(stdout, `  branch        ${BRANCH} at ${pushed?.published?.commit.slice(0, 12)}, unchanged\n`)
    assert.match(stdout, `  pull request  #1 created: ${embedded.url}/example/command-line/pull/1\n`)
  })
})

test('a hook that says no stops the command, and --no-verify says which hooks did not run; in a sparse checkout as in any', async () => {
  await withExampleClone(async (clone) => {
    await clone.git.git(['sparse-checkout', 'set', 'models/house-price', 'environments/staging'])
    await clone.git.git(['config', 'core.hooksPath', '.hooks'])
    writeHook(join(clone.root, '.hooks'), 'pre-commit', 'git diff --cached --name-only', 'ls dist/staging', 'exit 3')
    const args = ['promote', MODEL, '--from', 'staging', '--to', 'production', '--no-memory']
    const stopped = await runCommand(clone, ...args)
    assert.is(stopped.code, 2)
    assert.match(stopped.stderr, 'the pre-commit hook of this repository says no:')
    for (const line of [PIN, 'models', '--no-verify']) assert.match(stopped.stderr, line)
    assert.equal(await remoteBranches(clone), ['main'])

    const { code, stdout } = await runCommand(clone, ...args, '--no-verify')
    assert.is(code, 0)
    assert.match(stdout, `note: hooks of ${clone.root}/.hooks did not run (--no-verify): pre-commit\n`)
    const changed = await gitLines(clone, 'diff', '--name-only', 'origin/main', `origin/${BRANCH}`)
    assert.is(changed.length, 3, changed.join(' '))
  })
})

test('on the command line a refused gate is exit code 1, with its findings as JSON', async () => {
  await withExampleClone(async (clone) => {
    clone.edit(MODEL_TS, "metric('mae').noWorse", "metric('r2').atLeast(0.99), metric('mae').noWorse")
    await synthAndPush(clone, 'A high bar')
    const { code, stdout, stderr } = await runCommand(
      clone,
      'promote',
      MODEL,
      '--from',
      'staging',
      '--to',
      'production',
      '--json',
    )
    assert.is(code, 1)
    const { error, findings } = JSON.parse(stdout)
    assert.match(error.message, 'is not promoted to production')
    assert.equal(findings[0].rule, 'gate-failed')
    assert.not.match(stderr, / {4}at /)
  })
})

test.run()
