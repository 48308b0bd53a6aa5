import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, Chart } from 'cdk8s'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Monitoring, prometheusOperator } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { REPOSITORY } from '../../testing/example-repository.ts'
import type { Manifest } from '../../testing/objects.ts'
import { environmentText, FILES, withRepository } from '../../testing/repository-fixture.ts'
import { ArgoCdChart, EnvironmentChart, ModelChart } from '../index.ts'
import { ALERTS } from './alert.ts'
import { ANALYSIS_ARGUMENTS, analysisTemplate } from './analysis-template.ts'

const RELEASE = prometheusOperator({ release: 'prometheus' })
const ALL = prometheusOperator({
  release: 'prometheus',
  labels: { team: 'platform' },
  interval: '15s',
  folder: 'Models',
  runbooks: 'https://git.example.com/runbooks',
  drift: { psi: 0.3, window: '12h', values: 200 },
})

let wine: PlannedModel | undefined

/** Objects of the model and of the environment. */
async function monitored(monitoring?: Monitoring, change: (model: PlannedModel) => PlannedModel = (model) => model) {
  if (wine === undefined) {
    await withRepository({}, async (fixture) => {
      wine = await fixture.planned('development')
    })
  }
  if (wine === undefined) throw new Error('the fixture has no model')
  const model = change({ ...wine, environment: { ...wine.environment, ...(monitoring && { monitoring }) } })
  const { environment: definition } = model
  return {
    objects: new ModelChart(new App(), 'model', { model }).toJson() as Manifest[],
    environment: new EnvironmentChart(new App(), 'environment', { environment: definition }).toJson() as Manifest[],
    argocd: new ArgoCdChart(new App(), 'argocd', {
      environment: { definition, models: [model] },
    }).toJson() as Manifest[],
  }
}

const ofKind = (objects: Manifest[], kind: string) => objects.filter((object) => object.kind === kind)
const rulesOf = (objects: Manifest[]): Manifest[] =>
  ofKind(objects, 'PrometheusRule')[0].spec.groups.flatMap((group: Manifest) => group.rules)
const alertsOf = (objects: Manifest[]) => rulesOf(objects).filter(({ alert }) => alert !== undefined)
const dashboardsOf = (objects: Manifest[]) =>
  ofKind(objects, 'ConfigMap').filter(({ metadata }) => metadata.labels.grafana_dashboard !== undefined)

test('nothing is made for Prometheus unless it is asked for, and an AppProject then allows its kinds', async () => {
  const kinds = (objects: Manifest[]) => objects.map(({ kind }) => kind)
  const without = await monitored()
  assert.not.ok(kinds(without.objects).some((kind) => kind === 'ServiceMonitor' || kind === 'PrometheusRule'))
  assert.equal(dashboardsOf([...without.objects, ...without.environment]), [])
  assert.not.match(JSON.stringify(without.argocd), 'monitoring.coreos.com')
  const asked = await monitored(RELEASE)
  const allowed = ofKind(asked.argocd, 'AppProject')[0].spec.namespaceResourceWhitelist
  for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
    assert.is(ofKind(asked.objects, kind).length, 1)
    assert.ok(allowed.some((item: Manifest) => item.group === 'monitoring.coreos.com' && item.kind === kind))
  }
})

test("what the operator's selectors ask for is a label, and the scrape is of the Service's port by name", async () => {
  const { objects } = await monitored(ALL)
  const [monitor] = ofKind(objects, 'ServiceMonitor')
  const [rule] = ofKind(objects, 'PrometheusRule')
  for (const { metadata } of [monitor, rule]) {
    assert.is(metadata.labels.release, 'prometheus')
    assert.is(metadata.labels.team, 'platform')
  }
  assert.equal(monitor.spec.endpoints, [{ port: 'http', path: '/metrics', interval: '15s' }])
  const [service] = ofKind(objects, 'Service')
  for (const [name, value] of Object.entries(monitor.spec.selector.matchLabels)) {
    assert.is(service.metadata.labels[name], value)
  }
})

test('every alert has a runbook and every runbook an alert', () => {
  const pages = readdirSync(join(REPOSITORY, 'docs/runbooks')).map((file) => file.replace(/\.md$/, ''))
  assert.equal(pages.sort(), [...ALERTS].sort())
  for (const page of pages) {
    const text = readFileSync(join(REPOSITORY, `docs/runbooks/${page}.md`), 'utf8')
    for (const part of [`# ${page}\n`, '\n## Look\n', '\n## Do\n']) assert.ok(text.includes(part), `${page}: ${part}`)
    for (const [, linked = ''] of text.matchAll(/\]\((\w+)\.md\)/g)) assert.ok(pages.includes(linked), linked)
  }
})

test('every alert says who answers for the model and links to its runbook, where that is', async () => {
  const alerts = alertsOf((await monitored(ALL)).objects)
  assert.ok(alerts.length > 15, String(alerts.length))
  for (const { alert, labels, annotations } of alerts) {
    assert.is(annotations.runbook_url, `https://git.example.com/runbooks/${alert}.md`)
    assert.is(labels.owner, 'cellar')
    assert.is(labels.model, 'wine')
    assert.ok(annotations.summary && annotations.description && /^(critical|warning)$/.test(labels.severity), alert)
  }
  assert.is(alertsOf((await monitored(RELEASE)).objects)[0].annotations.runbook_url, undefined)
})

