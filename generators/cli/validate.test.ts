import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Finding } from '../findings/index.ts'
import { compareWithDist, renderManifests } from '../manifests/index.ts'
import { promote } from '../promotion/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { type ExampleClone, REPOSITORY, withExample, withExampleClone } from '../testing/example-repository.ts'
import type { Validation } from '../validation/index.ts'
import { budgetLines } from './budget-lines.ts'
import { exitCodeOf } from './output.ts'
import { runCommand } from './testing/command.ts'
import { proposalOptions } from './testing/proposals.ts'

const test = suite('synth, validate and diff on the command line')

const DEPLOYMENT = 'dist/production/models/house-price/deployment.yaml'

test('synth --check is content with what synth wrote', async () => {
  await withExample(async (example) => {
    const { tree } = example
    const before = tree('dist')
    const { code, stdout } = await runCommand(example, 'synth', '--check', '--json')
    assert.is(code, 0)
    assert.equal(JSON.parse(stdout), { findings: [], objects: Object.keys(before).length, changes: [] })
    assert.equal(tree('dist'), before)
  })
})

test('a planted edit in dist/ fails synth --check with its diff, fails validate at its line, and synth repairs it', async () => {
  await withExample(async (example) => {
    const { edit, lineOf, modelyard, read, tree } = example
    const before = tree('dist')
    edit(DEPLOYMENT, 'revisionHistoryLimit: 3', 'revisionHistoryLimit: 30')
    const line = lineOf(DEPLOYMENT, 'revisionHistoryLimit: 30')
    const [check, validate] = await Promise.all([modelyard(['synth', '--check']), modelyard(['validate', '--offline'])])
    assert.is(check.code, 1)
    assert.match(check.stdout, `--- a/${DEPLOYMENT}\n+++ b/${DEPLOYMENT}\n`)
    assert.match(check.stdout, '\n-  revisionHistoryLimit: 30\n+  revisionHistoryLimit: 3\n')
    assert.match(check.stdout, 'Run modelyard synth and commit what it writes.')
    assert.match(read(DEPLOYMENT), 'revisionHistoryLimit: 30')
    assert.is(validate.code, 1)
    assert.match(validate.stdout, `${DEPLOYMENT}:${line} error differs from what synth writes [dist-stale]`)
    assert.match(validate.stdout, '1 error, 1 warning, 3 info (artifacts not checked: --offline)')
    const repaired = await runCommand(example, 'synth', '--env', 'production', '--model', 'house-price')
    assert.is(repaired.code, 0)
    assert.match(repaired.stdout, `  changed ${DEPLOYMENT}\n`)
    assert.equal(tree('dist'), before)
  })
})

test('synth removes what is not wanted any more, and what it did not write is an error and stays', async () => {
  await withExample(async (example) => {
    const { remove, tree, write } = example
    write('dist/staging/models/voice-activity/notes.yaml', 'kind: Ours\n')
    remove('environments/staging/pins/voice-activity.yaml')
    const { code, stdout } = await runCommand(example, 'synth', '--env', 'staging')
    assert.is(code, 1)
    assert.match(stdout, /^dist\/staging\/models\/voice-activity\/notes\.yaml:1 error .* \[dist-foreign\]$/m)
    assert.equal(Object.keys(tree('dist/staging/models/voice-activity')), [
      'dist/staging/models/voice-activity/notes.yaml',
    ])
  })
})

test('synth writes nothing while a definition is wrong, and names the line', async () => {
  await withExample(async (example) => {
    const { edit, lineOf, tree } = example
    const file = 'models/house-price/model.ts'
    const before = tree('dist')
    edit(file, "latencyP99: '50ms'", "latencyP99: '50 ms'")
    const { code, stdout } = await runCommand(example, 'synth', '--json')
    assert.is(code, 1)
    const { findings, changes } = JSON.parse(stdout) as { findings: Finding[]; changes: unknown[] }
    const [{ rule, path, line } = {}, ...rest] = findings
    assert.equal([rule, path, line], ['definition-invalid', 'slo.latencyP99', lineOf(file, 'latencyP99')])
    assert.equal([rest, changes], [[], []])
    assert.equal(tree('dist'), before)
  })
})

test('an edit of model.ts changes development alone: other environments run sealed releases', async () => {
  await withExample(async ({ edit, root }) => {
    edit('models/diabetes-progression/model.ts', 'min: 2, max: 10', 'min: 2, max: 12')
    const plan = resolvePlan(await loadRepository(root))
    const changes = await compareWithDist(root, renderManifests(plan), {})
    const path = 'dist/development/models/diabetes-progression/horizontal-pod-autoscaler.yaml'
    assert.equal(
      changes.map((change) => change.path),
      [path],
    )
  })
})

