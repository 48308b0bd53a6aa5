import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { renderManifests } from '../manifests/index.ts'
import { validateRepository } from '../validation/index.ts'
import { REPOSITORY } from './example-repository.ts'
import { KITCHEN_SINK, planKitchenSink, sourcesOf, writeKitchenSink } from './kitchen-sink.ts'
import { identities } from './kitchen-sink-identity.ts'
import type { Manifest } from './objects.ts'

const GOLDEN = new URL('kitchen-sink.golden.yaml', import.meta.url)
const manifests = renderManifests((await planKitchenSink()).plan)
const objectAt = (path: string): Manifest => parse(manifests.get(`dist/${path}.yaml`) ?? '')
const kinds = [...new Set([...manifests.values()].map((text) => (parse(text) as Manifest).kind as string))].sort()

test('everything that can be generated is valid, by schema, by reference and by policy', async () => {
  const root = mkdtempSync(join(tmpdir(), 'modelyard-sink-'))
  try {
    await writeKitchenSink(root)
    const { findings, counts } = await validateRepository(root, { offline: true, packagesRoot: REPOSITORY })
    assert.is(counts.objects, manifests.size)
    assert.equal(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    )
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

test('names, labels, selectors and pod templates are what they were', () => {
  assert.is(
    identities(manifests),
    readFileSync(GOLDEN, 'utf8'),
    'changed output for existing objects ships behind a new revision of environments; an object that is new is added to the golden file',
  )
})

test('docs/kubernetes.md names every kind, a line that asks for it and a test that is there', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/kubernetes.md'), 'utf8')
  const rowsOf = (part: string) =>
    [...part.matchAll(/^\| (.+?) \| `(.+?)` \| \[.+?\]\((.+?)\) \|$/gm)].map(([, ...cells]) => cells)
  const [objects = [], parts = []] = text.split('What tutorials build').map(rowsOf)
  assert.equal(
    objects.map(([kind]) => kind),
    kinds,
  )
  const sources = withoutSpaces(sourcesOf(KITCHEN_SINK))
  for (const [what, line = '', file = ''] of [...objects, ...parts]) {
    assert.ok(sources.includes(withoutSpaces(line)), `${what}: no environment says ${line}`)
    assert.ok(existsSync(join(REPOSITORY, 'docs', file)), `${what}: ${file}`)
  }
})

test('every example of docs/environments.md stands in the kitchen sink, where it is type-checked and generated', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/environments.md'), 'utf8')
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => withoutSpaces(code).replace(/,$/, ''))
  const sources = withoutSpaces(sourcesOf(KITCHEN_SINK))
  assert.ok(examples.length > 15)
  for (const example of examples) assert.ok(sources.includes(example), example)
})

test('KEDA keeps pods while Prometheus is away, and a model that sleeps at night is told when to wake', () => {
  const { spec } = objectAt('gateway/models/wine/scaled-object')
  assert.equal(spec.fallback, { behavior: 'currentReplicasIfHigher', failureThreshold: 3, replicas: 2 })
  assert.equal(
    spec.triggers.map(({ type, metricType, metadata }: Manifest) => [
      type,
      metricType,
      metadata.threshold ?? metadata.value,
    ]),
    [
      ['prometheus', 'Value', '0.03'],
      ['prometheus', 'AverageValue', '200'],
      ['cpu', 'Utilization', '80'],
    ],
  )
  assert.equal([spec.minReplicaCount, spec.maxReplicaCount, spec.cooldownPeriod], [2, 6, 600])
  const asleep = objectAt('gateway/models/vision/scaled-object').spec
  assert.is(asleep.minReplicaCount, 0)
  assert.equal(asleep.triggers.at(-1), {
    type: 'cron',
    metadata: { start: '0 7 * * 1-5', end: '0 19 * * 1-5', timezone: 'Europe/Berlin', desiredReplicas: '2' },
  })
  // Without pods nothing is scraped, which must not be taken for a Prometheus that fails.
  assert.equal(
    [spec.triggers[0], asleep.triggers[0]].map(({ metadata }) => metadata.ignoreNullValues),
    ['false', 'true'],
  )
})

