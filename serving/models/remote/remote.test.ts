import { request as httpRequest } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Candidate } from '../../contract/index.ts'
import { goldenSamples, INTERFACES } from '../../testing/fixtures.ts'
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
} from '../../testing/server.ts'
import { closeStores, storeServer } from '../../testing/store.ts'

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

const stable = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes)
const [sample] = goldenSamples('diabetes').samples
const PROMISED = goldenSamples('diabetes-candidate').samples[0]?.outputs.progression?.[0] as number
const MODEL = 'model="diabetes",version="1.1.0"'
const ROW = [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.9, 87]
const INPUTS = [{ name: 'features', datatype: 'FP32', shape: [1, 10], data: ROW }]

/** What stands between the two servers: it hands requests on, or does to them what networks do. */
interface Between {
  how: 'forward' | 'without-binary' | 'hang' | 'cut' | 'garbage' | 503
}

/** The other server, behind something that may fail. */
async function elsewhere(model = candidate, between: Between = { how: 'forward' }) {
  const server = await testServer(bootConfiguration({ diabetes: model }))
  const front = await storeServer((incoming, outgoing) => {
    const { how } = between
    if (how === 'cut') incoming.socket.destroy()
    else if (how === 503) outgoing.writeHead(503).end('{}')
    else if (how === 'garbage') outgoing.writeHead(200).end('<html>')
    else if (how === 'without-binary' && incoming.url === '/v2') outgoing.end('{"name":"other","extensions":[]}')
    else if (how !== 'hang') {
      const { method, headers, url } = incoming
      const options = { method, headers } as const
      incoming.pipe(
        httpRequest(server.address + url, options, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
          answer.pipe(outgoing)
        }),
      )
    }
  })
  return { server, front, between }
}

async function serverWith(how: Omit<Candidate, 'version'>, options: { queue?: object; log?: string[] } = {}) {
  const mount = mountConfigMap(scratch(), 'routing.json')
  const route = (next: Candidate | null) =>
    mount.update(JSON.stringify(routingConfiguration([{ name: 'diabetes', versions: [], candidate: next }])))
  route({ version: '1.1.0', ...how })
  const boot = bootConfiguration({ diabetes: stable })
  if (options.queue !== undefined) boot.server.queue = options.queue
  const stream = { write: (line: string) => void options.log?.push(line) }
  const server = await testServer(boot, { routingPath: mount.path, grpcPort: 0, logger: { stream } })
  return { server, route }
}

const predict = (server: TestServer, headers = {}) => server.post('/predict', sample?.features, headers)
const metric = async (server: TestServer, line: string) => (await server.get('/metrics')).text.includes(line)

test('a candidate elsewhere answers every protocol, and answer and metrics say that it spoke', async () => {
  const { front } = await elsewhere()
  const { server } = await serverWith({ mode: 'canary', weight: 100, address: front.origin })
  const named = await predict(server)
  assert.is(named.json.version, '1.1.0')
  assert.is(named.headers.get('x-modelyard-version'), '1.1.0')
  assert.ok(Math.abs(named.json.prediction.progression - PROMISED) < 0.01)
  const tensors = await server.post('/v2/models/diabetes/infer', { id: 'seven', inputs: INPUTS })
  assert.is(tensors.json.model_version, '1.1.0')
  assert.is(tensors.json.id, 'seven')
  assert.is((await server.post('/v2/models/diabetes/versions/1.1.0/infer', { inputs: INPUTS })).status, 200)
  assert.is((await server.post('/v2/models/diabetes/versions/1.0.0/infer', { inputs: INPUTS })).status, 200)
  assert.ok(await metric(server, `requests_total{${MODEL},route="predict",code="200"} 1`))
  assert.ok(await metric(server, `version_loaded{${MODEL},release="",sha256=""} 1`))
})

test('the request goes on as raw tensors with its id, trace and time', async () => {
  const { front } = await elsewhere()
  const { server } = await serverWith({ mode: 'canary', weight: 100, address: front.origin })
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  await predict(server, { traceparent, 'x-request-id': 'mine', authorization: 'Bearer secret', cookie: 'a=b' })
  const sent = front.requests.find(({ method }) => method === 'POST')
  assert.is(sent?.url, '/v2/models/diabetes/versions/1.1.0/infer')
  assert.is(sent?.headers.traceparent, traceparent)
  assert.is(sent?.headers['x-request-id'], 'mine')
  assert.ok(sent?.headers['inference-header-content-length'])
  assert.is(sent?.headers.authorization, undefined, 'what the caller proves here is not for another server')
  assert.is(sent?.headers.cookie, undefined)
})

test('a server without the binary extension is asked in JSON, by the whole address of its model', async () => {
  const { front } = await elsewhere(candidate, { how: 'without-binary' })
  const address = `${front.origin}/v2/models/diabetes`
  const { server } = await serverWith({ mode: 'canary', weight: 100, address })
  const { json } = await predict(server)
  assert.is(json.version, '1.1.0')
  assert.ok(Math.abs(json.prediction.progression - PROMISED) < 0.01)
  const sent = front.requests.find(({ method }) => method === 'POST')
  assert.is(sent?.url, '/v2/models/diabetes/infer')
  assert.is(sent?.headers['inference-header-content-length'], undefined)
})

