import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createGitHubForge, type EmbeddedForge, type Forge, startEmbeddedForge } from '../forges/index.ts'
import { formatPlan, type PlanEntry, promote, publishPlanned, readPlan } from '../promotion/index.ts'
import { type ExampleClone, withExampleClone } from '../testing/example-repository.ts'
import { runCommand } from './testing/command.ts'
import { failureOf, gitLines, isolateGit, proposalOptions, pushToMain, remoteBranches } from './testing/proposals.ts'

const test = suite<{ embedded: EmbeddedForge; forge: Forge }>('publish')

const MODEL = 'diabetes-progression'
const PIN = `environments/production/pins/${MODEL}.yaml`
const BRANCH = `promote/${MODEL}/production`
const TO_PRODUCTION = { model: MODEL, from: 'staging', to: 'production' }

test.before.each(async (context) => {
  isolateGit()
  context.embedded = await startEmbeddedForge()
  context.forge = createGitHubForge({
    repository: { host: 'github.com', owner: 'example', repo: 'models' },
    baseUrl: context.embedded.url,
    environment: { GITHUB_TOKEN: 'any' },
  })
})
test.after.each((context) => context.embedded.close())

type Proposed = Extract<PlanEntry, { action: 'propose' }>

/** What `promote --plan` decides in a fresh clone: all of them begin with the same commit. */
async function plannedIn(clone: ExampleClone): Promise<Proposed> {
  entryOfClones ??= await decide(clone)
  return entryOfClones
}

let entryOfClones: Proposed | undefined

async function decide(clone: ExampleClone): Promise<Proposed> {
  const entries: PlanEntry[] = []
  const collect = (entry: PlanEntry) => entries.push(entry)
  await promote(TO_PRODUCTION, proposalOptions(clone, { collect }))
  const [entry] = entries
  if (entry?.action !== 'propose') throw new Error('nothing was planned')
  return entry
}

/** The entry as the process with the token reads it. */
function passed(entry: object, environment = 'production'): PlanEntry {
  const { text, digest } = formatPlan('main', [entry as PlanEntry])
  const { entries } = readPlan('plan.json', Buffer.from(text), { digest, baseBranch: 'main', environment })
  assert.is(entries.length, 1)
  return entries[0] as PlanEntry
}

test('promote --plan touches no remote, and publish opens the very pull request that promote opens', async ({
  embedded,
  forge,
}) => {
  await withExampleClone(async (clone) => {
    const file = join(dirname(clone.root), 'plan.json')
    const between = ['--from', 'staging', '--to', 'production', '--no-memory']
    const planning = await runCommand(clone, 'promote', MODEL, ...between, '--plan', file, '--json')
    assert.is(planning.code, 0, planning.stderr)
    assert.equal(await remoteBranches(clone), ['main'])
    const { digest } = JSON.parse(planning.stdout) as { digest: string }

    const text = readFileSync(file)
    const { entries } = readPlan(file, text, { digest, baseBranch: 'main' })
    assert.is(entries.length, 1)
    const published = await publishPlanned(entries[0] as PlanEntry, proposalOptions(clone, { forge }))
    const [pull] = embedded.pullRequests
    assert.is(published?.published?.pullRequest?.action, 'created')
    assert.equal([pull?.head, pull?.base, pull?.labels], [BRANCH, 'main', ['promotion', 'production']])

    // The same content, parent and message; only what was measured differs in the text.
    const direct = await promote(TO_PRODUCTION, proposalOptions(clone, { forge }))
    assert.equal([direct?.published?.pushed, direct?.title], [false, published?.title])
    assert.is(embedded.pullRequests.length, 1)

    const command = await runCommand(clone, 'publish', file, '--digest', digest, '--env', 'production')
    assert.is(command.code, 0, command.stderr)
    assert.match(command.stdout, 'no forge is configured')
    const other = await runCommand(clone, 'publish', file, '--digest', `sha256:${'0'.repeat(64)}`)
    assert.equal([other.code, /has digest sha256:\w{64}, expected sha256:0{64}/.test(other.stderr)], [2, true])
  })
})

