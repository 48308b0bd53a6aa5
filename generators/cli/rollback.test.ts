import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mergeBranch } from '../git/index.ts'
import { promote, rollback } from '../promotion/index.ts'
import { type ExampleClone, withExampleClone } from '../testing/example-repository.ts'
import { failureOf, isolateGit, proposalOptions, pushToMain } from './testing/proposals.ts'

const test = suite('rollback')

const MODEL = 'diabetes-progression'
const BRANCH = `rollback/${MODEL}/production`
const REQUEST = { model: MODEL, environment: 'production' }

/** Leaves the change on a local branch. */
const LOCAL = { push: false }

test.before(isolateGit)

/** Mode, digest and path of every file below pins and dist/ at a commit: equal text, equal bytes. */
const content = (clone: ExampleClone, commit: string) =>
  clone.git.git(['ls-tree', '-r', commit, 'dist', 'environments'])

/** Production has taken the model of staging; gives the commit before. */
async function promoted(clone: ExampleClone): Promise<string> {
  const before = (await clone.git.git(['rev-parse', 'HEAD'])).trim()
  await promote({ model: MODEL, from: 'staging', to: 'production' }, proposalOptions(clone))
  await mergeBranch(clone.git, `promote/${MODEL}/production`, 'Merge')
  return before
}

/** Neither the remote nor one artifact, nor an installed package that ships one. */
async function cutOff(clone: ExampleClone): Promise<void> {
  for (const model of ['breast-biopsy', 'diabetes-progression', 'house-price', 'voice-activity']) {
    clone.remove(`models/${model}/artifacts`)
  }
  await pushToMain(clone, 'Artifacts are in a store now')
  rmSync(clone.remote, { recursive: true })
  rmSync(join(clone.root, 'node_modules'))
}

test('with the remote and all artifacts gone, the former pin and the former bytes of dist/ come back, twice in a row', async () => {
  await withExampleClone(async (clone) => {
    const before = await promoted(clone)
    const wanted = await content(clone, before)
    await cutOff(clone)
    assert.is.not(await content(clone, 'HEAD'), wanted)

    const proposal = await rollback(REQUEST, proposalOptions(clone, LOCAL))
    assert.is(await content(clone, BRANCH), wanted)
    assert.equal(proposal?.published, {
      branch: BRANCH,
      commit: proposal?.published?.commit,
      pushed: false,
      superseded: [],
      problems: [],
    })
    assert.match(proposal?.problems[0] ?? '', /used the last fetched origin\/main, \w{7}$/)
    assert.is(proposal?.report.ranBefore?.commit, before)

    // On the command line without a switch: what could not be pushed is kept, and said.
    const { code, stderr } = await clone.modelyard(['rollback', MODEL, '--env', 'production'])
    assert.is(code, 2)
    assert.match(stderr, /^error: origin /)
    assert.match(stderr, `    The change is kept on the local branch ${BRANCH}. `)
    assert.is(await content(clone, BRANCH), wanted)
    assert.equal((await clone.git.git(['rev-list', '--count', `main..${BRANCH}`])).trim(), '1')
  })
})

test('a rollback changes what its promotion changed, and the pull request says why', async () => {
  await withExampleClone(async (clone) => {
    const before = await promoted(clone)
    const request = { ...REQUEST, reason: 'alerts since noon' }
    const proposal = await rollback(request, proposalOptions(clone))
    assert.is(proposal?.published?.pushed, true)
    const changed = await clone.git.git(['diff', '--name-only', `origin/main..origin/${BRANCH}`])
    const undone = await clone.git.git(['diff', '--name-only', before, 'origin/main'])
    assert.is(changed, undone)
    assert.match(proposal?.body ?? '', 'alerts since noon')
    assert.match(proposal?.report.undo.command ?? '', `--to ${clone.stable('staging', MODEL)}`)

    const again = await rollback(request, proposalOptions(clone))
    assert.equal([again?.published?.pushed, again?.published?.commit], [false, proposal?.published?.commit])
  })
})

test('what is wrong elsewhere does not keep a model from being rolled back, and stays as it is', async () => {
  await withExampleClone(async (clone) => {
    await promoted(clone)
    const stale = 'dist/production/models/breast-biopsy/deployment.yaml'
    clone.edit(stale, 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 4')
    clone.write('environments/production/pins/voice-activity.yaml', 'stable: 9.9.9-deadbeef\n')
    clone.edit('models/house-price/model.ts', "owner: 'valuation'", "ownr: 'valuation'")
    await pushToMain(clone, 'Three mistakes of others')

    const proposal = await rollback(REQUEST, proposalOptions(clone, LOCAL))
    const changed = await clone.git.git(['diff', '--name-only', 'main', BRANCH])
    assert.equal(changed.trim().split('\n'), [
      `dist/production/models/${MODEL}/boot-config-map.yaml`,
      `dist/production/models/${MODEL}/deployment.yaml`,
      `environments/production/pins/${MODEL}.yaml`,
    ])
    // They are not even read.
    assert.equal(
      proposal?.report.findings.filter(({ severity }) => severity === 'error'),
      [],
    )
  })
})

test('a pin that names nothing is rolled back to what it named before', async () => {
  await withExampleClone(async (clone) => {
    const file = `environments/production/pins/${MODEL}.yaml`
    const before = clone.read(file)
    clone.edit(file, clone.stable('production', MODEL), '9.9.9-deadbeef')
    await pushToMain(clone, 'A pin by hand')
    await rollback(REQUEST, proposalOptions(clone, LOCAL))
    assert.is(await clone.git.git(['show', `${BRANCH}:${file}`]), before)
  })
})

test('a rollback where nothing else ran fails with what to do', async () => {
  await withExampleClone(async (clone) => {
    const error = await failureOf(rollback(REQUEST, proposalOptions(clone)))
    assert.is(error.message, `nothing else ran in production before ${clone.stable('production', MODEL)}`)
    assert.is(error.fix, `Promote another release, or end the model there: modelyard retire ${MODEL} --env production`)
  })
})

test.run()
