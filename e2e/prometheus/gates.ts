import * as assert from 'node:assert/strict'
import { appendFileSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { runCommand } from '../../generators/cli/testing/command.ts'
import { isolateGit, synthAndPush } from '../../generators/cli/testing/proposals.ts'
import { requireEnvironment, requirePinned } from '../../generators/pins/index.ts'
import { loadRepository, resolvePlan } from '../../generators/repository/index.ts'
import { type ExampleClone, withExampleClone } from '../../generators/testing/example-repository.ts'
import { load } from './load.ts'
import { objectsOf } from './plans.ts'
import { type Pod, startPod, stopAll, until, wayTo } from './pods.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

// `gates.ts <scratch folder>`: what a promotion, `status`, `verify` and `retire` read from Prometheus, from a real one that scrapes
// pods of staging. The repository asks for a soak of some seconds, and is changed as a person would.
const scratch = resolve(process.argv[2] ?? '')
const MODEL = 'diabetes-progression'
const UNSEEN = 'breast-biopsy'
/** Asked by tensors, since it has no named features. */
const TENSORS = 'voice-activity'
/** Runs in production with a candidate beside it. */
const CANARY = 'house-price'
const STEP = ['--from', 'staging', '--to', 'production']
/** What is counted in steps of 15 s, so that three of them are needed. */
const SOAK_SECONDS = 45
const PRODUCTION = 'environments/production/environment.ts'
const LIVE = "live: { errorRate: '1%', latencyP99: '1s', during: '5m' }"
/** A port that nobody listens at. */
const NOBODY = 'http://127.0.0.1:9'
let passed = 0
let failed = 0

async function check(what: string, test: () => Promise<void>): Promise<void> {
  try {
    await test()
    passed += 1
    console.log(`ok: ${what}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED: ${what}\n  ${error instanceof Error ? error.message : String(error)}`)
  }
}

isolateGit()
// Whatever cluster this machine knows is none of ours.
process.env['KUBECONFIG'] = '/dev/null'
mkdirSync(scratch, { recursive: true })
try {
  await withExampleClone(checkAll)
} finally {
  await stopAll()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function checkAll(clone: ExampleClone): Promise<void> {
  appendFileSync(`${clone.root}/.git/info/exclude`, 'pods\nnode_modules\n')
  for (const file of ['environments/staging/environment.ts', PRODUCTION]) {
    clone.edit(file, 'import { defineEnvironment', 'import { prometheusOperator, defineEnvironment')
    clone.edit(file, '  argocd,', "  argocd,\n  monitoring: prometheusOperator({ release: 'p' }),")
  }
  clone.edit(PRODUCTION, 'gates: { approvals: 2 }', `gates: { approvals: 2, soak: '${SOAK_SECONDS}s', ${LIVE} }`)
  await synthAndPush(clone, 'Soak and live figures')
  const repository = await loadRepository(clone.root)
  const plan = resolvePlan(repository)
  const [staging, production] = [requireEnvironment(plan, 'staging'), requireEnvironment(plan, 'production')]
  const pods = await Promise.all([
    ...[1, 2].map((number) => startPod(repository, requirePinned(staging, MODEL), number)),
    startPod(repository, requirePinned(staging, TENSORS), 1),
    startPod(repository, requirePinned(production, CANARY), 1),
  ])
  const service = await wayTo(pods[0]?.port ?? 0)
  const prometheus = await startPrometheus(scratch, [staging, production].flatMap(objectsOf), pods)
  try {
    await askPrometheus(clone, pods, prometheus, `http://127.0.0.1:${service.port}`)
  } finally {
    service.cut()
  }
}

async function askPrometheus(clone: ExampleClone, pods: Pod[], prometheus: Prometheus, service: string): Promise<void> {
  const { address } = prometheus
  /** Rows of the table of gates, by name. */
  const promote = async (model = MODEL, at = address) => {
    const args = ['promote', model, ...STEP, '--dry-run', '--no-memory', '--prometheus', at]
    const { code, stdout, stderr } = await runCommand(clone, ...args)
    const text = stdout + stderr
    return { code, text, row: (gate: string) => rowOf(text, gate) }
  }
  const verify = (...more: string[]) =>
    runCommand(clone, 'verify', MODEL, '--env', 'staging', '--prometheus', address, '--address', service, ...more)

  await check('a release that Prometheus has never seen is not promoted: cannot tell', async () => {
    const { code, text, row } = await promote(UNSEEN)
    assert.notEqual(code, 0)
    assert.match(row('soak >='), /^unknown +.* not checked/)
    assert.match(row('live error rate'), /^unknown /)
    assert.match(text, /Prometheus has nothing of breast-biopsy in namespace models-staging/)
  })

  await until(
    async () => (await prometheus.query('up == 1')).length === pods.length,
    () => 'every pod is scraped',
  )
  await check('status shows what the pods have loaded', async () => {
    const { code, stdout } = await runCommand(clone, 'status', '--env', 'staging', '--prometheus', address)
    assert.equal(code, 0)
    assert.match(stdout, /staging +diabetes-progression +1\.1\.0 +unknown +1\.1\.0 2\/2 /)
    assert.match(stdout, /staging +breast-biopsy +1\.1\.0 +unknown +none seen /)
  })
  await check('verify --wait passes what Prometheus and the Service say', async () => {
    const { stdout } = await verify('--wait', '60s')
    assert.match(stdout, /loaded +pass +1\.1\.0-\w{8} in 2 of 2 pods/)
    assert.match(stdout, /golden samples +pass +24 of 24 through http/)
  })
  await check('verify asks for a candidate too, and a model without named features by its tensors', async () => {
    const ofModel = async (model: string, env: string) => {
      const at = `http://127.0.0.1:${pods.find((pod) => pod.model.name === model)?.port}`
      const args = ['--env', env, '--prometheus', address, '--address', at, '--wait', '30s']
      return (await runCommand(clone, 'verify', model, ...args)).stdout
    }
    assert.match(await ofModel(TENSORS, 'staging'), /golden samples +pass +(\d+) of \1 through http/)
    const both = await ofModel(CANARY, 'production')
    assert.match(both, /loaded +pass +1\.0\.0-\w{8} in 1 of 1 pods, 1\.1\.0-\w{8} in 1 of 1 pods/)
    const { stdout } = await runCommand(clone, 'status', '--env', 'production', '--prometheus', address)
    assert.match(stdout, /house-price +1\.0\.0 \+ 1\.1\.0 canary 10 % +unknown +1\.0\.0 1\/1 \+ 1\.1\.0 1\/1 /)
  })
  await check('too short a soak, and too few requests to tell, are refused', async () => {
    const { code, text, row } = await promote()
    assert.notEqual(code, 0)
    const [, seconds] = /^fail +soak >= 45s, loaded +(\d+) s/.exec(row('soak >=')) ?? []
    assert.ok(Number(seconds) < SOAK_SECONDS, text)
    // The few of `verify` count once they were scraped twice.
    await until(
      async () => /requests, and fewer than 100 tell nothing/.test((await promote()).text),
      () => 'the few requests are counted',
    )
    assert.match((await promote()).row('live error rate'), /^unknown .*cannot tell/)
  })

  let over = false
  const called = pods.filter(({ model }) => model.name === MODEL)
  const good = called.map((pod) => load(clone.root, pod, () => over, { well: true }))
  const answered = (loads: typeof good) =>
    loads.flatMap((each) => [...each.answered.values()]).reduce((sum, count) => sum + count, 0)
  await check('a soak that is long enough passes, with the time and the figures that Prometheus has', async () => {
    await until(
      async () => (await promote()).code === 0,
      () => 'the promotion passes',
    )
    const { row } = await promote()
    const [, seconds] = /^pass +soak >= 45s, loaded +(\d+) s/.exec(row('soak >=')) ?? []
    assert.ok(Number(seconds) >= SOAK_SECONDS, row('soak >='))
    assert.match(row('live error rate'), /^pass +live error rate <= 1% +0 %/)
    const [, milliseconds] = /^pass +live p99 <= 1s +([\d.]+) ms/.exec(row('live p99')) ?? []
    assert.ok(Number(milliseconds) > 0, row('live p99'))
  })
  await check('a latency above the bound is refused, with the figure', async () => {
    clone.edit(PRODUCTION, "latencyP99: '1s'", "latencyP99: '0.01ms'")
    await synthAndPush(clone, 'Nothing is that fast')
    const { code, row } = await promote()
    assert.notEqual(code, 0)
    assert.match(row('live p99'), /^fail +live p99 <= 0\.01ms +[\d.]+ ms/)
    assert.match(row('live error rate'), /^pass /)
    clone.edit(PRODUCTION, "latencyP99: '0.01ms'", "latencyP99: '1s'")
    await synthAndPush(clone, 'As before')
    assert.equal((await promote()).code, 0)
  })
  over = true
  await Promise.all(good.map(({ done }) => done))

  await check('an error rate above the bound is refused, with the rate that callers saw', async () => {
    let ended = false
    const before = answered(good)
    const hurried = called.map((pod) => load(clone.root, pod, () => ended))
    const failures = () => hurried.reduce((sum, each) => sum + serverErrors(each.answered), 0)
    await until(
      async () => failures() >= 20,
      () => 'some requests fail',
    )
    ended = true
    await Promise.all(hurried.map(({ done }) => done))
    const share = () => (100 * failures()) / (before + answered(hurried))
    let row = ''
    await until(
      async () => {
        const refused = await promote()
        row = refused.row('live error rate')
        const [, percent] = /^fail +live error rate <= 1% +([\d.]+) %/.exec(row) ?? []
        // Prometheus extrapolates to the ends of its window.
        return refused.code !== 0 && Math.abs(Number(percent) - share()) < 0.25 * share()
      },
      () => `"${row}", and callers saw ${share()} %`,
      60,
    )
  })
  await check('retire says how many still call', async () => {
    const { stdout } = await runCommand(
      clone,
      'retire',
      MODEL,
      '--env',
      'staging',
      '--dry-run',
      '--prometheus',
      address,
    )
    const [, count = '', route = ''] = /\*\*([\d,]+) requests\*\* in the last 7d: predict ([\d,]+)/.exec(stdout) ?? []
    assert.ok(Number(count.replaceAll(',', '')) > 100, stdout)
    assert.equal(route, count)
  })
  await check('with Prometheus down nothing can be told, and nothing passes', async () => {
    for (const [at, reason] of [
      [NOBODY, /Prometheus could not be asked/],
      // The server itself, which is no Prometheus.
      [service, /Prometheus answered 404|is no Prometheus/],
    ] as const) {
      const { code, text, row } = await promote(MODEL, at)
      assert.notEqual(code, 0)
      for (const gate of ['soak >=', 'live error rate', 'live p99']) assert.match(row(gate), /^unknown .*not checked/)
      assert.match(text, reason)
    }
    const { stdout } = await runCommand(clone, 'status', '--env', 'staging', '--prometheus', NOBODY)
    assert.match(stdout, /diabetes-progression +1\.1\.0 +unknown +unknown /)
    assert.match((await verify('--prometheus', NOBODY)).stdout, /loaded +unknown +Prometheus could not be asked/)
  })
}

/** The row of a gate whose name begins so, without the marks of a table. */
function rowOf(text: string, gate: string): string {
  const cells = text.split('\n').map((line) =>
    line
      .replaceAll(/[|*\\]/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim(),
  )
  return cells.find((line) => line.includes(` ${gate}`) && /^(pass|fail|unknown|pending) /.test(line)) ?? ''
}

function serverErrors(answered: ReadonlyMap<number, number>): number {
  return [...answered].reduce((sum, [status, count]) => sum + (status >= 500 ? count : 0), 0)
}
