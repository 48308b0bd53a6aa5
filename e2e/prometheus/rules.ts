import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ALERTS } from '../../generators/charts/monitoring/alert.ts'
import { loadRepository, type PlannedModel } from '../../generators/repository/index.ts'
import { planKitchenSink } from '../../generators/testing/kitchen-sink.ts'
import { type AlertCase, alertCases } from './alert-cases.ts'
import { type Manifest, objectsOf, watchedProduction, withEveryEngine } from './plans.ts'
import { rulesOf } from './queries.ts'
import { healthy, NAMESPACE, series, type Watched } from './series.ts'

// `rules.ts <scratch folder>`: promtool checks every rule and runs a test of each alert, firing and not.
const scratch = resolve(process.argv[2] ?? '')
mkdirSync(scratch, { recursive: true })
let passed = 0
let failed = 0

function promtool(what: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: scratch, encoding: 'utf8' })
  if (status === 0) passed += 1
  else {
    failed += 1
    console.log(`FAILED: ${what}\n${stdout}${stderr}`)
  }
}

/**
 * Rules of an object as a file; with an alert only that and what it reads, since each test evaluates all of a file. One group: the
 * order between groups is not promised.
 */
function writeRules(name: string, object: Manifest, alert?: string): string {
  const all: Manifest[] = rulesOf(object)
  const wanted = all.filter((rule) => alert === undefined || rule.alert === alert)
  const read = wanted.map(({ expr }) => expr).join('\n')
  const rules = all.filter((rule) => wanted.includes(rule) || (rule.record !== undefined && read.includes(rule.record)))
  const file = `${name}-${alert ?? 'all'}.rules.json`
  writeFileSync(join(scratch, file), JSON.stringify({ groups: [{ name: 'all', rules }] }))
  return file
}

const environment = watchedProduction(await loadRepository(process.cwd()), 'http://127.0.0.1:9')
const { plan } = await planKitchenSink()
for (const [index, variant] of [...withEveryEngine(environment), ...plan.environments].entries()) {
  for (const object of objectsOf(variant).filter(({ kind }) => kind === 'PrometheusRule')) {
    const { name } = object.metadata
    promtool(`rules of ${name}`, 'check', 'rules', '--lint-fatal', writeRules(`${name}-${index}`, object))
  }
}

// One with a canary and one with a candidate in the shadow: alerts are about what the model has.
const tested = new Set<string>()
for (const name of ['house-price', 'breast-biopsy']) {
  const model = environment.models.find((item) => item.name === name)
  const rule = objectsOf(environment).find(({ kind, metadata }) => kind === 'PrometheusRule' && metadata.name === name)
  if (!model || !rule) throw new Error(`there is no ${name}`)
  const has = new Set(rulesOf(rule).map(({ alert }) => alert))
  const watched = watchedModel(model)
  const done = new Set(tested)
  for (const [index, item] of alertCases(watched).entries()) {
    if (!has.has(item.alert) || done.has(item.alert)) continue
    if (item.fires) tested.add(item.alert)
    const file = `${name}-${index}.test.json`
    writeFileSync(join(scratch, file), JSON.stringify(unitTest(writeRules(name, rule, item.alert), item)))
    promtool(`${item.alert} of ${name} ${item.fires ? 'fires' : 'does not fire'}: ${item.what}`, 'test', 'rules', file)
  }
  writeFileSync(join(scratch, `${name}-well.test.json`), JSON.stringify(wellTest(writeRules(name, rule), watched)))
  promtool(
    `no alert of ${name} fires when all is well, and drift is what the formula says`,
    'test',
    'rules',
    `${name}-well.test.json`,
  )
}
for (const alert of ALERTS) {
  if (tested.has(alert)) continue
  failed += 1
  console.log(`FAILED: no test fires ${alert}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function watchedModel({ name, stable, candidate, effectiveSettings }: PlannedModel): Watched {
  if (!candidate) throw new Error(`${name} has no candidate`)
  return {
    model: name,
    version: stable.facts.version,
    candidate: candidate.version.facts.version,
    digests: [stable.facts.bundle.model.sha256, candidate.version.facts.bundle.model.sha256],
    objective: effectiveSettings.slo.latencyP99Ms / 1000,
  }
}

function unitTest(rules: string, { alert, fires, input, step, at, labels = {} }: AlertCase): object {
  return testOf(rules, step, input, at, [expectation({ alertname: alert, ...labels }, fires)])
}

/** Nothing fires, each alert looked at by its name; and a PSI of 0.9 to 0.1 where one half was expected. */
function wellTest(rules: string, watched: Watched): object {
  const well = healthy(watched)
  const counts = (bin: string, step: number) =>
    series('modelyard_feature_bin_total', watched, { version: '7.0.0', feature: 'y', bin }, step)
  const share = (bin: string) =>
    series('modelyard_feature_baseline_share', watched, { version: '7.0.0', feature: 'y', bin }, 0, 0.5)
  // Few values, so that no alert is about them.
  const drifted = [counts('a', 0.9), counts('b', 0.1), share('a'), share('b')]
  const psi = 0.4 * Math.log(0.9 / 0.5) - 0.4 * Math.log(0.1 / 0.5)
  const record = `feature:modelyard_population_stability_index:increase1d{feature="y",namespace="${NAMESPACE}"}`
  return testOf(rules, 1, [...well, ...drifted], 180, [
    ...ALERTS.map((alertname) => expectation({ alertname }, false)),
    { expr: `abs(${record} - ${psi}) < bool 0.000001`, one: true },
  ])
}

/** ALERTS is Prometheus' own series of the alerts that are up. */
function expectation(labels: Record<string, string>, fires: boolean) {
  const matchers = Object.entries({ ...labels, alertstate: 'firing' }).map(([name, value]) => `${name}="${value}"`)
  return { expr: `(count(ALERTS{${matchers.join(',')}}) > bool 0) or vector(0)`, one: fires }
}

function testOf(
  rules: string,
  minutes: number,
  input: object[],
  at: number,
  expected: { expr: string; one: boolean }[],
): object {
  return {
    rule_files: [rules],
    evaluation_interval: `${minutes}m`,
    tests: [
      {
        interval: `${minutes}m`,
        input_series: input,
        promql_expr_test: expected.map(({ expr, one }) => ({
          expr: `sum(${expr})`,
          eval_time: `${at * minutes}m`,
          exp_samples: [{ labels: '{}', value: one ? 1 : 0 }],
        })),
      },
    ],
  }
}
