import { App } from 'cdk8s'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gatewayApi, ingress, replicas, rollouts, type TrafficEngine } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import type { Manifest } from '../../testing/objects.ts'
import { V2, withRepository } from '../../testing/repository-fixture.ts'
import { ModelChart } from '../workload/model-chart.ts'

type Candidate = Partial<NonNullable<PlannedModel['candidate']>>

const ROUTE = { gateway: 'gateways/public', host: 'predictions.example.com' } as const
let planned: Promise<PlannedModel> | undefined

/** Objects by kind and name of the fixture's model under an engine, with a candidate where one is given. */
async function objects(traffic: TrafficEngine, candidate?: Candidate, more: object = {}) {
  planned ??= new Promise((resolve, reject) => {
    withRepository({}, async (fixture) => resolve(await fixture.planned('development'))).catch(reject)
  })
  const model = await planned
  const { effectiveSettings, stable } = model
  const version = { ...stable, reference: '1.2.0', facts: { ...V2, version: '1.2.0' } }
  const list: Manifest[] = new ModelChart(new App(), 'model', {
    model: {
      ...model,
      environment: { ...model.environment, traffic, ...more },
      ...(candidate && { candidate: { version, effectiveSettings, mode: 'canary', weight: 10, ...candidate } }),
    },
  }).toJson()
  return Object.fromEntries(list.map((object) => [`${object.kind}/${object.metadata.name}`, object])) as Record<
    string,
    Manifest
  >
}

const weights = ({ spec }: Manifest) => spec.rules[0].backendRefs.map(({ name, weight }: Manifest) => [name, weight])

test('behind a Gateway a candidate has pods of its own, which no selector of the stable version takes', async () => {
  const all = await objects(gatewayApi(ROUTE), {})
  const [stable, candidate] = [all['Deployment/wine'], all['Deployment/wine-candidate']]
  const labels = candidate.spec.template.metadata.labels
  for (const selector of [stable.spec.selector.matchLabels, all['Service/wine'].spec.selector]) {
    assert.is.not(labels['app.kubernetes.io/component'], selector['app.kubernetes.io/component'])
  }
  assert.is(all['Service/wine-candidate'].spec.selector['app.kubernetes.io/component'], 'model-candidate')
  const boot = Object.entries(all).find(([key]) => key.startsWith('ConfigMap/wine-candidate-boot-'))?.[1]
  assert.is(JSON.parse(boot?.data['boot.json']).models[0].stable, '1.2.0')
  assert.is(JSON.parse(all['ConfigMap/wine-routing'].data['routing.json']).models[0].candidate, null)
})

test('to widen a canary changes the route alone: no pod restarts', async () => {
  const before = await objects(gatewayApi(ROUTE), { weight: 10 })
  const after = await objects(gatewayApi(ROUTE), { weight: 25 })
  const changed = Object.keys(after).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]))
  assert.equal(changed, ['HTTPRoute/wine'])
  assert.equal(weights(before['HTTPRoute/wine']), [
    ['wine', 90],
    ['wine-candidate', 10],
  ])
  assert.equal(weights((await objects(gatewayApi(ROUTE), { weight: 0.25 }))['HTTPRoute/wine']), [
    ['wine', 9975],
    ['wine-candidate', 25],
  ])
})

test('the route names each path of the model, and what the API server would add', async () => {
  const { spec } = (await objects(gatewayApi({ ...ROUTE, listener: 'https' })))['HTTPRoute/wine']
  assert.equal(spec.parentRefs, [
    {
      group: 'gateway.networking.k8s.io',
      kind: 'Gateway',
      name: 'public',
      namespace: 'gateways',
      sectionName: 'https',
    },
  ])
  assert.equal(spec.hostnames, ['predictions.example.com'])
  assert.equal(
    spec.rules[0].matches.map(({ path }: Manifest) => `${path.type} ${path.value}`),
    [
      'PathPrefix /models/wine',
      'PathPrefix /v2/models/wine',
      'PathPrefix /v1/models/wine',
      'Exact /v1/models/wine:predict',
    ],
  )
  assert.equal(spec.rules[0].backendRefs, [{ group: '', kind: 'Service', name: 'wine', port: 80, weight: 1 }])
  const own = (await objects(gatewayApi({ ...ROUTE, host: '{model}.example.com' })))['HTTPRoute/wine']
  assert.equal([own.spec.hostnames, own.spec.rules[0].matches[0].path.value], [['wine.example.com'], '/'])
})