test('what could not be checked is exit code 2: neither wrong nor valid', async () => {
  await withExample(async (example) => {
    example.remove('models/house-price/artifacts/1.0.0/model.onnx')
    const { code, stdout } = await runCommand(example, 'validate', '--json')
    assert.is(code, 2)
    const { findings, artifactsChecked } = JSON.parse(stdout) as Validation
    assert.ok(artifactsChecked)
    assert.ok(findings.some(({ rule, severity }) => rule === 'artifact-unavailable' && severity === 'warning'))
  })
})

test('an error is exit code 1, also beside what could not be checked; a warning alone is 0', () => {
  const error: Finding = { rule: 'artifact-digest', severity: 'error', message: '' }
  const unknown: Finding = { rule: 'artifact-unavailable', severity: 'warning', message: '' }
  const warning: Finding = { rule: 'image-placeholder', severity: 'warning', message: '' }
  assert.is(exitCodeOf([warning, unknown, error]), 1)
  assert.is(exitCodeOf([warning, unknown]), 2)
  assert.is(exitCodeOf([warning]), 0)
  assert.is(exitCodeOf([]), 0)
})

test('diff tells in words how two environments differ', async () => {
  await withExample(async (example) => {
    const { stable } = example
    const text = await runCommand(example, 'diff', 'staging', 'production')
    const json = await runCommand(example, 'diff', 'staging', 'production', '--json', '--model', 'diabetes-progression')
    assert.is(text.code, 0)
    assert.match(text.stdout, 'diabetes-progression: version 1.1.0 -> 1.0.0\n')
    assert.match(text.stdout, 'house-price: replicas.min 2 -> 3\nhouse-price: replicas.max 6 -> 12\n')
    assert.match(text.stdout, `house-price: candidate none -> ${stable('staging', 'house-price')} canary 10 %\n`)
    assert.not.match(text.stdout, 'voice-activity')
    const model = 'diabetes-progression'
    const { findings, differences } = JSON.parse(json.stdout)
    const digest = differences.find(({ field }: { field: string }) => field === 'digest')
    assert.match(`${digest.from} ${digest.to}`, /^[0-9a-f]{12} [0-9a-f]{12}$/)
    assert.equal(
      { findings, differences },
      {
        findings: [],
        differences: [
          { model, field: 'version', from: '1.1.0', to: '1.0.0' },
          digest,
          { model, field: 'release', from: stable('staging', model), to: stable('production', model) },
        ],
      },
    )
    const one = await runCommand(example, 'diff', 'staging')
    assert.is(one.code, 2)
    assert.match(one.stderr, 'error: diff takes zero or two environments')
  })
})

test('validate --since says what the change does to a cluster, from where the branch left the other', async () => {
  await withExampleClone(async ({ modelyard, remove, git }) => {
    const namespace = 'dist/staging/environment/namespace.yaml'
    await git.git(['checkout', '--quiet', '-b', 'change'])
    remove(namespace)
    const found = async (...args: string[]) => {
      const { stdout } = await modelyard(['validate', '--offline', '--json', ...args])
      const { findings } = JSON.parse(stdout) as Validation
      return findings.filter(({ rule }) => rule === 'data-removed').map(({ severity, file }) => `${severity} ${file}`)
    }
    assert.equal(await found(), [])
    assert.equal(await found('--since', 'main'), [`error ${namespace}`])
    const { code, stderr } = await modelyard(['validate', '--offline', '--since', 'nowhere'])
    assert.is(code, 2)
    assert.match(stderr, 'there is no commit nowhere that this branch started from')
  })
})

test('an environment is removed in two changes that pass: its models, then what is left with a reason', async () => {
  await withExampleClone(async (clone) => {
    const validated = async () => {
      await runCommand(clone, 'synth')
      const { code, stdout } = await runCommand(clone, 'validate', '--offline', '--json', '--since', 'HEAD')
      const { findings } = JSON.parse(stdout) as Validation
      return [code, ...findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)]
    }
    clone.remove('environments/production/pins')
    assert.equal(await validated(), [0])
    await clone.git.git(['add', '--all', 'environments', 'dist'])
    await clone.git.git(['commit', '--quiet', '--message', 'Retire the models of production'])
    clone.remove('environments/production')
    assert.equal(await validated(), [1, 'data-removed'])

    const page = readFileSync(join(REPOSITORY, 'docs/environments.md'), 'utf8')
    const documented = /```yaml\n(suppressions:\n(?:(?!```).*\n)+)```/.exec(page)?.[1] ?? ''
    clone.write('modelyard.yaml', documented)
    assert.equal(await validated(), [0])
  })
})

/** The shell commands that a page has below a heading, run in a clone; `modelyard` in this process. */
async function follow(clone: ExampleClone, page: string, heading: string, block: number): Promise<void> {
  const [, section = ''] = readFileSync(join(REPOSITORY, page), 'utf8').split(`\n## ${heading}\n`)
  const commands = [...(section.split('\n## ')[0]?.matchAll(/```sh\n([\s\S]*?)```/g) ?? [])][block]?.[1] ?? ''
  assert.ok(commands.endsWith('\nmodelyard synth\n'), `${page} has no such commands`)
  execFileSync('sh', ['-ec', commands.replace(/modelyard synth\n$/, '')], { cwd: clone.root })
  const { code, stderr } = await runCommand(clone, 'synth')
  assert.is(code, 0, stderr)
}