test('publish evaluates no definition', async ({ forge }) => {
  await withExampleClone(async (clone) => {
    const entry = await plannedIn(clone)
    for (const file of [`models/${MODEL}/model.ts`, 'environments/production/environment.ts']) {
      clone.write(file, "throw new Error('evaluated')\n")
    }
    await pushToMain(clone, 'Definitions that do not load')
    const [baseCommit = ''] = await gitLines(clone, 'rev-parse', 'origin/main')
    const proposal = await publishPlanned(passed({ ...entry, baseCommit }), proposalOptions(clone, { forge }))
    assert.is(proposal?.published?.pullRequest?.action, 'created')
  })
})

test('a plan with anything but a promotion in it is refused, with every reason', async () => {
  await withExampleClone(async (clone) => {
    const entry = await plannedIn(clone)
    passed(entry)
    const withFile = (path: string, text: string | null = 'x') => ({
      ...entry,
      files: [...entry.files, { path, text }],
    })
    const refusals: [what: string, entry: object, message: RegExp][] = [
      ...[
        '.github/workflows/promote.yml',
        'package.json',
        'models/diabetes-progression/model.ts',
        'models/house-price/releases/1.0.0-00000000.yaml',
        'models/diabetes-progression/releases/x.yaml',
        'environments/production/environment.ts',
        'environments/production/pins/house-price.yaml',
        `environments/staging/pins/${MODEL}.yaml`,
        'dist/production/argocd/app-project.yaml',
        'dist/production/argocd/takeover.yaml',
        'dist/production/bootstrap/app-project.yaml',
        'dist/production/environment/namespace.yaml',
        'dist/production/models/house-price/deployment.yaml',
        `dist/staging/models/${MODEL}/deployment.yaml`,
        `dist/production/models/${MODEL}/.hidden.yaml`,
        `dist/production/models/${MODEL}/sub/deployment.yaml`,
        `dist/production/models/${MODEL}/../house-price/deployment.yaml`,
        `dist/production/models/${MODEL}/deployment.sh`,
        '../outside.yaml',
        '/etc/cron.d/x',
        '.git/hooks/pre-push',
        `./${PIN}`,
        PIN.toUpperCase(),
      ].map((path): [string, object, RegExp] => [path, withFile(path), /is not a file of this promotion/]),
      ['a second pin', withFile(PIN), /is there twice/],
      ['a removed pin', { ...entry, files: [{ path: PIN, text: null }] }, /pins\/.* must not be removed/],
      ['no pin', { ...entry, files: entry.files.filter(({ path }) => path !== PIN) }, /pins\/.* is missing/],
      ['a path with a line end', withFile(`${PIN}\n`), /is not a path/],
      ['a title that is a trailer', { ...entry, title: 'Gate-override: soak: x' }, /is not the title of a promotion/],
      [
        'an override that nobody asked for',
        { ...entry, overrides: [{ gate: 'soak', reason: 'x' }] },
        /the gate soak is overridden, and --override soak was not given/,
      ],
      ['another environment', { ...entry, environment: 'staging' }, /planned for staging, and not production/],
      ['another kind', { ...entry, kind: 'rollback' }, /kind: "rollback" is not one of/],
      ['another action', { ...entry, action: 'merge' }, /action: "merge" is not one of/],
      ['an unknown field', { ...entry, labels: ['admin'] }, /unknown field/],
      ['a model that is a path', { ...entry, model: '../x' }, /is not a name of lower-case/],
      ['a revision', { ...entry, baseCommit: 'origin/main' }, /is not the full id of a commit/],
      ['an option', { ...entry, baseCommit: '--upload-pack=x' }, /is not the full id of a commit/],
      ['a long title', { ...entry, title: 'x'.repeat(257) }, /title: .* must NOT have more than 256/],
      ['a long body', { ...entry, body: 'x'.repeat(65_537) }, /body: .* must NOT have more than 65536/],
      ['a large file', withFile(PIN, 'x'.repeat(2 ** 20 + 1)), /must NOT have more than 1048576/],
    ]
    for (const [what, planned, message] of refusals) {
      const failure = await failureOf((async () => passed(planned))())
      assert.match(failure.findings.map((finding) => finding.message).join('\n'), message, what)
      assert.ok(failure.findings.every(({ rule, severity }) => rule === 'plan-invalid' && severity === 'error'))
    }
    const twice = formatPlan('main', [entry, entry])
    const bounds = { digest: twice.digest, baseBranch: 'main' }
    const failure = await failureOf((async () => readPlan('plan.json', Buffer.from(twice.text), bounds))())
    assert.match(failure.findings[0]?.message ?? '', 'is planned twice')
    const elsewhere = await failureOf(
      (async () => readPlan('plan.json', Buffer.from(twice.text), { ...bounds, baseBranch: 'release' }))(),
    )
    assert.match(elsewhere.findings[0]?.message ?? '', 'baseBranch is main, and not release')
  })
})

