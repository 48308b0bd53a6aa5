import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Candidate, RoutedModel, ServedVersion } from '../contract/index.ts'
import { goldenSamples, INTERFACES } from '../testing/fixtures.ts'
import {
  bootConfiguration,
  cleanUp,
  mountConfigMap,
  routingConfiguration,
  scratch,
  servedVersion,
  type TestServer,
  testServer,
  until,
} from '../testing/server.ts'

test.after.each(cleanUp)

const stable = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes, { samples: 'diabetes.samples.json' })
const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes, {
  samples: 'diabetes-candidate.samples.json',
  release: '1.1.0-d20a77e1',
})
const [sample] = goldenSamples('diabetes').samples
const [candidateSample] = goldenSamples('diabetes-candidate').samples

const canary = (weight: number): Candidate => ({ version: '1.1.0', mode: 'canary', weight })

function routed(version: ServedVersion, how: Candidate | null): RoutedModel[] {
  return [{ name: 'diabetes', versions: [version], candidate: how }]
}

async function serverWithRouting(models?: RoutedModel[]) {
  const directory = scratch()
  const mount = mountConfigMap(join(directory, 'routing'), 'routing.json')
  if (models !== undefined) mount.update(JSON.stringify(routingConfiguration(models)))
  const server = await testServer(bootConfiguration({ diabetes: stable }), { routingPath: mount.path })
  return {
    server,
    route: (next: RoutedModel[]) => mount.update(JSON.stringify(routingConfiguration(next))),
    write: mount.update,
  }
}

async function predict(server: TestServer, headers: Record<string, string> = {}) {
  const { status, json } = await server.post('/models/diabetes/predict', sample?.features, headers)
  assert.is(status, 200)
  return json as { version: string; prediction: { progression: number } }
}

const versions = async (server: TestServer) => (await server.get('/readyz')).json.models[0].versions

test('a candidate comes, widens and goes, and every answer is right and says who gave it', async () => {
  const { server, route } = await serverWithRouting()
  assert.is((await predict(server)).version, '1.0.0')
  const expected: Record<string, number> = {
    '1.0.0': sample?.outputs.progression?.[0] as number,
    '1.1.0': candidateSample?.outputs.progression?.[0] as number,
  }
  const counts: Record<string, number> = { '1.0.0': 0, '1.1.0': 0 }
  let going = true
  const callers = Array.from({ length: 4 }, async () => {
    while (going) {
      const { version, prediction } = await predict(server)
      assert.ok(Math.abs(prediction.progression - (expected[version] as number)) < 0.01)
      counts[version] = (counts[version] as number) + 1
    }
  })
  for (const weight of [50, 100, 20]) {
    route(routed(candidate, canary(weight)))
    const before = counts['1.1.0'] as number
    await until(() => (counts['1.1.0'] as number) > before + 10, `the candidate answers at ${weight} %`)
  }
  route([{ name: 'diabetes', versions: [], candidate: null }])
  await until(async () => (await versions(server)).length === 1, 'the candidate is gone')
  going = false
  await Promise.all(callers)
  assert.is((await predict(server)).version, '1.0.0')
})

test('a routing file that is there at the start is followed, and wanted and loaded versions are told', async () => {
  const { server } = await serverWithRouting(routed(candidate, canary(100)))
  assert.is((await predict(server)).version, '1.1.0')
  const { text } = await server.get('/metrics')
  const identity = `model="diabetes",version="1.1.0",release="1.1.0-d20a77e1",sha256="${candidate.artifact.sha256}"`
  assert.ok(text.includes(`modelyard_version_wanted{${identity}} 1`))
  assert.ok(text.includes(`modelyard_version_loaded{${identity}} 1`))
})

test('a broken routing file changes nothing, and the mended one is followed', async () => {
  const { server, route, write } = await serverWithRouting(routed(candidate, canary(100)))
  for (const broken of [
    '{',
    '{}',
    JSON.stringify(routingConfiguration(routed(candidate, { ...canary(5), version: '7' }))),
  ]) {
    write(broken)
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.is((await predict(server)).version, '1.1.0')
  }
  route(routed(candidate, null))
  await until(async () => (await predict(server)).version === '1.0.0', 'the mended file is followed')
})

