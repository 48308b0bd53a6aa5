import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { POLICY_RULES } from './policy/index.ts'
import { thingDefinition } from './testing/thing-definition.ts'
import { type ManifestOptions, validateManifests } from './validate-manifests.ts'

const test = suite('manifests without a repository')

const POLICY = new Set<string>(POLICY_RULES.map(({ rule }) => rule))

/**
 * Validates a folder of these files; what is found as `rule severity file:line`, files relative to the folder. What is right but
 * unwise is left out: check-objects.test.ts is about that.
 */
function validated(files: Record<string, string | Uint8Array>, options: ManifestOptions = {}, input = '.') {
  return inFolder(files, async (folder) => {
    const { findings, counts } = await validateManifests([join(folder, input)], options)
    const place = (file = '', line = 0) => `${file.slice(folder.length + 1)}:${line}`
    return {
      counts,
      findings,
      found: findings
        .filter(({ rule }) => !POLICY.has(rule))
        .map(({ rule, severity, file, line }) => `${rule} ${severity} ${place(file, line)}`),
    }
  })
}

async function inFolder<T>(
  files: Record<string, string | Uint8Array>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-manifests-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const object = (kind: string, name: string, rest = '') =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: web\n${rest}`
const configMap = (name: string) => object('ConfigMap', name)
const deployment = (name: string, volumes = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: web
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: main
          image: example.com/main:1
          ports: [{ name: http, containerPort: 8080 }]
${volumes}`
const service = (app: string, port: string) =>
  object('Service', 'front', `spec:\n  selector: { app: ${app} }\n  ports: [{ port: 80, targetPort: ${port} }]\n`)
const volume = (configMap: string) => `      volumes: [{ name: v, configMap: { name: ${configMap} } }]\n`

test('every object of a folder, of streams, of Lists and of JSON is checked at its own line', async () => {
  const list = [
    'apiVersion: v1',
    'kind: List',
    'items:',
    '- apiVersion: v1',
    '  kind: ConfigMap',
    '  metadata: {name: a}',
    '  dta: {}',
    '',
  ].join('\n')
  const json = '{\n  "apiVersion": "v1", "kind": "ConfigMap",\n  "metadata": {"name": "c"},\n  "dta": {}\n}\n'
  const stream = `${configMap('d')}---\n${configMap('e')}dta: {}\n`
  const { found, counts } = await validated({
    'list.yaml': list,
    'deep/er/x.json': json,
    'stream.yml': stream,
    'a.txt': 'no',
  })
  assert.equal(found, [
    'schema-invalid error deep/er/x.json:4',
    'schema-invalid error list.yaml:7',
    'schema-invalid error stream.yml:12',
  ])
  assert.equal(counts, { files: 3, objects: 4, otherDocuments: 0 })
})

test('files of other programs in a folder are left out and counted; one that is named is checked', async () => {
  const files = {
    'values.yaml': 'replicas: 3\n',
    'package.json': '{"name": "x"}',
    'chart/Chart.yaml': 'apiVersion: v2\nname: x\nversion: 1.0.0\n',
    'kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
    '.github/workflows/ci.yaml': 'on: push\n',
    'node_modules/x/deployment.yaml': 'kind: Deployment\n',
    'half.yaml': 'kind: ConfigMap\n',
  }
  const { found, counts } = await validated(files)
  assert.equal(found, ['schema-invalid error half.yaml:1'])
  assert.equal(counts, { files: 5, objects: 1, otherDocuments: 4 })
  assert.equal(
    (await validated(files, {}, 'values.yaml')).found,
    ['schema-invalid error :1', 'schema-invalid error :1'].map((text) => text.replace(' :', ' values.yaml:')),
  )
})

test("what only looks like an object is another program's: Grafana, a kubeconfig, files of clients", async () => {
  const files = {
    'datasources.yaml': 'apiVersion: 1\ndatasources:\n  - name: Prometheus\n',
    'kubeconfig.yaml': 'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n',
    'skaffold.yaml': 'apiVersion: skaffold/v4beta6\nkind: Config\n',
    'kind.yaml': 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n',
    'kubelet.yaml': 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
    'a.yaml': configMap('a'),
  }
  const { found, counts } = await validated(files)
  assert.equal(found, [])
  assert.equal(counts, { files: 6, objects: 1, otherDocuments: 5 })
  assert.equal((await validated(files, {}, 'skaffold.yaml')).found, ['api-unknown error skaffold.yaml:2'])
})

test('an object of an unknown kind could not be checked, unless that is asked for', async () => {
  const files = { 'a.yaml': 'apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n' }
  assert.equal((await validated(files)).found, ['schema-unknown-kind warning a.yaml:2'])
  assert.equal((await validated(files, { ignoreMissingSchemas: true })).found, [])
})

test('what the cluster may hold is not missed, unless the inputs are complete', async () => {
  const files = { 'a.yaml': deployment('one', volume('elsewhere')), 'b.yaml': configMap('settings') }
  assert.equal((await validated(files)).found, [])
  assert.equal((await validated(files, { complete: true })).found, ['reference-missing error a.yaml:15'])
  const alone = { 'service.yaml': service('other', 'http') }
  assert.equal((await validated(alone)).found, [])
  assert.equal((await validated(alone, { complete: true })).found, ['selector-matches-nothing error service.yaml:7'])
})

test('a name that is nearly that of a given object, and a selector that passes given pods by, are warnings', async () => {
  const near = { 'a.yaml': deployment('one', volume('seting')), 'b.yaml': configMap('setting') }
  const { found, findings } = await validated(near)
  assert.equal(found, ['reference-missing warning a.yaml:15'])
  const missing = findings.find(({ rule }) => rule === 'reference-missing')
  assert.is(missing?.message, 'ConfigMap "seting" is not among the given objects, and "setting" is')
  const passing = { 'a.yaml': deployment('one'), 'b.yaml': service('two', 'http') }
  assert.equal((await validated(passing)).found, ['selector-matches-nothing warning b.yaml:7'])
})

const POD = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: reader, labels: { app: reader } }\nspec: { ${spec}, containers: [{ name: a, image: b }] }\n`

test('a claim that a StatefulSet makes is there', async () => {
  const set = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template: { metadata: { labels: { app: db } }, spec: { containers: [{ name: a, image: b }] } }
  volumeClaimTemplates:
    - { metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }
`
  const missing = async (claim: string) => {
    const reader = POD(`volumes: [{ name: v, persistentVolumeClaim: { claimName: ${claim} } }]`)
    const { found } = await validated({ 'a.yaml': `${set}---\n${reader}` }, { complete: true })
    return found.filter((line) => line.includes('reference-missing error a.yaml:14'))
  }
  assert.equal(await missing('data-db-0'), [])
  assert.is((await missing('data-db')).length, 1)
  assert.is((await missing('other-db-0')).length, 1)
})