test('requests a second reach the autoscaler by the rule of the Prometheus Adapter', () => {
  const { metrics } = objectAt('rollout/models/wine/horizontal-pod-autoscaler').spec
  const rule = parse(objectAt('rollout/environment/prometheus-adapter-rule').data['config.yaml']).rules[0]
  assert.is(metrics[1].pods.metric.name, rule.name.as)
  assert.equal(metrics[1].pods.target, { type: 'AverageValue', averageValue: '150' })
})

test('a model with a GPU finds its nodes, and its pods go before others come', () => {
  const { strategy, template } = objectAt('rollout/models/vision/rollout').spec
  const [{ resources }] = template.spec.containers
  assert.equal([resources.requests['nvidia.com/gpu'], resources.limits['nvidia.com/gpu']], [1, 1])
  assert.equal(template.spec.nodeSelector, { accelerator: 'l4' })
  assert.equal(template.spec.tolerations, [{ effect: 'NoSchedule', key: 'nvidia.com/gpu', operator: 'Exists' }])
  assert.equal([strategy.canary.maxSurge, strategy.canary.maxUnavailable], [0, 1])
})

test('keys, ports and the pause before the end are where the server and the probes look', () => {
  const container = objectAt('gateway/models/wine/deployment').spec.template.spec.containers[0]
  assert.equal(
    container.ports.map(({ name, containerPort }: Manifest) => [name, containerPort]),
    [
      ['http', 8080],
      ['grpc', 8081],
      ['management', 8082],
    ],
  )
  assert.is(container.readinessProbe.httpGet.port, 'management')
  assert.equal(container.lifecycle, { preStop: { sleep: { seconds: 5 } } })
  const bootFile = [...manifests].find(([path]) => path === 'dist/gateway/models/wine/boot-config-map.yaml')?.[1] ?? ''
  const { server } = JSON.parse((parse(bootFile) as Manifest).data['boot.json'])
  assert.equal([server.grpcPort, server.managementPort, server.accessLog], [8081, 8082, 0.01])
  assert.ok(container.volumeMounts.some(({ mountPath }: Manifest) => mountPath === server.authentication.keys))
  assert.is(objectAt('gateway/models/wine/service-monitor').spec.endpoints[0].port, 'management')
})

test('the Job after a sync asks for every digest that the pods must have loaded', () => {
  const { metadata, spec } = objectAt('gateway/models/wine/verification')
  assert.is(metadata.annotations['argocd.argoproj.io/hook'], 'PostSync')
  assert.equal(spec.template.spec.containers[0].command.slice(-4), [
    'http://wine:8082/metrics',
    '0'.repeat(64),
    'http://wine-candidate:8082/metrics',
    '1'.repeat(64),
  ])
})

test('Applications leave the pods of an autoscaler and the weights of a Rollout alone, and tell whom it concerns', () => {
  const { metadata, spec } = objectAt('gateway/argocd/gateway-model-wine')
  assert.is(metadata.annotations['notifications.argoproj.io/subscribe.on-sync-failed.slack'], 'ml-alerts')
  assert.equal(
    spec.ignoreDifferences.map(({ group, kind, name, jsonPointers }: Manifest) => [group, kind, name, jsonPointers]),
    [
      ['apps', 'Deployment', 'wine', ['/spec/replicas']],
      ['apps', 'Deployment', 'wine-candidate', ['/spec/replicas']],
    ],
  )
  const rollout = objectAt('rollout/argocd/rollout-model-wine').spec.ignoreDifferences
  assert.equal(
    rollout.map(({ kind, name }: Manifest) => `${kind}/${name}`),
    ['Rollout/wine', 'Service/wine', 'Service/wine-canary', 'HTTPRoute/wine'],
  )
  assert.is(objectAt('pods/argocd/pods-model-wine').spec.ignoreDifferences, undefined)
})

test('artifacts come out of an image where the server looks for them, and the cloud knows whose pods these are', () => {
  const { spec } = objectAt('volume/models/wine/deployment').spec.template
  const [boot] = [...manifests].filter(([path]) => path === 'dist/volume/models/wine/boot-config-map.yaml')
  const { models } = JSON.parse((parse(boot?.[1] ?? '') as Manifest).data['boot.json'])
  const { mountPath, name } = spec.containers[0].volumeMounts.at(-1)
  assert.is(models[0].versions[0].artifact.address, `file://${mountPath}/sha256/${'0'.repeat(64)}`)
  assert.equal(spec.volumes.at(-1), {
    name,
    image: { reference: `registry.example.com/models/wine@sha256:${'b'.repeat(64)}`, pullPolicy: 'IfNotPresent' },
  })
  // Nothing may go out: the direction is named, and nobody is let through.
  const { policyTypes, egress } = objectAt('volume/models/wine/network-policy').spec
  assert.ok(policyTypes.includes('Egress'))
  assert.is(egress, undefined)
  assert.equal(objectAt('volume/models/wine/service-account').metadata.annotations, {
    'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/wine',
  })
})

