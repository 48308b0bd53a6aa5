import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkObjects } from './check-objects.ts'
import { CLOSED_WORLD, OPEN_WORLD } from './cluster-scope.ts'
import { toldOnce } from './dedupe-findings.ts'
import { manifestsOf } from './manifest-objects.ts'
import { checkSchema } from './schema/index.ts'

const test = suite('what is no fault')

/** What is found in one file of these documents: `rule path`. */
function found(documents: string[], world = CLOSED_WORLD): string[] {
  const { objects, findings } = manifestsOf([{ file: 'a.yaml', text: documents.join('\n---\n') }])
  assert.equal(findings, [])
  const all = toldOnce([...checkSchema(objects), ...checkObjects(objects, { world })])
  return all.map(({ rule, path }) => `${rule} ${path}`)
}

const rulesIn = (documents: string[], world = CLOSED_WORLD) => found(documents, world).map((one) => one.split(' ')[0])

const workload = (kind: string, name: string, labels: string, more = '') => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name}, namespace: web }
spec:
  selector: { matchLabels: ${labels} }
  ${kind === 'StatefulSet' ? 'serviceName: db' : 'replicas: 2'}
  template:
    metadata: { labels: ${labels} }
    spec:
      containers: [{ name: c, image: example.com/c:1, ports: [{ name: http, containerPort: 8080 }] ${more} }]`
const service = (selector: string, name = 'db') => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: web }
spec: { selector: ${selector}, ports: [{ port: 80, targetPort: http }] }`

const SELECTOR = 'selector-matches-nothing spec.selector'

test('a selector may ask for labels that controllers write', () => {
  const set = workload('StatefulSet', 'db', '{ app: db }')
  const about = (selector: string, kind = set) => found([kind, service(selector)]).filter((one) => one === SELECTOR)
  for (const label of [
    'apps.kubernetes.io/pod-index: "0"',
    'controller-revision-hash: db-6f',
    'pod-template-hash: 5d4',
  ]) {
    assert.equal(about(`{ app: db, ${label} }`), [], label)
    assert.equal(about(`{ app: web, ${label} }`), [SELECTOR], label)
  }
  assert.equal(about('{ statefulset.kubernetes.io/pod-name: db-0 }'), [])
  assert.equal(about('{ statefulset.kubernetes.io/pod-name: other-0 }'), [SELECTOR])
})

test('a selector by labels of a domain that no template writes is of pods that something else makes', () => {
  const other = workload('Deployment', 'web', '{ app: web, example.com/tier: front }')
  const about = (selector: string) => found([other, service(selector)]).filter((one) => one === SELECTOR)
  assert.equal(about('{ cnpg.io/cluster: pg, cnpg.io/instanceRole: primary }'), [])
  assert.equal(about('{ example.com/tier: back }'), [SELECTOR])
  assert.equal(about('{ app.kubernetes.io/name: back }'), [SELECTOR])
})

test('an object of an operator may make the pods and Services that others name; one that makes none excuses nothing', () => {
  const other = workload('Deployment', 'web', '{ app: web }')
  const custom = (apiVersion: string, kind: string, namespace = 'web') =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: pg, namespace: ${namespace} }`
  const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: i, namespace: web }
spec: { defaultBackend: { service: { name: pg-rw, port: { number: 80 } } } }`
  const about = (maker: string) =>
    found([maker, other, service('{ app: pg }'), ingress]).filter((one) => /^(selector-matches|reference-m)/.test(one))
  const both = [SELECTOR, 'reference-missing spec.defaultBackend.service.name']
  assert.equal(about(custom('postgresql.cnpg.io/v1', 'Cluster')), [])
  assert.equal(about(custom('monitoring.coreos.com/v1', 'Prometheus')), [])
  assert.equal(about(custom('apps/v1', 'Deploymnet')), [])
  assert.equal(about(custom('postgresql.cnpg.io/v1', 'Cluster', 'elsewhere')), both)
  assert.equal(about(custom('cert-manager.io/v1', 'Certificate')), both)
  assert.equal(about(custom('monitoring.coreos.com/v1', 'PrometheusRule')), both)
  assert.equal(about(custom('v1', 'ConfigMap')), both)
})

