import { readFileSync } from 'node:fs'
import { POD } from 'modelyard-serving/contract'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PlannedModel } from '../../repository/index.ts'
import { type Manifest, modelObjects } from '../../testing/objects.ts'
import {
  environmentText,
  FILES,
  pinText,
  R1,
  R2,
  V1,
  versionFile,
  withRepository,
} from '../../testing/repository-fixture.ts'
import { formatYaml } from '../../yaml/index.ts'

const GOLDEN = new URL('../golden/wine-pod-template.yaml', import.meta.url)

const LABELS = {
  'app.kubernetes.io/name': 'wine',
  'app.kubernetes.io/component': 'model-server',
  'app.kubernetes.io/managed-by': 'modelyard',
  'app.kubernetes.io/part-of': 'modelyard',
  'modelyard.dev/owner': 'cellar',
}
const SELECTOR = { 'app.kubernetes.io/name': 'wine', 'app.kubernetes.io/component': 'model-server' }
const METADATA = { name: 'wine', namespace: 'models-production', labels: LABELS }

/** The fixture's model as production plans it, changed by `change`. */
async function production(change: (model: PlannedModel) => PlannedModel = (model) => model): Promise<PlannedModel> {
  planned ??= new Promise((resolve, reject) => {
    withRepository({}, async (fixture) => resolve(await fixture.planned('production'))).catch(reject)
  })
  return change(await planned)
}

/** Loaded once for all tests, none of which changes it. */
let planned: Promise<PlannedModel> | undefined

const withReplicas = (min: number, max: number) => (model: PlannedModel) => ({
  ...model,
  effectiveSettings: { ...model.effectiveSettings, replicas: { min, max } },
})

function containerOf(objects: Record<string, Manifest>): Manifest {
  return objects['Deployment'].spec.template.spec.containers[0]
}

test('selector and pod template are byte for byte what they were: a change of them restarts every pod of every user', async () => {
  const { Deployment } = modelObjects(await production())
  const { selector, template } = Deployment.spec
  assert.is(
    formatYaml({ selector, template }),
    readFileSync(GOLDEN, 'utf8'),
    'changed output for existing objects ships behind a new revision of environments; the golden file of a revision stays',
  )
})

test('a model has these objects, each in the namespace of the environment, with labels of ours', async () => {
  const objects = modelObjects(await production())
  assert.equal(Object.keys(objects).sort(), [
    'Deployment',
    'HorizontalPodAutoscaler',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
    'boot',
    'routing',
  ])
  for (const [kind, { metadata }] of Object.entries(objects)) {
    assert.is(metadata.namespace, 'models-production', kind)
    for (const [label, value] of Object.entries(LABELS)) assert.is(metadata.labels[label], value, kind)
  }
})

test('the service account has no token, and the pods ask for none', async () => {
  const objects = modelObjects(await production())
  assert.equal(objects['ServiceAccount'], {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: METADATA,
    automountServiceAccountToken: false,
  })
  const pod = objects['Deployment'].spec.template.spec
  assert.is(pod.serviceAccountName, 'wine')
  assert.is(pod.automountServiceAccountToken, false)
  assert.is(pod.enableServiceLinks, false)
})

test('the service sends port 80 to the named port of the pods', async () => {
  const objects = modelObjects(await production())
  assert.equal(objects['Service'], {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: METADATA,
    spec: {
      type: 'ClusterIP',
      selector: SELECTOR,
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
    },
  })
  assert.equal(containerOf(objects).ports, [{ name: 'http', containerPort: 8080, protocol: 'TCP' }])
})

test('a drain always proceeds, one pod at a time', async () => {
  const expected = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: METADATA,
    spec: { maxUnavailable: 1, selector: { matchLabels: SELECTOR }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  }
  assert.equal(modelObjects(await production())['PodDisruptionBudget'], expected)
  assert.equal(modelObjects(await production(withReplicas(1, 1)))['PodDisruptionBudget'], expected)
})

test('an autoscaler owns the number of pods: the Deployment names none', async () => {
  const objects = modelObjects(await production())
  assert.not('replicas' in objects['Deployment'].spec)
  assert.equal(objects['HorizontalPodAutoscaler'], {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: METADATA,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'wine' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
  })
})

test('a fixed number of pods is in the Deployment, and there is no autoscaler', async () => {
  const objects = modelObjects(await production(withReplicas(3, 3)))
  assert.is(objects['Deployment'].spec.replicas, 3)
  assert.is(objects['HorizontalPodAutoscaler'], undefined)
})

test('the autoscaler aims at what the environment says, memory too', async () => {
  const properties = ['autoscaling: hpa({ cpu: 55, memory: 80 })']
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    const { metrics } = modelObjects(await planned('production'))['HorizontalPodAutoscaler'].spec
    assert.equal(
      metrics.map(({ resource }: Manifest) => [resource.name, resource.target.averageUtilization]),
      [
        ['cpu', 55],
        ['memory', 80],
      ],
    )
  })
})