test('a plan of a commit that the base branch does not hold, or that is out of date, is refused', async ({
  embedded,
  forge,
}) => {
  await withExampleClone(async (clone) => {
    const entry = await plannedIn(clone)
    const refuse = async (planned: object, message: RegExp) => {
      const failure = await failureOf(publishPlanned(passed(planned), proposalOptions(clone, { forge })))
      assert.match(failure.message, message)
      assert.equal([(await remoteBranches(clone)).includes(BRANCH), embedded.pullRequests], [false, []])
    }
    await refuse({ ...entry, baseCommit: '1'.repeat(40) }, /1{40}, which is no commit of main/)

    // A commit that is known here, and on another branch alone.
    await clone.git.git(['switch', '--quiet', '--create', 'evil'])
    clone.write('CODEOWNERS', '* @evil\n')
    await clone.git.git(['add', 'CODEOWNERS'])
    await clone.git.git(['commit', '--quiet', '--message', 'Owners'])
    await clone.git.git(['push', '--quiet', 'origin', 'evil'])
    const [elsewhere = ''] = await gitLines(clone, 'rev-parse', 'HEAD')
    await clone.git.git(['switch', '--quiet', 'main'])
    await refuse({ ...entry, baseCommit: elsewhere }, /which is no commit of main/)

    const [release = ''] = await gitLines(clone, 'ls-files', `models/${MODEL}/releases`)
    const rewritten = { ...entry, files: [...entry.files, { path: release, text: 'version: 9.9.9\n' }] }
    await refuse(rewritten, /changes models\/.*, and releases never change/)

    // Other models' files may change in the meantime; what was decided on may not.
    clone.edit('environments/production/pins/voice-activity.yaml', 'stable', '# Meanwhile.\nstable')
    await pushToMain(clone, 'Of another model')
    const dryRun = proposalOptions(clone, { forge, dryRun: true })
    assert.equal((await publishPlanned(passed(entry), dryRun))?.title, entry.title)
    clone.edit(PIN, 'stable:', '# Meanwhile.\nstable:')
    await pushToMain(clone, 'Of this one')
    await refuse(entry, new RegExp(`out of date: main changed ${PIN} since ${entry.baseCommit.slice(0, 7)}`))
  })
})

test('a withdrawal closes the pull request that has nothing left to change', async ({ embedded, forge }) => {
  await withExampleClone(async (clone) => {
    const { baseCommit } = await plannedIn(clone)
    await forge.createPullRequest({ head: BRANCH, base: 'main', title: 'Open', body: '' })
    const withdrawal = { action: 'withdraw', kind: 'promote', model: MODEL, environment: 'production', baseCommit }
    assert.is(await publishPlanned(passed(withdrawal), proposalOptions(clone, { forge })), undefined)
    assert.is(embedded.pullRequests[0]?.state, 'closed')
  })
})

test.run()