test('a policy about every pod of a namespace may name a port of pods that are elsewhere', async () => {
  const policy =
    'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: all }\nspec: { podSelector: {}, ingress: [{ ports: [{ port: http }] }] }\n'
  const files = { 'a.yaml': `${POD('restartPolicy: Never')}---\n${policy}` }
  assert.equal((await validated(files)).found, [])
  assert.equal((await validated(files, { complete: true })).found, ['port-missing error a.yaml:9'])
})

test('what contradicts itself is an error wherever the rest may be', async () => {
  assert.equal((await validated({ 'a.yaml': deployment('one'), 'b.yaml': service('one', 'http') })).found, [])
  const mounts = deployment('one').replace('ports:', 'volumeMounts: [{ name: v, mountPath: /v }]\n          ports:')
  assert.equal((await validated({ 'a.yaml': mounts })).found, ['volume-missing error a.yaml:14'])
})

test('the same object twice in a folder is an error; in two folders it is two clusters', async () => {
  assert.equal((await validated({ 'a.yaml': configMap('x'), 'b.yaml': configMap('x') })).found, [
    'object-defined-twice error b.yaml:4',
  ])
  const folders = { 'dev/a.yaml': configMap('x'), 'prod/a.yaml': configMap('x') }
  assert.equal((await validated(folders)).found, [])
  assert.equal((await validated(folders, { complete: true })).found, ['object-defined-twice error prod/a.yaml:4'])
})

test('a port that no selected pod has may be of a pod that is elsewhere, unless the inputs are all there is', async () => {
  const unnamed = { 'a.yaml': deployment('one'), 'b.yaml': service('one', 'web') }
  assert.equal((await validated(unnamed)).found, ['port-missing warning b.yaml:8'])
  assert.equal((await validated(unnamed, { complete: true })).found, ['port-missing error b.yaml:8'])
})

test('however many folders hold the same object, each is a cluster of its own', async () => {
  const folders = ['base', 'overlays/dev', 'overlays/eu/prod', 'overlays/us/prod', 'overlays/us', 'old']
  const files = Object.fromEntries(folders.map((folder) => [`${folder}/a.yaml`, configMap('x')]))
  assert.equal((await validated(files)).found, [])
  const twice = { ...files, 'overlays/us/prod/b.yaml': configMap('x') }
  assert.equal((await validated(twice)).found, ['object-defined-twice error overlays/us/prod/b.yaml:4'])
})