for (const how of ['cut', 'garbage', 503] as const) {
  test(`while the other server gives no answer (${how}) the stable version answers and it is counted`, async () => {
    const { front, between } = await elsewhere()
    const { server } = await serverWith({ mode: 'canary', weight: 100, address: front.origin })
    assert.is((await predict(server)).json.version, '1.1.0')
    between.how = how
    for (let request = 0; request < 5; request++) {
      const { status, json, headers } = await predict(server)
      assert.is(status, 200)
      assert.is(json.version, '1.0.0')
      assert.is(headers.get('x-modelyard-version'), '1.0.0')
    }
    const reason = how === 'cut' ? 'unreachable' : how === 503 ? 'status' : 'wrong_answer'
    assert.ok(await metric(server, `candidate_fallbacks_total{${MODEL},reason="${reason}"} 3`))
    assert.ok(await metric(server, `candidate_fallbacks_total{${MODEL},reason="unavailable"} 2`))
    assert.not.ok(await metric(server, `version_loaded{${MODEL}`))
    const asked = await server.post('/v2/models/diabetes/versions/1.1.0/infer', { inputs: INPUTS })
    assert.is(asked.status, 503, 'who asks for this very version is told')
    between.how = 'forward'
    await until(async () => (await predict(server)).json.version === '1.1.0', 'it gets requests again')
    assert.ok(await metric(server, `version_loaded{${MODEL},release="",sha256=""} 1`))
  })
}

test('a server that hangs has half of the time, the stable version the rest', async () => {
  const { front, between } = await elsewhere()
  const { server } = await serverWith({ mode: 'canary', weight: 100, address: front.origin })
  between.how = 'hang'
  const answer = await predict(server, { 'x-modelyard-timeout-ms': '2000' })
  assert.is(answer.status, 200)
  assert.is(answer.json.version, '1.0.0')
  assert.ok(await metric(server, `candidate_fallbacks_total{${MODEL},reason="time_out"} 1`))
  const headers = { 'x-modelyard-timeout-ms': '50' }
  const asked = await server.post('/v2/models/diabetes/versions/1.1.0/infer', { inputs: INPUTS }, headers)
  assert.is(asked.status, 504, 'nobody else may answer for a version that was asked for')
})

test('a shadow elsewhere is compared, and one that hangs or has gone keeps nobody waiting and is counted', async () => {
  const { front, between } = await elsewhere()
  const queue = { timeoutMs: 600_000 }
  const { server } = await serverWith({ mode: 'shadow', weight: 100, address: front.origin }, { queue })
  assert.is((await predict(server)).json.version, '1.0.0')
  await until(() => metric(server, `shadow_comparisons_total{${MODEL},agreed="false"} 1`), 'it was compared')
  between.how = 'hang'
  const hanging = await Promise.all(Array.from({ length: 70 }, () => predict(server)))
  assert.ok(hanging.every(({ status, json }) => status === 200 && json.version === '1.0.0'))
  assert.ok(await metric(server, `shadow_skipped_total{${MODEL},reason="busy"} 6`))
  front.close()
  await until(() => metric(server, `shadow_skipped_total{${MODEL},reason="unreachable"} 64`), 'the rest was cut')
  assert.is((await predict(server)).status, 200)
  assert.ok(await metric(server, `shadow_skipped_total{${MODEL},reason="unavailable"} 1`))
})

test('another interface gets no traffic, until the other server has the right one', async () => {
  const wrong = await servedVersion('1.1.0', 'iris.onnx', INTERFACES.iris)
  const { front } = await elsewhere(wrong)
  const log: string[] = []
  const { server, route } = await serverWith({ mode: 'canary', weight: 100, address: front.origin }, { log })
  assert.is((await predict(server)).json.version, '1.0.0')
  assert.not.ok(front.requests.some(({ method }) => method === 'POST'))
  const refused = log.find((line) => line.includes('remote-interface-differs'))
  assert.match(refused ?? '', 'inputs[0].shape[1]: 10, but the graph fixes this dimension at 4')
  assert.ok(await metric(server, `version_wanted{${MODEL}`))
  const { front: right } = await elsewhere()
  route({ version: '1.1.0', mode: 'canary', weight: 100, address: right.origin })
  await until(async () => (await predict(server)).json.version === '1.1.0', 'the right one answers')
})

test('a candidate that is not up yet changes nothing, and is found when it comes', async () => {
  const { front, between } = await elsewhere(candidate, { how: 503 })
  const { server, route } = await serverWith({ mode: 'ab', weight: 100, header: 'x-user', address: front.origin })
  const headers = { 'x-user': 'somebody' }
  assert.is((await predict(server, headers)).json.version, '1.0.0')
  between.how = 'forward'
  await until(async () => (await predict(server, headers)).json.version === '1.1.0', 'it is found')
  assert.is((await predict(server)).json.version, '1.0.0', 'without its header a caller stays')
  route(null)
  await until(async () => (await predict(server, headers)).json.version === '1.0.0', 'the candidate has gone')
})

test("an input that the model there cannot run on is the caller's mistake, not an outage", async () => {
  const lookup = await servedVersion('1.1.0', 'lookup.onnx', INTERFACES.lookup)
  const other = await testServer(bootConfiguration({ diabetes: lookup }))
  const mount = mountConfigMap(scratch(), 'routing.json')
  const split = { version: '1.1.0', mode: 'canary', weight: 100, address: other.address } as const
  mount.update(JSON.stringify(routingConfiguration([{ name: 'diabetes', versions: [], candidate: split }])))
  const server = await testServer(bootConfiguration({ diabetes: { ...lookup, name: '1.0.0' } }), {
    routingPath: mount.path,
  })
  const ask = (index: number) =>
    server.post('/v2/models/diabetes/infer', {
      inputs: [{ name: 'index', datatype: 'INT64', shape: [1, 1], data: [index] }],
    })
  for (let request = 0; request < 5; request++) assert.is((await ask(9)).status, 400)
  const answer = await ask(2)
  assert.is(answer.json.model_version, '1.1.0', 'it still gets requests')
  assert.equal(answer.json.outputs[0].data, [30])
})

test.run()