test('of an object of an unknown kind nothing is said but that', () => {
  const pods = workload('Deployment', 'web', '{ app: web }', ', securityContext: { privileged: true }')
  assert.ok(rulesIn([pods]).includes('privileged-container'))
  assert.equal(rulesIn([pods.replace('apps/v1', 'apps/v7')]), ['api-unknown'])
  assert.equal(rulesIn([pods.replace('kind: Deployment', 'kind: Deploymnet')]), ['api-unknown'])
})

test('a version that is gone is told once', () => {
  const old = 'apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: { name: a }\nspec: {}'
  assert.equal(rulesIn([old]), ['api-removed'])
})

test('a field that is null is a field that is not there', () => {
  const budget = (field: string) => `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: b, namespace: web }
spec: { selector: { matchLabels: { app: web } }, maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow, ${field} }`
  const scaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: web }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 3 }`
  const web = workload('Deployment', 'web', '{ app: web }')
  const rules = (field: string) => rulesIn([web, budget(field)]).filter((rule) => rule?.startsWith('disruption'))
  assert.equal(rules('minAvailable: null'), [])
  assert.equal(rules('minAvailable: 1'), ['disruption-budget-ambiguous'])
  const both = (text: string) => rulesIn([text, scaler]).filter((rule) => rule === 'autoscaler-and-replicas')
  assert.equal(both(web), ['autoscaler-and-replicas'])
  assert.equal(both(web.replace('replicas: 2', 'replicas: null')), [])
})

test('a second copy of an object is told as that, and is no rival of the first', () => {
  const scaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: web }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 3 }`
  const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  project: default
  source: { repoURL: 'https://example.com/web.git', path: web }
  destination: { server: 'https://kubernetes.default.svc', namespace: web }`
  const web = workload('Deployment', 'web', '{ app: web }').replace('  replicas: 2\n', '')
  const rival = (text: string) => text.replace('name: web', 'name: other')
  for (const [text, rule] of [
    [scaler, 'autoscaler-conflict'],
    [application, 'object-two-owners'],
  ] as const) {
    const rules = (...documents: string[]) => rulesIn([web, ...documents])
    const alone = rules(text)
    assert.not(alone.includes(rule))
    assert.equal(
      rules(text, text).filter((one) => one === rule),
      [],
      'a copy',
    )
    assert.ok(rules(text, text).includes('object-defined-twice'))
    assert.equal(
      rules(text, rival(text)).filter((one) => one === rule),
      [rule],
      'another',
    )
  }
  // What stands beside the first is beside the copy too.
  const copies = rulesIn([web, web, scaler])
  assert.not(copies.includes('single-replica'))
})

test('a selector that is missing is told once, and one that is empty or wrong as before', () => {
  const web = workload('Deployment', 'web', '{ app: web }')
  const about = (text: string) => found([text]).filter((one) => one.endsWith(' spec.selector'))
  const selector = '  selector: { matchLabels: { app: web } }\n'
  assert.equal(about(web.replace(selector, '')), ['schema-invalid spec.selector'])
  assert.equal(about(web.replace(selector, '  selector: null\n')), ['schema-invalid spec.selector'])
  assert.equal(about(web.replace(selector, '  selector: { matchLabels: { app: other } }\n')), [
    'selector-mismatch spec.selector',
  ])
  assert.equal(about(web.replace(selector, '  selector: {}\n')), ['schema-invalid spec.selector'])
})

test('a wildcard of a role is of the groups beside it', () => {
  const role = (groups: string, resources: string, verbs: string) => `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: r }
