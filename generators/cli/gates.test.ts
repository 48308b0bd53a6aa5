import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { applyChanges, compareWithDist, renderManifests } from '../manifests/index.ts'
import { promote } from '../promotion/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { withExampleClone } from '../testing/example-repository.ts'
import { runCommand } from './testing/command.ts'
import { failureOf, gitLines, isolateGit, proposalOptions, pushToMain, synthAndPush } from './testing/proposals.ts'

const test = suite('gates of a pull request')

const MODEL = 'diabetes-progression'
const MODEL_TS = `models/${MODEL}/model.ts`
const PIN = `environments/production/pins/${MODEL}.yaml`
const GATE = "metric('mae').noWorseThanChampion({ tolerance: '2%' })"
const TO_PRODUCTION = { model: MODEL, from: 'staging', to: 'production' }

test.before(isolateGit)

test('a gate that is weakened beside the pin is judged as the base has it, and refused with the table that says so', async () => {
  await withExampleClone(async (clone) => {
    clone.edit(MODEL_TS, GATE, "metric('r2').atLeast(0.99)")
    await pushToMain(clone, 'A high bar')
    clone.edit(MODEL_TS, 'atLeast(0.99)', 'atLeast(0.1)')
    clone.edit(PIN, clone.pinned('production', MODEL), clone.pinned('staging', MODEL))
    const { code, stdout } = await runCommand(clone, 'gates', '--no-memory')
    assert.is(code, 1)
    assert.match(stdout, /^diabetes-progression in production: 1\.0\.0-\w{8} -> 1\.1\.0-\w{8}\n/)
    assert.match(stdout, /\n {2}fail {5}r2 >= 0\.99 +0\.5086\n/)
    assert.match(stdout, /\n {2}pass {5}metrics measured again +3 agree\n/)
    assert.match(
      stdout,
      `Gates were read at base ${(await gitLines(clone, 'rev-parse', 'origin/main'))[0]?.slice(0, 7)}.`,
    )
    assert.match(stdout, /error promotion gate r2 >= 0\.99: 0\.5086 \[gate-failed\]/)
    assert.match(stdout, /warning changes gates beside the pin .* \[gates-changed-beside\]/)

    // Back to what ran here is not judged, and neither is a change of nothing.
    await clone.git.git(['checkout', '--quiet', '--', '.'])
    const nothing = await runCommand(clone, 'gates', '--no-memory', '--json')
    assert.equal([nothing.code, JSON.parse(nothing.stdout).pins], [0, []])
  })
})

test('an override is in the pull request and in the commit, from where the checks of the branch read it', async () => {
  await withExampleClone(async (clone) => {
    clone.edit(MODEL_TS, GATE, "metric('r2').atLeast(0.99)")
    await synthAndPush(clone, 'A high bar')
    const refused = await failureOf(promote(TO_PRODUCTION, proposalOptions(clone, { push: false })))
    assert.match(refused.details ?? '', /\n {2}fail {5}r2 >= 0\.99 +0\.5086\n/)

    const overrides = [{ gate: 'r2', reason: 'the bar was meant for the next data set (#481)' }]
    const judging = { measureMemory: false, overrides }
    const proposal = await promote(TO_PRODUCTION, proposalOptions(clone, { push: false, judging }))
    assert.match(proposal?.body ?? '', '| **overridden** | r2 >= 0.99 | 0.5086 (1) |')
    assert.match(proposal?.body ?? '', 'overridden: the bar was meant for the next data set (#481)')
    assert.match(proposal?.body ?? '', /gate \*\*overridden\*\*: r2 >= 0\.99 \(0\.5086\): the bar was meant/)
    assert.equal(proposal?.report.overrides, overrides)
    const branch = proposal?.published?.branch ?? ''
    const trailers = await gitLines(clone, 'log', '-1', '--format=%(trailers:key=Gate-override)', branch)
    assert.equal(trailers, ['Gate-override: r2: the bar was meant for the next data set (#481)'])

    await clone.git.git(['checkout', '--quiet', branch])
    const { code, stdout } = await runCommand(clone, 'gates', '--no-memory', '--moment', 'merge', '--approvals', '2')
    assert.is(code, 0, stdout)
    assert.match(stdout, /\n {2}overridden {2}r2 >= 0\.99 +0\.5086 \(1\)\n/)
    assert.match(stdout, /\n {2}pass {8}approvals +2 of 2\n/)

    const wordless = await runCommand(
      clone,
      'promote',
      MODEL,
      '--from',
      'staging',
      '--to',
      'production',
      '--override',
      'r2',
    )
    assert.equal([wordless.code, wordless.stderr.split('\n')[0]], [2, 'error: an override needs a reason'])
  })
})

test('gates judges releases, registries and dist/ that a branch changes, whatever its pins say', async () => {
  await withExampleClone(async (clone) => {
    const release = `models/${MODEL}/releases/${clone.stable('staging', MODEL)}.yaml`
    const judged = async (change: () => void, ...expected: string[]) => {
      change()
      const { code, stdout, stderr } = await runCommand(clone, 'gates', '--no-memory')
      assert.is(code, 1)
      for (const text of expected) assert.match(`${stdout}${stderr}`, text)
      await clone.git.git(['checkout', '--quiet', '--', '.'])
    }
    await judged(() => clone.edit(release, 'strict: false', 'strict: true'), '[release-edited]')
    await judged(
      () => clone.remove(`models/house-price/releases/${clone.stable('production', 'house-price')}.yaml`),
      '[pin-unknown-release]',
    )
    await judged(
      () =>
        clone.edit(
          'dist/production/models/voice-activity/deployment.yaml',
          'revisionHistoryLimit: 3',
          'revisionHistoryLimit: 5',
        ),
      'dist/production/models/voice-activity/deployment.yaml',
      '[dist-stale]',
    )
    clone.edit('environments/shared.ts', "imageRegistries = ['ghcr.io/example']", "imageRegistries = ['ghcr.io/other']")
    await clone.git.git(['add', '--all'])
    await pushToMain(clone, 'Images come from elsewhere, which nothing has yet')
    await judged(() => {
      clone.edit('environments/shared.ts', "['ghcr.io/other']", "['ghcr.io/other', 'ghcr.io/example']")
      clone.edit(PIN, clone.pinned('production', MODEL), clone.pinned('staging', MODEL))
    }, 'error ghcr.io/example/modelyard-serving is in none of the registries that the base names for production')
  })
})

test('models whose manifests change although their pins do not are named', async () => {
  await withExampleClone(async (clone) => {
    clone.edit('environments/production/environment.ts', 'min: 3, max: 12', 'min: 4, max: 12')
    const plan = resolvePlan(await loadRepository(clone.root))
    await applyChanges(clone.root, await compareWithDist(clone.root, renderManifests(plan), {}))
    const { code, stdout } = await runCommand(clone, 'gates', '--no-memory')
    assert.is(code, 0)
    assert.match(
      stdout,
      /^house-price in production: 1\.0\.0-\w{8}\n\nits pin is the same, and 1 of its manifests change/m,
    )
    assert.not.match(stdout, 'voice-activity')
  })
})

test.run()
