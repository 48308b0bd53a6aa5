import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mergeBranch } from '../git/index.ts'
import { promote, retire, rollback, stepCandidate } from '../promotion/index.ts'
import { type ExampleClone, withExampleClone } from '../testing/example-repository.ts'
import { runCommand } from './testing/command.ts'
import { failureOf, gitLines, isolateGit, proposalOptions, pushToMain } from './testing/proposals.ts'

const test = suite('candidates and retirement')

const MODEL = 'diabetes-progression'
const PIN = `environments/production/pins/${MODEL}.yaml`
const DIST = `dist/production/models/${MODEL}`
const BRANCH = `candidate/${MODEL}/production`
const AT = { model: MODEL, environment: 'production' }
const START = { model: MODEL, from: 'staging', to: 'production', candidate: { kind: 'canary' as const, weight: 10 } }

test.before(isolateGit)

const changedFiles = (clone: ExampleClone, branch: string) =>
  gitLines(clone, 'diff', '--name-status', 'origin/main', `origin/${branch}`)

async function started(clone: ExampleClone): Promise<void> {
  await promote(START, proposalOptions(clone))
  await mergeBranch(clone.git, `promote/${MODEL}/production`, 'Merge')
}

test('a canary starts beside the stable version, widens without touching a pod, and finishes as the stable version', async () => {
  await withExampleClone(async (clone) => {
    const [old, wanted] = [clone.pinned('production', MODEL), clone.pinned('staging', MODEL)]
    const pin = clone.read(PIN)
    const start = await promote(START, proposalOptions(clone))
    assert.is(start?.title, `Promote ${MODEL} 1.0.0 -> 1.1.0 to production (canary 10 %)`)
    assert.match(start?.body ?? '', '- Sends 10 % of requests to 1.1.0 (canary)')
    assert.match(start?.body ?? '', 'mae vs champion')
    assert.match(start?.report.undo.command ?? '', '--abort')
    await mergeBranch(clone.git, `promote/${MODEL}/production`, 'Merge')
    const block = `candidate:\n  release: ${wanted}\n  mode: canary\n  weight: 10\n`
    assert.is(clone.read(PIN), `${pin}${block}`)
    assert.is(await promote(START, proposalOptions(clone)), undefined, 'once more changes nothing')

    const wider = await stepCandidate({ ...AT, step: { weight: 50 }, reason: 'no alerts' }, proposalOptions(clone))
    assert.equal(await changedFiles(clone, BRANCH), [`M\t${DIST}/routing-config-map.yaml`, `M\t${PIN}`])
    assert.is(wider?.title, `Change canary 1.1.0 of ${MODEL} in production: 10 % -> 50 %`)
    assert.match(wider?.body ?? '', 'Serving pods **do not restart**')
    assert.match(wider?.body ?? '', '> **Reason:** no alerts')
    await mergeBranch(clone.git, BRANCH, 'Merge')
    assert.is(await stepCandidate({ ...AT, step: { weight: 50 } }, proposalOptions(clone)), undefined)

    const finish = await stepCandidate({ ...AT, step: 'finish' }, proposalOptions(clone))
    assert.is(finish?.title, `Promote ${MODEL} 1.0.0 -> 1.1.0 to production`)
    assert.match(finish?.body ?? '', '| pass | golden samples |')
    await mergeBranch(clone.git, BRANCH, 'Merge')
    assert.is(clone.read(PIN), pin.replace(old, wanted), 'every other byte of the pin as it was')
  })
})

test('an abort gives back the former bytes, although main is broken elsewhere and artifacts are gone', async () => {
  await withExampleClone(async (clone) => {
    const before = clone.tree('dist/production')
    const pin = clone.read(PIN)
    await started(clone)
    clone.remove(`models/${MODEL}/artifacts`)
    clone.write('environments/production/pins/nobody.yaml', 'stable: 1.0.0-00000000\n')
    await pushToMain(clone, 'Somebody else breaks main')

    const abort = await stepCandidate({ ...AT, step: 'abort' }, proposalOptions(clone))
    assert.is(abort?.title, `End canary 1.1.0 of ${MODEL} in production`)
    assert.match(abort?.body ?? '', '1.0.0 answers everything again.')
    await mergeBranch(clone.git, BRANCH, 'Merge')
    assert.equal([clone.read(PIN), clone.tree('dist/production')], [pin, before])
  })
})

test('a rollback during a canary ends the canary, names both versions, and gives back the former bytes', async () => {
  await withExampleClone(async (clone) => {
    const before = clone.tree('dist/production')
    const pin = clone.read(PIN)
    await started(clone)
    const proposal = await rollback({ model: MODEL, environment: 'production' }, proposalOptions(clone))
    assert.is(proposal?.title, `Roll back ${MODEL} in production: end canary 1.1.0, keep 1.0.0`)
    assert.match(proposal?.body ?? '', '1.0.0 answers everything again.')
    assert.match(proposal?.report.undo.command ?? '', '--candidate canary --weight 10')
    await mergeBranch(clone.git, `rollback/${MODEL}/production`, 'Merge')
    assert.equal([clone.read(PIN), clone.tree('dist/production')], [pin, before])
  })
})

