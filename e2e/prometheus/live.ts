import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { applyChanges, compareWithDist, renderManifests } from '../../generators/manifests/index.ts'
import { loadRepository } from '../../generators/repository/index.ts'
import { load } from './load.ts'
import { drawDashboard } from './picture.ts'
import { type Manifest, objectsOf, watchedProduction, withEveryEngine } from './plans.ts'
import { freePort, receiveLog, startPod, stopAll, until, wayTo } from './pods.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { selectorsOf } from './promql.ts'
import { type Found, queriesIn } from './queries.ts'

// `live.ts <scratch folder>`: a real Prometheus scrapes the real server under load, and every query of every object is asked.
/** Answers of each pod before the first query: samples of every kind are there then. */
const REQUESTS = 60
/** A sample that is not there yet comes within this time, seconds. */
const PATIENCE = 30
const scratch = resolve(process.argv[2] ?? '')
const root = process.cwd()
let passed = 0
let failed = 0

function check(what: string, problem: string | undefined): void {
  if (problem === undefined) passed += 1
  else {
    failed += 1
    console.log(`FAILED: ${what}\n  ${problem}`)
  }
}

const log = receiveLog()
let cut = () => {}
try {
  const sinkPort = await freePort()
  await new Promise<void>((listening) => log.listen(sinkPort, '127.0.0.1', listening))
  const repository = await loadRepository(root)
  const environment = watchedProduction(repository, `http://127.0.0.1:${sinkPort}`)
  const variants = withEveryEngine(environment)
  // A repository of its own, with this dist/ and the artifacts of the examples.
  mkdirSync(scratch, { recursive: true })
  // A copy: nothing is read through a link.
  cpSync(join(root, 'models'), join(scratch, 'models'), { recursive: true })
  const manifests = renderManifests({ environments: [environment], findings: [] })
  await applyChanges(scratch, await compareWithDist(scratch, manifests, {}))
  const here = { ...repository, root: scratch }
  const pods = await Promise.all(environment.models.map((model) => startPod(here, model, 1)))
  // A second pod asks the candidate of the first, until the way there is cut.
  const first = pods.find(({ model }) => model.name === 'house-price')
  if (!first) throw new Error('there is no house-price')
  const way = await wayTo(first.port)
  cut = way.cut
  const candidate = `http://127.0.0.1:${way.port}/v2/models/house-price/versions/${first.model.candidate?.version.facts.version}`
  pods.push(await startPod(here, first.model, 2, candidate))
  const prometheus = await startPrometheus(scratch, objectsOf(environment), pods)
  await until(
    async () => (await prometheus.query('up')).length === pods.length,
    () => 'every pod is scraped',
  )
  let over = false
  const loads = pods.map((pod) => load(root, pod, () => over))
  const began = Date.now() / 1000
  const finished = Promise.all(loads.map(({ done }) => done))
  try {
    await until(
      async () =>
        loads.every(({ answered }) => [...answered.values()].reduce((sum, count) => sum + count, 0) >= REQUESTS),
      () => `every pod has answered ${REQUESTS} requests`,
    )
    cut()
    const found = variants.flatMap((variant) => queriesIn(objectsOf(variant)))
    await askAll(prometheus, found)
    await checkRules(prometheus)
    await draw(prometheus, objectsOf(environment), began)
  } finally {
    over = true
    await finished
  }
  for (const [index, { name }] of pods.entries()) {
    const answered = [...(loads[index]?.answered ?? [])].map(([status, count]) => `${count} times ${status}`)
    console.log(`${name}: ${answered.join(', ')}`)
  }
} catch (error) {
  check('the tier runs', error instanceof Error ? (error.stack ?? error.message) : String(error))
} finally {
  cut()
  await stopAll()
  log.close()
  log.closeAllConnections()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function askAll(prometheus: Prometheus, found: readonly Found[]): Promise<void> {
  const questions = new Map<string, { where: string; mayBeEmpty: boolean }>()
  const kinds = new Map<string, number>()
  for (const { where, expression, alert } of found) {
    if (!questions.has(expression)) {
      const [kind = ''] = where.split(' ')
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    questions.set(expression, { where, mayBeEmpty: alert })
    // An alert gives nothing as long as all is well, so that each of its selectors is asked too.
    for (const selector of selectorsOf(expression))
      if (!questions.has(selector)) questions.set(selector, { where, mayBeEmpty: absent(expression) })
  }
  for (const [expression, { where, mayBeEmpty }] of questions) {
    let problem: string | undefined
    await until(
      async () => {
        problem = await problemOf(prometheus, expression, mayBeEmpty)
        return problem === undefined
      },
      () => problem ?? '',
      PATIENCE,
    ).catch(() => undefined)
    check(where, problem)
  }
  console.log(
    `asked: ${[...kinds].map(([kind, count]) => `${count} of ${kind}`).join(', ')}; ${questions.size} with their selectors`,
  )
  for (const kind of ['PrometheusRule', 'ScaledObject', 'AnalysisTemplate', 'ConfigMap'])
    check(`there are queries of ${kind}`, kinds.has(kind) ? undefined : 'none')
}

/** Of what is wrong, and of a digest that Git does not name, there is nothing to see. */
function absent(expression: string): boolean {
  return expression.includes('sha256!~')
}

async function problemOf(prometheus: Prometheus, expression: string, mayBeEmpty: boolean): Promise<string | undefined> {
  try {
    const series = await prometheus.query(expression)
    if (series.length === 0 && !mayBeEmpty) return `no data: ${expression}`
    const values = series.flatMap(({ value, values = [] }) => [...(value ? [value] : []), ...values])
    const finite = values.some(([, value]) => Number.isFinite(Number(value)))
    return finite || mayBeEmpty ? undefined : `no number: ${expression}: ${JSON.stringify(values.slice(0, 3))}`
  } catch (error) {
    return `${String(error)}: ${expression}`
  }
}

/** Prometheus' own word on the rules, and the words of the alerts that are up. */
async function checkRules(prometheus: Prometheus): Promise<void> {
  const { groups } = await prometheus.api('rules')
  for (const group of groups)
    for (const { name, health, lastError } of group.rules)
      check(`${group.name} ${name} is evaluated`, health === 'ok' ? undefined : `${health}: ${lastError}`)
  const { alerts } = await prometheus.api('alerts')
  for (const { labels, annotations, state } of alerts) {
    const text = Object.values<string>(annotations).join(' ')
    check(`${labels.alertname} reads`, /<no value>|error expanding|\{\{/.test(text) ? text : undefined)
    console.log(`${state}: ${labels.alertname} of ${labels.model}: ${annotations.summary}`)
  }
  check('alerts are up', alerts.length > 0 ? undefined : 'none')
}

/** With PICTURES, a folder: the dashboards of a model and of the fleet as they look after this run, `docs/` has them. */
async function draw(prometheus: Prometheus, objects: readonly Manifest[], since: number): Promise<void> {
  const folder = process.env['PICTURES']
  if (folder === undefined) return
  for (const [map, file] of [
    ['breast-biopsy-dashboard', 'model-dashboard.svg'],
    ['models.dashboard', 'fleet-dashboard.svg'],
  ]) {
    const { data } = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === map) ?? { data: {} }
    const [text = ''] = Object.values<string>(data)
    writeFileSync(join(folder, String(file)), await drawDashboard(prometheus, JSON.parse(text), since))
  }
}
