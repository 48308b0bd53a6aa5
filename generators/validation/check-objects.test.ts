import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects, OBJECT_RULES } from './check-objects.ts'
import { CLOSED_WORLD } from './cluster-scope.ts'
import type { ObjectRule } from './object-rule.ts'
import { ORGANISATION_RULES } from './policy/organisation-policy.ts'
import type { RuleOptions } from './rule-options.ts'
import { CLUSTER_FIXTURES } from './testing/cluster-fixtures.ts'
import { add, changed, edit, GOOD, lineIn, objectsOf } from './testing/fixture.ts'
import { POD_FIXTURES } from './testing/pod-fixtures.ts'
import { REFERENCE_FIXTURES } from './testing/reference-fixtures.ts'
import { WORKLOAD_FIXTURES } from './testing/workload-fixtures.ts'

const test = suite('rules about objects')

const FIXTURES = [...REFERENCE_FIXTURES, ...POD_FIXTURES, ...WORKLOAD_FIXTURES, ...CLUSTER_FIXTURES]
const findingsOf = (files: Record<string, string>, ruleOptions: RuleOptions = {}) =>
  checkObjects(objectsOf(files), { world: CLOSED_WORLD, ruleOptions })

test('no rule has anything to say about the good objects', () => {
  assert.equal(findingsOf(GOOD), [])
})

test('every rule has its fixtures, and every fixture its rule', () => {
  const sorted = (rules: readonly { rule: string }[]) => [...new Set(rules.map(({ rule }) => rule))].sort()
  assert.equal(sorted([...FIXTURES, ...ORGANISATION_RULES]), sorted(OBJECT_RULES))
})

for (const { rule, way, fails, at, passes } of FIXTURES) {
  const title = way === undefined ? rule : `${rule} (${way})`
  test(`${title}: what breaks it is found at its line, alone`, () => {
    const files = changed(fails)
    const [name, text] = at
    const found = findingsOf(files).map((finding) => ({ rule: finding.rule, file: finding.file, line: finding.line }))
    assert.equal(found, [{ rule, file: `shop/${name}.yaml`, line: lineIn(files, name, text) }])
  })

  test(`${title}: what comes near is right`, () => {
    assert.equal(findingsOf(changed(passes)), [])
  })
}

test('a rule that names keys has nothing to say of a pod without them', () => {
  const always = OBJECT_RULES.map((rule) => (rule.on === 'object' ? rule : { ...rule, needs: undefined }) as ObjectRule)
  for (const { rule, fails, passes } of FIXTURES) {
    for (const changes of [fails, passes]) {
      const objects = objectsOf(changed(changes))
      const found = checkObjects(objects, { world: CLOSED_WORLD })
      assert.equal(found, checkObjects(objects, { world: CLOSED_WORLD, rules: always }), rule)
    }
  }
})

test('rules that only a team can fill in are silent until it does, and then find each object that lacks what it asks', () => {
  const one = { config: GOOD['deployment'] ?? '' }
  const rules = (options: RuleOptions, files = one) =>
    findingsOf(files, options)
      .filter(({ rule }) => ORGANISATION_RULES.some((own) => own.rule === rule))
      .map(({ rule, path }) => `${rule} ${path}`)
  const labelled = { config: one.config.replace('metadata:', 'metadata:\n  annotations: { example.com/team: shop }') }
  assert.equal(rules({}), [])
  assert.equal(rules({ 'label-required': { labels: ['team'] } }), ['label-required metadata.labels'])
  assert.equal(rules({ 'label-required': { labels: ['app'] } }).length, 0)
  const annotations = { 'annotation-required': { annotations: ['example.com/team'] } }
  assert.equal(rules(annotations), ['annotation-required metadata.annotations'])
  assert.equal(rules(annotations, labelled), [])
  const [image = ''] = /(?<=image: ).*/.exec(one.config) ?? []
  const registry = image.slice(0, image.lastIndexOf('/'))
  assert.equal(rules({ 'image-registry': { allowed: [registry] } }), [])
  assert.equal(rules({ 'image-registry': { allowed: [`${registry}x`] } }), [
    'image-registry spec.template.spec.containers[0].image',
  ])
})

test('what the Pod Security of its namespace refuses is an error', () => {
  const severity = (level: string) => {
    const enforced = add('namespace', 'name: shop', 'labels:', `  pod-security.kubernetes.io/enforce: ${level}`)
    const files = changed([enforced, edit('deployment', 'drop:', 'add: [CHOWN]\n              drop:')])
    return findingsOf(files).map((finding) => `${finding.rule} ${finding.severity}`)
  }
  assert.equal(severity('privileged'), ['capability-added warning'])
  assert.equal(severity('baseline'), ['capability-added warning'])
  assert.equal(severity('restricted'), ['capability-added error'])
})

test('an API is deprecated before the version that removes it, and removed from then on', () => {
  const objects = objectsOf(changed([edit('cron-job', 'batch/v1', 'batch/v1beta1')]))
  const at = (kubernetes: string) =>
    checkObjects(objects, { world: CLOSED_WORLD, kubernetes }).map((finding) => `${finding.rule} ${finding.severity}`)
  assert.equal(at('1.20'), [])
  assert.equal(at('1.24'), ['api-deprecated warning'])
  assert.equal(at('1.25'), ['api-removed error'])
})

test('the pods of every kind of workload are looked at, where that kind has them', () => {
  const spec = { containers: [{ name: 'x', image: 'x', securityContext: { privileged: true } }] }
  const kinds: [string, string, object][] = [
    ['v1', 'Pod', { spec }],
    ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'].map((kind): [string, string, object] => [
      'apps/v1',
      kind,
      { spec: { template: { spec } } },
    ]),
    ['argoproj.io/v1alpha1', 'Rollout', { spec: { template: { spec } } }],
    ['batch/v1', 'Job', { spec: { template: { spec } } }],
    ['batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template: { spec } } } } }],
  ]
  for (const [apiVersion, kind, rest] of kinds) {
    const object = { file: 'a.yaml', value: { apiVersion, kind, metadata: { name: 'x' }, ...rest }, lineOf: () => 1 }
    const found = checkObjects([object], { world: CLOSED_WORLD }).filter(({ rule }) => rule === 'privileged-container')
    const pods = { Pod: 'spec', CronJob: 'spec.jobTemplate.spec.template.spec' }[kind] ?? 'spec.template.spec'
    assert.equal(
      found.map(({ path }) => path),
      [`${pods}.containers[0].securityContext.privileged`],
      kind,
    )
  }
})

test('whatever stands in an object, checking it ends: the schema check tells what is wrong', () => {
  const objects = objectsOf(GOOD)
  for (const object of objects) {
    for (const wrong of [null, 7, 'text', [null], {}]) {
      for (const value of withEachNode(object.value, wrong)) {
        const others = objects.filter((other) => other !== object)
        checkObjects([...others, { file: object.file, value, lineOf: (path) => object.lineOf(path) }], {
          world: CLOSED_WORLD,
        })
      }
    }
  }
})

/** Copies of a value in each of which one node is replaced. */
function* withEachNode(value: unknown, replacement: unknown): Generator<unknown> {
  yield replacement
  if (value === null || typeof value !== 'object') return
  for (const key of Object.keys(value)) {
    for (const changed of withEachNode((value as Record<string, unknown>)[key], replacement)) {
      yield Array.isArray(value)
        ? value.map((item, index) => (String(index) === key ? changed : item))
        : { ...value, [key]: changed }
    }
  }
}

test.run()