test('a candidate that is there already, or none, says what to do instead', async () => {
  await withExampleClone(async (clone) => {
    const options = proposalOptions(clone)
    const none = await failureOf(stepCandidate({ ...AT, step: 'abort' }, options))
    assert.is(none.message, `${MODEL} has no candidate in production`)
    assert.match(none.fix ?? '', `modelyard promote ${MODEL} --from staging --to production --candidate canary`)

    await started(clone)
    const other = await failureOf(promote({ ...START, candidate: { kind: 'canary', weight: 25 } }, options))
    assert.match(other.message, /has a candidate in production already: 1\.1\.0-\w{8}, canary 10 %/)
    assert.match(other.fix ?? '', `modelyard candidate ${MODEL} --env production --weight 25`)
    const stable = await failureOf(promote({ model: MODEL, from: 'staging', to: 'production' }, options))
    assert.match(stable.fix ?? '', `modelyard candidate ${MODEL} --env production --finish`)
  })
})

test('a retired model leaves nothing of its own in dist/, and a rollback brings back the former bytes', async () => {
  await withExampleClone(async (clone) => {
    const before = { ...clone.tree('dist'), pin: clone.read(PIN) }
    const proposal = await retire({ ...AT, reason: 'nobody asks for it' }, proposalOptions(clone))
    assert.is(proposal?.title, `Retire ${MODEL} 1.0.0 in production`)
    assert.match(proposal?.body ?? '', 'Who still calls it is **unknown**: no Prometheus of production is known')
    assert.equal(proposal?.report.runsOn, [])
    const dry = proposalOptions(clone, { dryRun: true })
    const [above, lone] = await Promise.all([
      retire({ model: MODEL, environment: 'staging' }, dry),
      retire({ model: 'house-price', environment: 'staging' }, dry),
    ])
    const keeps = '**production** takes this model from staging and keeps running 1.0.0'
    assert.match(above?.body ?? '', `${keeps}: nothing is left here to promote to it.`)
    assert.equal(above?.report.runsOn[0]?.environment, 'production')
    assert.equal(
      lone?.report.runsOn.map(({ environment }) => environment),
      ['production'],
    )
    await mergeBranch(clone.git, `retire/${MODEL}/production`, 'Merge')
    const left = Object.keys(clone.tree('dist/production')).filter((file) => file.includes(MODEL))
    assert.equal(left, [])
    assert.ok(Object.keys(clone.tree(`models/${MODEL}/releases`)).length > 0)

    const back = await rollback(AT, proposalOptions(clone))
    assert.is(back?.title, `Roll back ${MODEL} 1.0.0 in production`)
    assert.match(back?.body ?? '', '- Runs 1.0.0 again')
    assert.is(back?.report.undo.command, `modelyard retire ${MODEL} --env production`)
    await mergeBranch(clone.git, `rollback/${MODEL}/production`, 'Merge')
    assert.equal({ ...clone.tree('dist'), pin: before.pin }, before)
    assert.match(clone.read(PIN), /^stable: 1\.0\.0-\w{8}@sha256:\w{64}\n$/)
  })
})

test('on the command line: several models at once, a pull request each, and one failure keeps none from theirs', async () => {
  await withExampleClone(async (clone) => {
    const step = ['--from', 'staging', '--to', 'production', '--no-memory', '--json']
    // house-price is the candidate there already, by the example's own pin.
    const named = await clone.modelyard(['promote', 'house-price', MODEL, ...step, '--no-push'])
    assert.equal(resultsOf(named.stdout), [
      ['house-price', undefined],
      [MODEL, `Promote ${MODEL} 1.0.0 -> 1.1.0 to production`],
    ])
    assert.match(named.stderr, 'is already the candidate in production; finish or abort it first')
    assert.is(named.code, 2)
    assert.ok((await gitLines(clone, 'branch', '--list', `promote/${MODEL}/production`)).length === 1)
    // Nobody named it to --all, which leaves it to its candidate.
    const all = await runCommand(clone, 'promote', '--all', ...step, '--dry-run')
    assert.equal([resultsOf(all.stdout).map(([model]) => model), all.code], [['breast-biopsy', MODEL], 0])

    const steps = await clone.modelyard(['candidate', MODEL, '--env', 'production', '--abort', '--finish'])
    assert.equal(
      [steps.code, steps.stderr.split('\n')[0]],
      [2, 'error: candidate takes exactly one of --weight, --finish and --abort'],
    )
    const percent = await clone.modelyard(['candidate', MODEL, '--env', 'production', '--weight', '101'])
    assert.is(percent.code, 2)
    assert.match(percent.stderr, 'Write 0 to 100.')
    const history = await clone.modelyard(['history', 'house-price', '--env', 'production'])
    assert.match(history.stdout, /production +promoted +1\.0\.0-\w{8} +1\.1\.0-\w{8} canary 10 %/)
  })
})

function resultsOf(json: string): (string | undefined)[][] {
  return (JSON.parse(json) as { model: string; title?: string }[]).map(({ model, title }) => [model, title])
}

test.run()