test('budgets burn by the objectives of the model, and a threshold that nothing can pass makes no alert', async () => {
  const burning = async (availability: number) => {
    const { objects } = await monitored(RELEASE, (model) => ({
      ...model,
      effectiveSettings: { ...model.effectiveSettings, slo: { latencyP99Ms: 40, availability } },
    }))
    return alertsOf(objects).filter(({ alert }) => alert === 'ModelyardAvailabilityBurn')
  }
  const [fastest] = await burning(0.999)
  const errors = (window: string) =>
    `model:modelyard_request_errors:ratio_rate${window}{namespace="models-development",model="wine"}`
  assert.ok(
    fastest.expr.startsWith(`${errors('1h')} > 0.0144 and on () ${errors('5m')} > 0.0144 and on () `),
    fastest.expr,
  )
  assert.equal(
    (await burning(0.8)).map(({ labels }) => labels.window),
    ['1d', '3d'],
  )
})

test('alerts are about what the model has', async () => {
  const names = async (change: (model: PlannedModel) => PlannedModel) =>
    new Set(alertsOf((await monitored(RELEASE, change)).objects).map(({ alert }) => alert))
  const plain = await names((model) => model)
  for (const name of ['ModelyardConfidenceDrop', 'ModelyardCandidateFallback', 'ModelyardPredictionLogLost'])
    assert.not.ok(plain.has(name), name)
  const rich = await names((model) => ({
    ...model,
    environment: { ...model.environment, predictionLog: { sink: 'https://events.example.com' } },
    candidate: { version: model.stable, effectiveSettings: model.effectiveSettings, mode: 'shadow', weight: 10 },
    stable: {
      ...model.stable,
      facts: {
        ...model.stable.facts,
        interface: {
          ...model.stable.facts.interface,
          outputs: [{ name: 'colour', datatype: 'float32', shape: ['batch', 2], labels: ['red', 'white'] }],
        },
      },
    },
  }))
  for (const name of ['ModelyardConfidenceDrop', 'ModelyardShadowDisagrees', 'ModelyardPredictionLogLost'])
    assert.ok(rich.has(name), name)
  const blind = await names((model) => {
    const { baseline, ...bundle } = model.stable.facts.bundle
    assert.ok(baseline)
    return { ...model, stable: { ...model.stable, facts: { ...model.stable.facts, bundle } } }
  })
  assert.not.ok(blind.has('ModelyardFeatureDrift'))
  assert.ok(blind.has('ModelyardErrors'))
})

test('dashboards are provisioned by their label, fit into a client-side apply, and no panel covers another', async () => {
  const { objects, environment } = await monitored(ALL)
  const maps = dashboardsOf([...objects, ...environment])
  assert.equal(
    maps.map(({ metadata }) => metadata.name),
    ['wine-dashboard', 'models.dashboard'],
  )
  const uids = new Set<string>()
  for (const { metadata, data } of maps) {
    assert.is(metadata.labels.grafana_dashboard, '1')
    assert.is(metadata.annotations.grafana_folder, 'Models')
    assert.is(metadata.namespace, 'models-development')
    const [text = ''] = Object.values<string>(data)
    assert.ok(text.length < 262_144 / 2, `${text.length} bytes`)
    const { uid, panels } = JSON.parse(text)
    assert.ok(uid.length <= 40)
    uids.add(uid)
    assert.is(new Set(panels.map(({ id }: Manifest) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }: Manifest) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    assert.is(new Set(cells).size, cells.length)
    assert.ok(panels.every(({ gridPos: { x, w } }: Manifest) => x + w <= 24))
  }
  assert.is(uids.size, 2)
})

test('an analysis needs requests to succeed and to fail, and sees the new pods alone', async () => {
  await withRepository({}, async (fixture) => {
    const chart = new Chart(new App(), 'analysis')
    analysisTemplate(chart, await fixture.planned('production'), 'http://prometheus:9090', {})
    const [{ spec }] = chart.toJson()
    assert.equal(
      spec.args,
      ANALYSIS_ARGUMENTS.map(({ name }) => ({ name })),
    )
    assert.is(spec.metrics.length, 2)
    for (const { successCondition, failureCondition, provider } of spec.metrics) {
      const guard = 'len(result) > 0 && !isNaN(result[0]) && result[0]'
      assert.ok(successCondition.startsWith(`${guard} <= 0.0`), successCondition)
      assert.ok(failureCondition.startsWith(`${guard} > 0.`), failureCondition)
      assert.match(provider.prometheus.query, 'pod=~"wine-{{args.pod-hash}}-.+"')
    }
  })
})

test('what monitoring cannot be is refused where it is written', async () => {
  const wrong = [
    ["release: 'no spaces',", /release: .*label value/],
    ["interval: '2m' as '2s',", /interval: .*5s to 60s/],
    ["runbooks: 'http://me:secret@wiki',", /runbooks: .*without a password/],
    ["drift: { window: '30s' },", /window: .*whole minutes/],
  ] as const
  const properties = ['monitoring: prometheusOperator({', ...wrong.map(([line]) => line), '})']
  const text = environmentText('development', { properties: [properties.join('\n')] })
  const definition = { [FILES.development]: text.replace('mlflow, oci', 'mlflow, prometheusOperator, oci') }
  await withRepository(definition, async (fixture) => {
    const { findings } = await fixture.load()
    const own = findings.filter(({ rule }) => rule === 'definition-invalid')
    assert.is(own.length, wrong.length, JSON.stringify(findings))
    for (const [line, message] of wrong) {
      const found = own.find((finding) => finding.line === fixture.lineOf(FILES.development, line))
      assert.match(found?.message ?? `nothing at ${line}`, message)
    }
  })
})

test.run()