test('each probe asks the path that the server answers it on', async () => {
  const { startupProbe, readinessProbe, livenessProbe } = containerOf(modelObjects(await production()))
  for (const [probe, path] of [
    [startupProbe, POD.startupPath],
    [readinessProbe, POD.readinessPath],
    [livenessProbe, POD.livenessPath],
  ]) {
    assert.equal(probe.httpGet, { path, port: 'http' })
    assert.is(probe.timeoutSeconds, 2)
  }
  // A slow model must not be killed for being slow: a minute of silence, and only after the start.
  assert.is(livenessProbe.periodSeconds * livenessProbe.failureThreshold, 60)
  assert.is(readinessProbe.periodSeconds * readinessProbe.failureThreshold, 10)
})

const withSize =
  (size: number, externalData: number[] = []) =>
  (model: PlannedModel) => ({
    ...model,
    stable: {
      ...model.stable,
      facts: versionFile('1.0.0', {
        bundle: {
          model: { sha256: 'c'.repeat(64), size },
          externalData: externalData.map((bytes, index) => ({
            name: `w${index}`,
            sha256: 'd'.repeat(64),
            size: bytes,
          })),
        },
      }),
    },
  })

function budgets(objects: Record<string, Manifest>) {
  const { startupProbe } = containerOf(objects)
  const cache = objects['Deployment'].spec.template.spec.volumes.find(({ name }: Manifest) => name === 'cache')
  return [startupProbe.periodSeconds * startupProbe.failureThreshold, cache.emptyDir.sizeLimit]
}

test('time to start and room for artifacts grow with the artifact, its external data counted', async () => {
  assert.equal(budgets(modelObjects(await production())), [62, '1Gi'])
  // 6 GiB at 2 MiB a second are 3072 s, beside the minute for the start itself.
  assert.equal(budgets(modelObjects(await production(withSize(2 * 2 ** 30, [4 * 2 ** 30])))), [3132, '24Gi'])
})

test('a candidate larger than the stable version has room too, and does not lengthen the start', async () => {
  const small = await production()
  const { stable } = withSize(3 * 2 ** 30)(small)
  assert.equal(
    budgets(
      modelObjects({
        ...small,
        candidate: { version: stable, effectiveSettings: small.effectiveSettings, mode: 'canary', weight: 1 },
      }),
    ),
    [62, '12Gi'],
  )
})

test('pods meet the restricted profile of Pod Security', async () => {
  const objects = modelObjects(await production())
  const pod = objects['Deployment'].spec.template.spec
  assert.equal(pod.securityContext, {
    fsGroup: 65532,
    runAsGroup: 65532,
    runAsNonRoot: true,
    runAsUser: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  assert.equal(containerOf(objects).securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  })
})

test('pods end after their requests, and are replaced before they end', async () => {
  const objects = modelObjects(await production())
  const { server } = JSON.parse(objects['boot'].data['boot.json'])
  const { strategy, revisionHistoryLimit, template } = objects['Deployment'].spec
  const { delaySeconds, timeoutSeconds } = server.drain
  assert.ok(template.spec.terminationGracePeriodSeconds > delaySeconds + timeoutSeconds)
  assert.equal(strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } })
  assert.is(revisionHistoryLimit, 3)
})

test('pods of one rollout spread over nodes and zones, without waiting for them', async () => {
  const { topologySpreadConstraints } = modelObjects(await production())['Deployment'].spec.template.spec
  assert.equal(
    topologySpreadConstraints,
    ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      labelSelector: { matchLabels: SELECTOR },
      matchLabelKeys: ['pod-template-hash'],
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
    })),
  )
})

test('pods say which version, artifact and release they run, and the selector says none of it', async () => {
  const { Deployment } = modelObjects(await production())
  for (const { labels, annotations } of [Deployment.metadata, Deployment.spec.template.metadata]) {
    assert.equal(labels, { ...LABELS, 'app.kubernetes.io/version': '1.0.0' })
    assert.equal(annotations, {
      'modelyard.dev/artifact-sha256': V1.bundle.model.sha256,
      'modelyard.dev/release': R1.name,
    })
  }
  assert.equal(Deployment.spec.selector, { matchLabels: SELECTOR })
})

test('a first environment has no release to name', async () => {
  await withRepository({}, async ({ planned }) => {
    const { metadata } = modelObjects(await planned('development'))['Deployment']
    assert.equal(Object.keys(metadata.annotations), ['modelyard.dev/artifact-sha256'])
  })
})

test('the image is the sealed one, by digest', async () => {
  const { image, imagePullPolicy } = containerOf(modelObjects(await production()))
  assert.match(image, /^registry\.example\.com\/serving@sha256:a{64}$/)
  assert.is(imagePullPolicy, 'IfNotPresent')
})