test('an A/B test is a header with a value, in every path; a shadow is a mirror', async () => {
  const ab = await objects(gatewayApi(ROUTE), { mode: 'ab', weight: 100, header: 'x-cohort', value: 'b' })
  const [chosen, others] = ab['HTTPRoute/wine'].spec.rules
  for (const { headers } of chosen.matches) assert.equal(headers, [{ type: 'Exact', name: 'x-cohort', value: 'b' }])
  assert.equal([chosen.backendRefs[0].name, others.backendRefs[0].name], ['wine-candidate', 'wine'])
  const mirror = async (weight: number) =>
    (await objects(gatewayApi(ROUTE), { mode: 'shadow', weight }))['HTTPRoute/wine'].spec.rules[0].filters[0]
      .requestMirror
  assert.equal(await mirror(20), {
    backendRef: { group: '', kind: 'Service', name: 'wine-candidate', port: 80 },
    percent: 20,
  })
  assert.equal((await mirror(0.5)).fraction, { denominator: 1000, numerator: 5 })
})

test('nine pods to one stand behind one Service, and nothing scales them', async () => {
  const all = await objects(replicas({ total: 10 }), { weight: 10 })
  assert.equal([all['Deployment/wine'].spec.replicas, all['Deployment/wine-candidate'].spec.replicas], [9, 1])
  const { selector } = all['Service/wine'].spec
  for (const name of ['wine', 'wine-candidate']) {
    const { labels } = all[`Deployment/${name}`].spec.template.metadata
    for (const [key, value] of Object.entries(selector)) assert.is(labels[key], value)
  }
  assert.not.ok(Object.keys(all).some((key) => key.startsWith('HorizontalPodAutoscaler')))
  assert.is((await objects(replicas({ total: 10 })))['Deployment/wine'].spec.replicas, 10)
})

test('a Rollout takes the place of the Deployment, is measured at each step, and is what the autoscaler scales', async () => {
  const engine = rollouts({
    steps: [{ weight: 5, pause: '10m' }, { weight: 50 }],
    analysis: { prometheus: 'http://prometheus:9090' },
    route: ROUTE,
  })
  const all = await objects(engine)
  assert.is(all['Deployment/wine'], undefined)
  const { canary } = all['Rollout/wine'].spec.strategy
  assert.equal(
    canary.steps.map((step: object) => Object.keys(step)[0]),
    ['setWeight', 'analysis', 'pause', 'setWeight', 'analysis', 'pause'],
  )
  assert.equal([canary.steps[2], canary.steps[5]], [{ pause: { duration: '600s' } }, { pause: {} }])
  for (const name of [canary.stableService, canary.canaryService]) assert.ok(all[`Service/${name}`], name)
  assert.ok(all[`AnalysisTemplate/${canary.steps[1].analysis.templates[0].templateName}`])
  assert.equal(canary.trafficRouting.plugins['argoproj-labs/gatewayAPI'].httpRoute, 'wine')
  assert.equal(weights(all['HTTPRoute/wine']), [
    ['wine', 100],
    ['wine-canary', 0],
  ])
  assert.equal(all['HorizontalPodAutoscaler/wine'].spec.scaleTargetRef.kind, 'Rollout')
})

test('an Ingress has TLS and the same paths', async () => {
  const place = ingress({ className: 'haproxy', host: 'models.example.com', secret: 'tls', issuer: 'letsencrypt' })
  const { metadata, spec } = (await objects({ engine: 'server-split' }, undefined, { ingress: place }))['Ingress/wine']
  assert.is(metadata.annotations['cert-manager.io/cluster-issuer'], 'letsencrypt')
  assert.equal(spec.tls, [{ hosts: ['models.example.com'], secretName: 'tls' }])
  assert.equal(
    spec.rules[0].http.paths.map(({ path, pathType }: Manifest) => `${pathType} ${path}`),
    ['Prefix /models/wine', 'Prefix /v2/models/wine', 'Prefix /v1/models/wine', 'Exact /v1/models/wine:predict'],
  )
})

test.run()