test('folders of two clusters do not see each other, and what lies beside neither is seen with them', async () => {
  const scaler = object('HorizontalPodAutoscaler', 'one')
    .replace('v1', 'autoscaling/v2')
    .concat('spec:\n  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: one }\n  maxReplicas: 3\n')
  const fixed = deployment('one').replace('spec:\n', 'spec:\n  replicas: 2\n')
  const rules = async (files: Record<string, string>) => (await validated(files)).findings.map(({ rule }) => rule)
  const conflict = 'autoscaler-and-replicas'
  assert.ok((await rules({ 'web/a.yaml': fixed, 'scaling/b.yaml': scaler })).includes(conflict))
  const clusters = { 'dev/web/a.yaml': fixed, 'prod/web/a.yaml': deployment('one'), 'prod/scaling/b.yaml': scaler }
  assert.not((await rules(clusters)).includes(conflict))
  assert.ok((await rules({ ...clusters, 'prod/web/a.yaml': fixed })).includes(conflict))
})

const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: a, namespace: web }
spec:
  parentRefs: [{ name: public, namespace: gateways }]
  rules:
    - matches:
        - path: { value: /predict }
      timeouts: { request: 5s, backendRequest: 1s }
`

test('rules in CEL are evaluated with the defaults that the API server fills in', async () => {
  assert.equal((await validated({ 'a.yaml': ROUTE })).found, [])
  const slash = await validated({ 'a.yaml': ROUTE.replace('/predict', 'predict') })
  assert.equal(slash.found, ['resource-rule-broken error a.yaml:8'])
  const broken = slash.findings.find(({ rule }) => rule === 'resource-rule-broken')
  assert.match(broken?.message ?? '', "value must be an absolute path and start with '/'")
  const slow = await validated({ 'a.yaml': ROUTE.replace('backendRequest: 1s', 'backendRequest: 9s') })
  assert.equal(slow.found, ['resource-rule-broken error a.yaml:9'])
})

test('what the API server fills in or leaves out before it validates is no fault', async () => {
  const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: a, namespace: web, creationTimestamp: null }
spec:
  gatewayClassName: any
  addresses: [{ value: 1.2.3.4 }]
  listeners: [{ name: http, port: 80, protocol: HTTP }]
`
  const pod = deployment('one').replace('      containers:', '      serviceAccountName: ""\n      containers:')
  const schema = async (text: string) =>
    (await validated({ 'a.yaml': text })).findings.filter(
      ({ rule }) => rule.startsWith('schema') || rule.startsWith('resource-rule'),
    )
  assert.equal(await schema(gateway), [])
  assert.equal(await schema(pod), [])
  const wrong = await schema(gateway.replace('1.2.3.4', 'example.com'))
  assert.ok(wrong.length > 0 && wrong.every(({ line }) => line === 6))
})

test('a rule that cannot be evaluated is a could-not-check, and what it compares with an older object is left out', async () => {
  const crd = (rule: string) =>
    thingDefinition(`type: object
properties: { size: { type: integer }, namespace: { type: string } }
x-kubernetes-validations: [{ rule: '${rule}', message: no good }]`)
  const verdict = async (rule: string) => {
    const thing = 'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { size: 3, namespace: x }\n'
    return inFolder({ 'crd.yaml': crd(rule), 'thing.yaml': thing }, async (folder) => {
      const { findings } = await validateManifests([join(folder, 'thing.yaml')], { schema: [join(folder, 'crd.yaml')] })
      return findings.map(({ rule, line }) => `${rule} ${line}`)
    })
  }
  assert.equal(await verdict('self.size > 2 && self.__namespace__ == "x"'), [])
  assert.equal(await verdict('self.size > 3'), ['resource-rule-broken 4'])
  assert.equal(await verdict('self.other == 1'), ['resource-rule-broken 4'])
  assert.equal(await verdict('"%d".format([self.size]) == "3"'), ['resource-rule-unchecked 4'])
  assert.equal(await verdict('quantity(self.namespace).isLessThan(quantity("1"))'), ['resource-rule-broken 4'])
  assert.equal(await verdict('self.size > oldSelf.size'), [])
})

test('rules see whole numbers as they are written', async () => {
  const definition = thingDefinition(`type: object
properties: { size: { type: integer, format: int64 } }
x-kubernetes-validations: [{ rule: 'self.size == 9007199254740993', message: other }]`)
  const thing = (size: string) =>
    `apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\nspec: { size: ${size} }\n`
  const files = (size: string) => ({ 'a.yaml': `${definition}---\n${thing(size)}` })
  assert.equal((await validated(files('9007199254740993'))).found, [])
  assert.equal((await validated(files('9007199254740992'))).found, ['resource-rule-broken error a.yaml:24'])
})