test('configuration is mounted as directories where the server looks', async () => {
  const objects = modelObjects(await production())
  const { volumes } = objects['Deployment'].spec.template.spec
  assert.equal(volumes, [
    { name: 'boot', configMap: { name: objects['boot'].metadata.name } },
    { name: 'routing', configMap: { name: 'wine-routing' } },
    { name: 'cache', emptyDir: { sizeLimit: '1Gi' } },
    { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
  ])
  // Never a subPath: such a mount does not see changes of the routing configuration.
  assert.equal(containerOf(objects).volumeMounts, [
    { name: 'boot', mountPath: POD.bootDirectory, readOnly: true },
    { name: 'routing', mountPath: POD.routingDirectory, readOnly: true },
    { name: 'cache', mountPath: POD.cacheDirectory },
    { name: 'tmp', mountPath: POD.temporaryDirectory },
  ])
})

test('the boot configuration is immutable and named by its content', async () => {
  const boot = async (change?: (model: PlannedModel) => PlannedModel) => modelObjects(await production(change))['boot']
  const before = await boot()
  assert.match(before.metadata.name, /^wine-boot-[0-9a-f]{10}$/)
  assert.is(before.immutable, true)
  assert.is((await boot()).metadata.name, before.metadata.name)
  const slower = await boot((model) => ({
    ...model,
    effectiveSettings: { ...model.effectiveSettings, slo: { ...model.effectiveSettings.slo, latencyP99Ms: 99 } },
  }))
  assert.is.not(slower.metadata.name, before.metadata.name)
  const pods = await boot(withReplicas(4, 5))
  assert.is(pods.metadata.name, before.metadata.name, 'what the server does not read does not restart it')
})

test('resources are what was asked for, in the form that the API server gives back', async () => {
  assert.equal(containerOf(modelObjects(await production())).resources, {
    requests: { cpu: '200m', memory: '256Mi' },
    limits: { cpu: '500m', memory: '256Mi' },
  })
  const resources = { cpu: '.5', memory: '2048Mi', cpuLimit: '2000m' }
  const odd = await production((model) => ({ ...model, effectiveSettings: { ...model.effectiveSettings, resources } }))
  assert.equal(containerOf(modelObjects(odd)).resources, {
    requests: { cpu: '500m', memory: '2Gi' },
    limits: { cpu: '2', memory: '2Gi' },
  })
})

test('a candidate adds its requests and limits, and lands in the routing configuration alone', async () => {
  const candidate = { release: R2.name, mode: 'canary', weight: 10 } as const
  await withRepository({ [FILES.productionPin]: pinText({ stable: R1.name, candidate }) }, async ({ planned }) => {
    const before = modelObjects(await production())
    const after = modelObjects(await planned('production'))
    assert.equal(containerOf(after).resources, {
      requests: { cpu: '400m', memory: '512Mi' },
      limits: { cpu: '1', memory: '512Mi' },
    })
    containerOf(after).resources = containerOf(before).resources
    const changed = Object.keys(after).filter((kind) => formatYaml(after[kind]) !== formatYaml(before[kind]))
    assert.equal(changed, ['routing'])
    assert.is(after['routing'].immutable, undefined)
  })
})

const DNS = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
}

test('pods take requests, and reach names and the store of artifacts only', async () => {
  assert.equal(modelObjects(await production())['NetworkPolicy'], {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: METADATA,
    spec: {
      podSelector: { matchLabels: SELECTOR },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080, protocol: 'TCP' }] }],
      egress: [DNS, { ports: [{ port: 443, protocol: 'TCP' }] }],
    },
  })
})

test('the port of the store is the one of its address', async () => {
  const properties = ["artifacts: https('https://store.example.com:8443/models')"]
  const text = environmentText('production', { promotesFrom: 'staging', properties })
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    const { egress } = modelObjects(await planned('production'))['NetworkPolicy'].spec
    assert.equal(egress[1], { ports: [{ port: 8443, protocol: 'TCP' }] })
  })
})

test('with artifacts in a folder of the pod, pods reach nothing', async () => {
  const text = environmentText('production', {
    promotesFrom: 'staging',
    properties: ["artifacts: files('/models', { claim: 'models' })"],
  })
  await withRepository({ [FILES.production]: text }, async ({ planned }) => {
    const objects = modelObjects(await planned('production'))
    assert.is(objects['NetworkPolicy'].spec.egress, undefined)
    assert.equal(objects['NetworkPolicy'].spec.policyTypes, ['Ingress', 'Egress'])
    const boot = JSON.parse(objects['boot'].data['boot.json'])
    const { sha256 } = V1.bundle.model
    assert.is(boot.models[0].versions[0].artifact.address, `file:///models/sha256/${sha256}`)
  })
})

test.run()
