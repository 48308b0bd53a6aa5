import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type EnvironmentDefinition,
  gatewayApi,
  hpa,
  https,
  ingress,
  keda,
  replicas,
  rollouts,
  vpa,
} from '../definitions/index.ts'
import { environmentText, FILES, IMAGE, pinText, WINE, withRepository } from '../testing/repository-fixture.ts'
import { checkEnvironmentDefinition } from './definition-rules.ts'
import { trafficProblem } from './traffic-rules.ts'

const ROUTE = { gateway: 'gateways/public', host: 'models.example.com' } as const

test('what an engine cannot do of a pin is a finding at its line, and the candidate is left out', async () => {
  const text = environmentText('development', {
    imports: ["import { replicas } from 'modelyard'"],
    properties: ['traffic: replicas({ total: 10 })'],
  })
  const candidate = { release: '1.1.0', mode: 'canary', weight: 15 } as const
  const files = { [FILES.development]: text, [FILES.developmentPin]: pinText({ stable: '1.0.0', candidate }) }
  await withRepository(files, async ({ load, lineOf }) => {
    const { findings, plan } = await load()
    assert.equal(
      findings.map(({ rule, file, line, message, fix }) => ({ rule, file, line, message, fix })),
      [
        {
          rule: 'candidate-not-servable',
          file: FILES.developmentPin,
          line: lineOf(FILES.developmentPin, 'weight: 15'),
          message: '15 % of 10 pods is no whole number of them',
          fix: 'Write a multiple of 10 below 100, or raise the total.',
        },
      ],
    )
    assert.is(plan.environments[0]?.models[0]?.candidate, undefined)
  })
})

test('a model that needs GPUs is not pinned where there are none', async () => {
  const files = { [FILES.model]: WINE.replace("cpuLimit: '500m'", "cpuLimit: '500m', gpu: 1") }
  await withRepository(files, async ({ load }) => {
    const [finding, ...others] = (await load()).findings
    assert.equal(others, [])
    assert.equal([finding?.rule, finding?.file], ['gpu-missing', FILES.developmentPin])
  })
})

test('each engine says what it cannot do, and does the rest', async () => {
  await withRepository({}, async ({ planned }) => {
    const { stable } = await planned('development')
    const other = { ...stable, servingImage: `${IMAGE.slice(0, -1)}b` }
    const problem = (engine: Parameters<typeof trafficProblem>[0], candidate: object, version = stable) =>
      trafficProblem(engine, { release: '1.1.0', mode: 'canary', weight: 10, ...candidate }, stable, version)?.field
    const ab = { mode: 'ab', header: 'x-cohort' }
    assert.equal(
      [
        problem(undefined, {}),
        problem(undefined, {}, other),
        problem(undefined, { ...ab, value: 'b' }),
        problem(gatewayApi(ROUTE), {}, other),
        problem(gatewayApi(ROUTE), { mode: 'shadow' }),
        problem(gatewayApi(ROUTE), ab),
        problem(gatewayApi(ROUTE), { mode: 'ab', feature: 'colour' }),
        problem(gatewayApi(ROUTE), { ...ab, value: 'b' }),
        problem(gatewayApi(ROUTE), { ...ab, value: 'b', weight: 100 }),
        problem(replicas({ total: 10 }), {}),
        problem(replicas({ total: 10 }), { mode: 'shadow' }),
        problem(replicas({ total: 10 }), { weight: 100 }),
        problem(rollouts({ steps: [{ weight: 10 }] }), {}),
      ],
      [
        ...[undefined, 'release', 'value'],
        ...[undefined, undefined, 'mode', 'feature', 'weight', undefined],
        ...[undefined, 'mode', 'weight'],
        'release',
      ],
    )
  })
})

test('switches that exclude one another are found, and those that go together are not', () => {
  const base: EnvironmentDefinition = {
    name: 'place',
    revision: 1,
    cluster: { name: 'place', server: 'https://kubernetes.example.com' },
    namespace: 'models',
    artifacts: https('https://store.example.com'),
    argocd: { repoURL: 'https://git.example.com/models.git' },
    servingImage: IMAGE,
  }
  const paths = (more: Partial<EnvironmentDefinition>) =>
    checkEnvironmentDefinition({ kind: 'environment', ...base, ...more }, 'place', {
      file: 'environment.ts',
      lineOf: () => 1,
    }).map(({ path }) => path)
  const place = ingress({ className: 'haproxy', host: 'models.example.com', secret: 'tls' })
  const kedaOf = keda({ prometheus: 'http://prometheus:9090', requestsPerSecond: 5 })
  const night = { model: 'wine', scaleToZero: { start: '0 7 * * *', end: '0 19 * * *', timezone: 'UTC' } }
  assert.equal(paths({ traffic: gatewayApi(ROUTE), ingress: place }), ['ingress'])
  assert.equal(paths({ traffic: replicas({ total: 4 }), ingress: place }), [])
  assert.equal(paths({ traffic: replicas({ total: 4 }), autoscaling: hpa({ cpu: 70 }) }), ['autoscaling'])
  assert.equal(paths({ traffic: rollouts({ steps: [{ weight: 50 }, { weight: 20 }] }) }), ['traffic.steps[1].weight'])
  assert.equal(paths({ autoscaling: hpa({}) }), ['autoscaling'])
  assert.equal(paths({ verticalScaling: vpa({ mode: 'Recreate' }) }), ['verticalScaling.mode'])
  assert.equal(paths({ verticalScaling: vpa({ mode: 'Recreate' }), autoscaling: kedaOf }), [])
  assert.equal(paths({ overrides: [night] }), ['overrides[0].scaleToZero'])
  assert.equal(paths({ overrides: [night], autoscaling: kedaOf }), [])
  assert.equal(paths({ server: { preStopSleepSeconds: 5 } }), ['server.preStopSleepSeconds'])
  assert.equal(paths({ server: { preStopSleepSeconds: 5 }, cluster: { ...base.cluster, kubernetes: '1.30' } }), [])
  assert.equal(paths({ server: { tls: 'tls' }, traffic: gatewayApi(ROUTE) }), ['server.tls'])
})

test.run()
