import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { loadRepository } from '../../generators/repository/index.ts'
import { planKitchenSink } from '../../generators/testing/kitchen-sink.ts'
import { type Manifest, objectsOf, watchedProduction } from './plans.ts'

// Every dashboard against the types that Grafana publishes of its dashboard, of each panel's options and of Prometheus' queries:
// what they do not know, Grafana drops.
const packages = process.env['PROMETHEUS_PACKAGES'] ?? ''
const { resolve } = createRequire(join(packages, 'package.json'))
const { createGenerator } = await import(pathToFileURL(resolve('ts-json-schema-generator')).href)
const types = join(packages, 'node_modules/@grafana/grafana-foundation-sdk/dist')
const ajv = new Ajv({ strict: false, allErrors: true })
let passed = 0
let failed = 0

function typeOf(topic: string, type: string): ValidateFunction {
  const path = join(types, topic, 'types.gen.d.ts')
  return ajv.compile(createGenerator({ path, type, skipTypeCheck: true, expose: 'all' }).createSchema(type))
}

function check(what: string, validate: ValidateFunction, value: unknown): void {
  if (validate(value)) passed += 1
  else {
    failed += 1
    const errors = (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `  ${instancePath} ${message} ${JSON.stringify(params)}`,
    )
    console.log(`FAILED: ${what}\n${errors.slice(0, 8).join('\n')}`)
  }
}

const asDashboard = typeOf('dashboard', 'Dashboard')
const asPanel = typeOf('dashboard', 'Panel')
const asRow = typeOf('dashboard', 'RowPanel')
const asQuery = typeOf('prometheus', 'Dataquery')
const kinds = ['stat', 'timeseries', 'bargauge', 'table']
const asOptions = new Map(kinds.map((kind) => [kind, typeOf(kind, 'Options')]))
const asSeries = typeOf('timeseries', 'FieldConfig')

const watched = watchedProduction(await loadRepository(process.cwd()), 'http://127.0.0.1:9')
const { plan } = await planKitchenSink()
const objects = [watched, ...plan.environments].flatMap(objectsOf)
for (const { metadata, data } of objects.filter(({ metadata }) => metadata.labels?.grafana_dashboard)) {
  const [text = ''] = Object.values<string>(data)
  const dashboard = JSON.parse(text)
  const name = `${metadata.namespace} ${metadata.name}`
  // A panel is of one of many types; each is looked at by its own, so that a message names what is wrong.
  check(`dashboard ${name}`, asDashboard, { ...dashboard, panels: [] })
  for (const panel of dashboard.panels as Manifest[]) checkPanel(`${name}, ${panel.title}`, panel)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function checkPanel(what: string, { targets = [], ...panel }: Manifest): void {
  if (panel.type === 'row') {
    check(what, asRow, panel)
    return
  }
  check(what, asPanel, panel)
  const options = asOptions.get(panel.type)
  if (options) check(`${what}: options`, options, panel.options)
  else check(`${what}: ${panel.type}`, ajv.compile(false), panel)
  if (panel.fieldConfig.defaults.custom) check(`${what}: lines`, asSeries, panel.fieldConfig.defaults.custom)
  for (const target of targets) check(`${what}: query ${target.refId}`, asQuery, target)
}
