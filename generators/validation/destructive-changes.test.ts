import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CLOSED_WORLD } from './cluster-scope.ts'
import { checkBlastRadius } from './destructive-changes.ts'
import { add, type Change, changed, drop, edit, file, GOOD, objectsOf, without } from './testing/fixture.ts'
import { statefulSet } from './testing/reference-fixtures.ts'

const test = suite('what a change does to a cluster that runs what was before')

/** What is said of a change after others that both sides have, as `rule severity file path`. */
function radius(change: readonly Change[], both: readonly Change[] = []): string[] {
  const before = objectsOf(changed(both))
  return checkBlastRadius(before, objectsOf(changed([...both, ...change])), CLOSED_WORLD).map(
    ({ rule, severity, file, path }) => `${rule} ${severity} ${file} ${path}`,
  )
}

test('nothing is said of what stays as it is, or only grows', () => {
  assert.equal(radius([]), [])
  assert.equal(radius([file('more', GOOD['service']?.replace('name: web', 'name: more') ?? '')]), [])
  assert.equal(radius([edit('deployment', 'cpu: 100m', 'cpu: 200m')]), [])
})

test('an object that is gone is a warning; one that holds data is an error', () => {
  assert.equal(radius([without('service')]), ['object-removed warning shop/service.yaml metadata.name'])
  for (const name of ['namespace', 'persistent-volume-claim']) {
    assert.equal(radius([without(name)]), [`data-removed error shop/${name}.yaml metadata.name`])
  }
})

test('an object in another file is not gone, and one of another kind of the same name is another', () => {
  assert.equal(radius([without('service'), file('moved', GOOD['service'] ?? '')]), [])
  assert.equal(radius([edit('service-account', 'kind: ServiceAccount', 'kind: Secret')]), [
    'object-removed warning shop/service-account.yaml metadata.name',
  ])
})

test('configuration that is named by its content is renewed, not gone', () => {
  const named = (digest: string) => edit('config-map', 'name: web-settings', `name: web-settings-${digest}`)
  const [old, current] = [named('5026ef30b4'), named('8d1c22a9f0')]
  const files = (change: Change) => objectsOf(changed([change]))
  assert.equal(checkBlastRadius(files(old), files(current), CLOSED_WORLD), [])
  assert.is(checkBlastRadius(files(old), objectsOf(GOOD), CLOSED_WORLD)[0]?.rule, 'object-removed')
})

test('replicas that are left out, or become none, are told at their workload', () => {
  const three = edit('deployment', 'spec:\n', 'spec:\n  replicas: 3\n')
  assert.equal(radius([drop('deployment', 'replicas: 3')], [three]), [
    'replicas-removed warning shop/deployment.yaml spec',
  ])
  assert.equal(radius([edit('deployment', 'replicas: 3', 'replicas: 0')], [three]), [
    'replicas-removed warning shop/deployment.yaml spec.replicas',
  ])
  assert.equal(radius([edit('deployment', 'replicas: 3', 'replicas: 2')], [three]), [])
})

const MATCH = 'matchLabels:\n      app: web'
const CLASS = edit('persistent-volume-claim', 'spec:\n', 'spec:\n  storageClassName: fast\n')

/** Changes that the API server refuses, with the field that it names. */
const REFUSED: { title: string; file: string; path: string; change: Change[]; both?: Change[] }[] = [
  {
    title: "a Deployment's selector",
    file: 'deployment',
    path: 'spec.selector',
    change: [edit('deployment', MATCH, 'matchLabels:\n      tier: front')],
  },
  { title: "a Job's template", file: 'job', path: 'spec.template', change: [edit('job', 'cpu: 100m', 'cpu: 200m')] },
  {
    title: 'a Service that becomes headless',
    file: 'service',
    path: 'spec.clusterIP',
    change: [add('service', 'type: ClusterIP', 'clusterIP: None')],
  },
  { title: "a claim's class", file: 'persistent-volume-claim', path: 'spec.storageClassName', change: [CLASS] },
  {
    title: 'a claim that shrinks',
    file: 'persistent-volume-claim',
    path: 'spec.resources.requests.storage',
    change: [edit('persistent-volume-claim', '1Gi', '900Mi')],
  },
  {
    title: "a binding's role",
    file: 'role-binding',
    path: 'roleRef',
    change: [edit('role-binding', 'kind: Role\n  name: reader', 'kind: ClusterRole\n  name: view')],
  },
  {
    title: "a StatefulSet's Service",
    file: 'stateful-set',
    path: 'spec.serviceName',
    change: [edit('stateful-set', 'serviceName: store', 'serviceName: web')],
    both: statefulSet(),
  },
  {
    title: 'a ConfigMap that is immutable',
    file: 'config-map',
    path: 'data',
    change: [edit('config-map', 'level: info', 'level: debug')],
    both: [edit('config-map', '\ndata:', '\nimmutable: true\ndata:')],
  },
]

for (const { title, file, path, change, both } of REFUSED) {
  test(`${title} cannot be changed`, () => {
    assert.equal(radius(change, both), [`immutable-field-changed error shop/${file}.yaml ${path}`])
  })
}

test('what the API server lets change is no finding', () => {
  assert.equal(radius([edit('persistent-volume-claim', '1Gi', '2Gi')]), [])
  assert.equal(radius([edit('config-map', 'level: info', 'level: debug')]), [])
  assert.equal(radius([edit('stateful-set', 'cpu: 100m', 'cpu: 200m')], statefulSet()), [])
  assert.equal(radius([add('stateful-set', 'serviceName', 'podManagementPolicy: OrderedReady')], statefulSet()), [])
})

test('what Argo CD deletes and creates anew may change', () => {
  const hook = add('job', 'namespace: shop', 'annotations:', '  argocd.argoproj.io/hook: PreSync')
  assert.equal(radius([edit('job', 'cpu: 100m', 'cpu: 200m')], [hook]), [])
})

test.run()