/** Errors of a change since the last commit, which it commits. */
async function errorsSinceHead(clone: ExampleClone): Promise<string[]> {
  const { stdout } = await runCommand(clone, 'validate', '--offline', '--json', '--since', 'HEAD')
  await clone.git.git(['add', '--all', 'models', 'environments', 'dist'])
  await clone.git.git(['commit', '--quiet', '--message', 'A step'])
  return (JSON.parse(stdout) as Validation).findings
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, message }) => `${rule}: ${message}`)
}

test('a model is renamed as the page says: it runs under both names, and keeps the version of production', async () => {
  await withExampleClone(async (clone) => {
    await follow(clone, 'docs/registering.md', 'Rename a model', 0)
    assert.equal(await errorsSinceHead(clone), [])
    await clone.git.git(['push', '--quiet', 'origin', 'main'])
    const request = { model: 'home-price', from: 'development', to: 'staging' }
    const promoted = await promote(request, proposalOptions(clone, { push: false, dryRun: true }))
    const running = /^stable: (\S+?)-/m.exec(clone.read('environments/production/pins/house-price.yaml'))?.[1]
    assert.is(promoted?.report.to.version, running)
    // In place it is refused, with the way to go.
    clone.remove('models/house-price')
    for (const name of ['development', 'staging', 'production'])
      clone.remove(`environments/${name}/pins/house-price.yaml`)
    clone.edit('environments/production/environment.ts', 'models/house-price/', 'models/home-price/')
    await runCommand(clone, 'synth')
    const { stdout } = await runCommand(clone, 'validate', '--offline', '--since', 'HEAD~1')
    assert.match(stdout, /models\/home-price\/model\.ts:\d+ error house-price is gone and home-price has its artifacts/)
    assert.match(stdout, 'docs/registering.md, "Rename a model"')
  })
})

test('an environment is renamed as the page says: it runs under both names, and its releases go on from there', async () => {
  await withExampleClone(async (clone) => {
    const page = 'docs/environments.md'
    await follow(clone, page, 'Rename an environment', 0)
    assert.equal(await errorsSinceHead(clone), [])
    assert.is(clone.stable('preview', 'house-price'), clone.stable('staging', 'house-price'))
    await follow(clone, page, 'Rename an environment', 1)
    assert.equal(await errorsSinceHead(clone), [])
    clone.remove('environments/staging/pins')
    await runCommand(clone, 'synth')
    assert.equal(await errorsSinceHead(clone), [])
  })
})

test('what deployed versions take here stands beside their budgets, with what was not measured and why', async () => {
  const budget = { p99Ms: 20, memoryBytes: 256 * 2 ** 20 }
  const latency = { p50Ms: 0.2, p95Ms: 1.2345, p99Ms: 31, calls: 1200 }
  const measured = [
    { model: 'house-price', version: '1.0.0', environments: ['staging', 'production'], budget, latency },
    { model: 'wine', version: '2.0.0', environments: ['staging'], budget, unknown: 'its artifact is not here' },
  ]
  assert.equal(
    budgetLines([
      { ...(measured[0] as (typeof measured)[0]), memoryBytes: 120 * 2 ** 20, holds: false },
      ...measured.slice(1),
    ]),
    [
      'one row, here      p50     p95     p99 of budget         memory of limit   in',
      'house-price 1.0.0  0.2 ms  1.2 ms  31 ms of 20 ms, over  120 Mi of 256 Mi  staging, production',
      'wine 2.0.0         -       -       -                     -                 staging: not measured, its artifact is not here',
    ],
  )
  await withExample(async (example) => {
    const { code, stderr } = await runCommand(example, 'validate', '--measure', '--offline')
    assert.is(code, 2)
    assert.match(stderr, '--measure runs the artifacts that --offline leaves out')
  })
})

test.run()