test('a candidate that cannot be loaded never displaces one that answers', async () => {
  const { server, route } = await serverWithRouting(routed(candidate, canary(100)))
  const wrong = { ...candidate.artifact, sha256: 'f'.repeat(64) }
  const bad = { ...candidate, name: '1.2.0', artifact: wrong }
  route(routed(bad, { ...canary(100), version: '1.2.0' }))
  await until(
    async () => (await server.get('/metrics')).text.includes('version="1.2.0"'),
    'the bad candidate is wanted',
  )
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.is((await predict(server)).version, '1.1.0')
  const { text } = await server.get('/metrics')
  assert.match(text, /version_wanted\{model="diabetes",version="1\.2\.0"/)
  assert.not.match(text, /version_loaded\{model="diabetes",version="1\.2\.0"/)
  route(routed(candidate, canary(0)))
  await until(async () => (await predict(server)).version === '1.0.0', 'a good file is followed again')
})

test('an A/B test is sticky by the header that the candidate names', async () => {
  const { server } = await serverWithRouting(
    routed(candidate, { version: '1.1.0', mode: 'ab', weight: 50, header: 'x-patient' }),
  )
  const seen = new Set<string>()
  for (let patient = 0; patient < 12; patient++) {
    const headers = { 'x-patient': String(patient) }
    const { version } = await predict(server, headers)
    assert.is((await predict(server, headers)).version, version)
    seen.add(version)
  }
  assert.is(seen.size, 2)
})

test('a shadow sees the requests, never answers, and its agreement is counted', async () => {
  const { server } = await serverWithRouting(routed(candidate, { version: '1.1.0', mode: 'shadow', weight: 100 }))
  for (let request = 0; request < 5; request++) assert.is((await predict(server)).version, '1.0.0')
  const compared = /shadow_comparisons_total\{model="diabetes",version="1\.1\.0",agreed="(true|false)"\} 5/
  await until(async () => compared.test((await server.get('/metrics')).text), 'five comparisons')
})

test('any version that is loaded can be asked for by its path', async () => {
  const { server } = await serverWithRouting(routed(candidate, canary(0)))
  const inputs = [
    { name: 'features', datatype: 'FP32', shape: [1, 10], data: [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.9, 87] },
  ]
  const got = await server.post('/v2/models/diabetes/versions/1.1.0/infer', { inputs })
  assert.is(got.json.model_version, '1.1.0')
  assert.is(got.headers.get('x-modelyard-version'), '1.1.0')
  assert.is((await server.post('/v2/models/diabetes/versions/9.9.9/infer', { inputs })).status, 404)
})

test('an A/B test by a feature keeps equal values together, whatever the protocol, and a missing feature on the stable version', async () => {
  const ab = (feature: string): Candidate => ({ version: '1.1.0', mode: 'ab', weight: 50, feature })
  const { server, route } = await serverWithRouting(routed(candidate, ab('age')))
  const columns = INTERFACES.diabetes.inputs[0]?.columns ?? []
  const spoke = async (path: string, body: unknown) => {
    const { status, headers } = await server.post(path, body)
    assert.is(status, 200)
    return headers.get('x-modelyard-version')
  }
  const seen = new Set<string | null>()
  for (let age = 20; age < 40; age++) {
    const record = { ...sample?.features, age } as Record<string, number>
    const numbers: Record<string, number> = { female: 1, male: 2 }
    const row = columns.map(({ name }) => numbers[String(record[name])] ?? record[name])
    const first = await spoke('/models/diabetes/predict', record)
    seen.add(first)
    assert.is(await spoke('/models/diabetes/predict', { ...record, bmi: 30 }), first, 'another row of the same age')
    assert.is(await spoke('/models/diabetes/batch-predict', [record, { ...record, age: 99 }]), first)
    const input = { name: 'features', shape: [1, columns.length], datatype: 'FP32', data: row }
    assert.is(await spoke('/v2/models/diabetes/infer', { inputs: [input] }), first)
    assert.is(await spoke('/v1/models/diabetes:predict', { instances: [record] }), first)
  }
  assert.equal([...seen].sort(), ['1.0.0', '1.1.0'])

  route(routed(candidate, { ...ab('nobody'), weight: 100 }))
  await until(async () => (await spoke('/models/diabetes/predict', sample?.features)) === '1.0.0', 'the stable version')
})

test.run()