rules: [{ apiGroups: ${groups}, resources: ${resources}, verbs: ${verbs} }]`
  const rules = (...rule: [string, string, string]) => rulesIn([role(...rule)]).filter((one) => one?.startsWith('rbac'))
  assert.equal(rules('["*"]', '["*"]', '["*"]'), ['rbac-wildcard'])
  assert.equal(rules('["", example.com]', '["*"]', '["*"]'), ['rbac-wildcard', 'rbac-escalation'].slice(0, 1))
  assert.equal(rules('[example.com]', '["*"]', '["*"]'), [])
  assert.equal(rules('[example.com]', '[secrets]', '[get]'), [])
  assert.equal(rules('[""]', '[secrets]', '[get]'), ['rbac-secrets'])
  assert.equal(rules('[example.com]', '[pods/exec]', '[create]'), [])
  assert.equal(rules('[""]', '["*/exec"]', '[create]'), ['rbac-pod-exec'])
  assert.equal(rules('[example.com]', '[roles]', '[bind]'), [])
  assert.equal(rules('[example.com]', '[robots]', '[impersonate]'), [])
  assert.equal(rules('[""]', '[users]', '[impersonate]'), ['rbac-escalation'])
})

test('a ConfigMap may name what holds a credential', () => {
  const rules = (key: string, value: string) =>
    rulesIn([`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { ${key}: ${JSON.stringify(value)} }`])
      .length
  for (const [key, value] of [
    ['token', 'vault-token'],
    ['db-password', 'web-db-password'],
    ['tls-secret', 'web'],
    ['credentials', 'aws-credentials'],
    ['api-key', 'openai.api-key'],
    ['password', 'changeme'],
    ['password', '<password>'],
    ['API_TOKEN', '%TOKEN%'],
  ] as const) {
    assert.is(rules(key, value), 0, `${key}: ${value}`)
  }
  for (const [key, value] of [
    ['password', 'hunter2'],
    ['password', 'correcthorsebattery'],
    ['db-password', 's3cr3t-Pass'],
    ['client-secret', 'abcdefgh'],
    ['token', 'ghp_0123456789abcdefghijklmnopqrstuvwxyz'],
    ['secret', 'Zm9vYmFyYmF6cXV1eA=='],
  ] as const) {
    assert.is(rules(key, value), 1, `${key}: ${value}`)
  }
})

test('a Secret without anything secret may be in Git', () => {
  const rules = (field: string, values: Record<string, string>) =>
    rulesIn([`apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n${field}: ${JSON.stringify(values)}`])
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  const harmless: [string, string][] = [
    ['password', 'changeme'],
    ['password', '$(DB_PASSWORD)'],
    ['token', '<path:secret/data/web#token>'],
    ['ca.crt', certificate],
    ['username', 'web'],
    ['url', 'https://github.com/example/models.git'],
    ['enableLfs', 'true'],
    ['password', ''],
  ]
  const secret: [string, string][] = [
    ['password', 'hunter2'],
    ['url', 'postgres://web:hunter2@db/web'],
    ['tls.key', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'],
    ['anything', 'x7'],
  ]
  for (const [cases, expected] of [
    [harmless, []],
    [secret, ['secret-in-git']],
  ] as const) {
    for (const [key, value] of cases) {
      assert.equal(rules('stringData', { [key]: value }), expected, `${key}: ${value}`)
      assert.equal(rules('data', { [key]: base64(value) }), expected, `${key}: ${value}`)
    }
  }
})

test('an image that Istio writes has no tag; one that nothing writes lacks it', () => {
  const web = workload('Deployment', 'web', '{ app: web }').replace('example.com/c:1', 'auto')
  const injected = web.replace(
    '    metadata: { labels',
    '    metadata: { annotations: { inject.istio.io/templates: gateway }, labels',
  )
  assert.ok(rulesIn([web]).includes('image-tag-mutable'))
  assert.not(rulesIn([injected]).includes('image-tag-mutable'))
})

test('an ApplicationSet that never deletes needs nothing else, and what is only recommended is no error', () => {
  const set = (more: string) => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: s, namespace: argocd }
spec:
  goTemplate: true
  generators: []
  ${more}
  template:
    metadata: { name: x }
    spec: { project: p, source: { repoURL: 'https://example.com/a.git', path: a }, destination: { name: x, namespace: x } }`
  const deletes = (policy: string) =>
    rulesIn([set(`syncPolicy: { applicationsSync: ${policy} }`)]).includes('application-set-deletes')
  assert.equal(['create-only', 'create-update', 'create-delete', 'sync'].map(deletes), [false, false, true, true])
  const { objects } = manifestsOf([{ file: 'a.yaml', text: set('') }])
  const missing = checkObjects(objects, { world: OPEN_WORLD }).find(
    ({ rule }) => rule === 'application-set-missing-key',
  )
  assert.is(missing?.severity, 'warning')
})

test.run()