test('a link out of the folder, and one to nothing, could not be checked; one inside it is checked at its own place', async () => {
  await inFolder({ 'in/a.yaml': configMap('a'), 'secret.yaml': configMap('b') }, async (folder) => {
    symlinkSync(join(folder, 'secret.yaml'), join(folder, 'in/out.yaml'))
    symlinkSync(join(folder, 'in/a.yaml'), join(folder, 'in/inside.yaml'))
    symlinkSync('nowhere', join(folder, 'in/broken.yaml'))
    symlinkSync(folder, join(folder, 'in/loop'))
    const { findings, counts } = await validateManifests([join(folder, 'in')])
    assert.equal(
      findings.map(({ rule, file = '' }) => `${rule} ${file.slice(folder.length + 4)}`),
      ['input-unreadable broken.yaml', 'input-unreadable out.yaml'],
    )
    assert.is(counts.objects, 1)
    // Naming the link itself is asking for what it points to.
    assert.equal((await validateManifests([join(folder, 'in/out.yaml')])).findings, [])
  })
})

test('a named pipe is read to its end; one that nobody writes to ends, and so does a folder with one in it', async () => {
  await inFolder({ 'in/a.yaml': configMap('a') }, async (folder) => {
    const pipe = join(folder, 'in/pipe.yaml')
    execFileSync('mkfifo', [pipe])
    assert.equal((await validateManifests([join(folder, 'in')])).counts.objects, 1)
    const { findings } = await validateManifests([pipe])
    assert.equal(
      findings.map(({ rule }) => rule),
      ['input-empty'],
    )
    const writer = spawn('sh', ['-c', `sleep 0.2; cat ${join(folder, 'in/a.yaml')} > ${pipe}`])
    const ended = new Promise((resolve) => writer.on('exit', resolve))
    assert.equal((await validateManifests([pipe])).counts.objects, 1)
    await ended
    for (const options of [{ schema: [pipe] }, { config: pipe }]) {
      const refused = await validateManifests([folder], options).catch((error: unknown) => error)
      assert.ok(refused instanceof Failure)
    }
  })
})

test('bytes that are not UTF-8 are found at their line', async () => {
  const text = Buffer.from(`${configMap('a')}data:\n  k: "\xff"\n`, 'latin1')
  assert.equal((await validated({ 'a.yaml': text })).found, ['yaml-syntax error a.yaml:7'])
})

test('a file of gigabytes is not read, and an object of a hundred thousand faults tells of the first ones', async () => {
  await inFolder({ 'sparse.yaml': '' }, async (folder) => {
    truncateSync(join(folder, 'sparse.yaml'), 2 ** 40)
    const { findings } = await validateManifests([folder])
    assert.equal(
      findings.map(({ rule }) => rule),
      ['input-too-large'],
    )
  })
  const keys = Array.from({ length: 150_000 }, (_, index) => `  k${index}: 1\n`).join('')
  const { findings } = await validated({ 'a.yaml': `${configMap('a')}data:\n${keys}` })
  assert.is(findings.filter(({ rule }) => rule === 'schema-invalid').length, 200)
})

test('more objects than fit into memory could not be checked, in documents as in a List', async () => {
  const items = `apiVersion: v1\nkind: List\nitems:\n${'- {}\n'.repeat(260_000)}`
  assert.equal(
    (await validated({ 'a.yaml': items })).findings.map(({ rule }) => rule),
    ['input-too-large'],
  )
})

test('nothing to check is not the same as valid', async () => {
  const { findings } = await validated({ 'values.yaml': 'replicas: 3\n' })
  assert.equal(
    findings.map(({ rule }) => rule),
    ['input-empty'],
  )
  assert.equal((await validated({ 'empty.yaml': '# nothing\n' }, {}, 'empty.yaml')).findings.length, 1)
})

test('whatever a document is, checking it ends in findings', async () => {
  const texts = ['7\n', '[]\n', '- a\n', 'text\n', 'kind: List\nitems: {}\n', 'kind: List\nitems: [null, 7, [x]]\n', 'apiVersion: 7\nkind: []\n', 'apiVersion: v1\nkind: Pod\nmetadata: null\nspec: 7\n', 'apiVersion: v1\nkind: Pod\nmetadata: [a]\nspec: {containers: [null, 7]}\n', '\0\0', '{{', '\tx: 1'] // biome-ignore format: a kind each
  for (const text of texts) {
    const { found } = await validated({ 'a.yaml': text }, { complete: true }, 'a.yaml')
    assert.ok(found.length > 0 && found.every((finding) => finding.includes('a.yaml:')), text)
  }
})

test('a word or a number that is read as something else is told to be put in quotes as it is written', async () => {
  const { findings } = await validated({ 'a.yaml': `${configMap('a')}data:\n  a: yes\n  b: 1.10\n  c: true\n` })
  assert.equal(
    findings.map(({ fix }) => fix),
    [
      'Write "yes" in quotes, or "true": without them it is read as true.',
      'Write "1.10" in quotes, or "1.1": without them it is read as 1.1.',
      'Put it in quotes: "true".',
    ],
  )
})

test.run()