test('each owner has a namespace with its bounds, and a project whose Applications reach no other', () => {
  for (const [model, namespace, owner] of [
    ['wine', 'sink-cellar', 'cellar'],
    ['pairing', 'sink-kitchen', 'kitchen'],
  ]) {
    const project = objectAt(`owners/argocd/app-project.${namespace}`)
    assert.equal(project.spec.destinations, [{ server: 'https://kubernetes.default.svc', namespace }])
    assert.equal(project.spec.clusterResourceWhitelist, [])
    const kinds = project.spec.namespaceResourceWhitelist.map(({ kind }: Manifest) => kind)
    for (const kind of ['Namespace', 'ResourceQuota', 'LimitRange']) assert.not(kinds.includes(kind), kind)
    const application = objectAt(`owners/argocd/owners-model-${model}`)
    assert.is(application.spec.project, project.metadata.name)
    assert.is(application.spec.destination.namespace, namespace)
    const { labels } = objectAt(`owners/environment/namespace.${namespace}`).metadata
    assert.equal([labels['modelyard.dev/owner'], labels['pod-security.kubernetes.io/enforce']], [owner, 'restricted'])
    for (const bound of ['resource-quota', 'limit-range']) {
      assert.is(objectAt(`owners/environment/${bound}.${namespace}`).metadata.namespace, namespace)
    }
    const own = [...manifests].filter(([path]) => path.startsWith(`dist/owners/models/${model}/`))
    for (const [path, text] of own) assert.is((parse(text) as Manifest).metadata.namespace, namespace, path)
    const uid = (path: string) => JSON.parse(Object.values(objectAt(path).data as object)[0]).uid
    assert.is.not(uid(`owners/environment/fleet-dashboard.${namespace}`), uid('gateway/environment/fleet-dashboard'))
  }
  // What the environment's own Application makes are namespaces and their bounds.
  const { spec } = objectAt('owners/argocd/app-project')
  assert.equal(
    spec.namespaceResourceWhitelist.map(({ kind }: Manifest) => kind),
    ['ConfigMap', 'LimitRange', 'ResourceQuota'],
  )
  assert.equal(spec.destinations.length, 2)
})

test("Kubeflow's registry finds the workloads of what it knows, whose pods are as they were", () => {
  const labelsOf = ({ metadata }: Manifest) =>
    Object.entries(metadata.labels ?? {}).filter(([name]) => name.startsWith('modelregistry.kubeflow.org/'))
  const wine = objectAt('owners/models/wine/deployment')
  assert.equal(labelsOf(wine), [
    ['modelregistry.kubeflow.org/model-version-id', '11'],
    ['modelregistry.kubeflow.org/registered-model-id', '4'],
  ])
  assert.equal(labelsOf(wine.spec.template), [])
  assert.equal(labelsOf(objectAt('owners/models/wine/candidate-deployment')), [
    ['modelregistry.kubeflow.org/registered-model-id', '4'],
  ])
  assert.equal(labelsOf(objectAt('owners/models/pairing/deployment')), [])
})

test('a route waits for the pods, except where Argo Rollouts waits for the route', () => {
  const waveOf = (path: string) => objectAt(path).metadata.annotations?.['argocd.argoproj.io/sync-wave']
  assert.is(waveOf('gateway/models/wine/http-route'), '1')
  assert.is(waveOf('rollout/models/wine/http-route'), undefined)
})

test('one ApplicationSet takes the place of the Applications of the models', () => {
  const { spec } = objectAt('split/argocd/split-models')
  assert.is(spec.template.metadata.name, 'split-model-{{.path.basename}}')
  assert.is(manifests.has('dist/split/argocd/split-model-wine.yaml'), false)
})

function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, '').replaceAll(',)', ')').replaceAll(',}', '}')
}

test.run()
