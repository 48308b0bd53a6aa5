import { once } from 'node:events'
import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Candidate, ServedVersion } from '../../contract/index.ts'
import { goldenSamples, INTERFACES } from '../../testing/fixtures.ts'
import {
  bytesAt,
  closeGrpcClients,
  grpcClient,
  INFERENCE,
  inferRequest,
  refused,
  textAt,
} from '../../testing/grpc-client.ts'
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
import { endProcesses, serverProcess } from '../../testing/server-process.ts'

test.after.each(async () => {
  closeGrpcClients()
  endProcesses()
  await cleanUp()
})

const stable = await servedVersion('1.0.0', 'diabetes.onnx', INTERFACES.diabetes)
const candidate = await servedVersion('1.1.0', 'diabetes-candidate.onnx', INTERFACES.diabetes)
const ROW = Float32Array.of(59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.9, 87)
const promised = (name: string) => goldenSamples(name).samples[0]?.outputs.progression?.[0] as number

const floats = (values: ArrayLike<number>) => new Uint8Array(Float32Array.from(values).buffer)
const patient = (version = '') =>
  inferRequest('diabetes', [{ name: 'features', datatype: 'FP32', shape: [1, 10] }], { raw: [floats(ROW)], version })
const slowRows = (rows: number) =>
  inferRequest('slow', [{ name: 'x', datatype: 'FP32', shape: [rows, 32] }], {
    raw: [floats(new Array(rows * 32).fill(1))],
  })
const ModelInfer = `${INFERENCE}/ModelInfer`

async function split(how: Omit<Candidate, 'version'>, versions: ServedVersion[] = [candidate]) {
  const mount = mountConfigMap(scratch(), 'routing.json')
  const routed = { name: 'diabetes', versions, candidate: { version: '1.1.0', ...how } }
  mount.update(JSON.stringify(routingConfiguration([routed])))
  const server = await testServer(bootConfiguration({ diabetes: stable }), { routingPath: mount.path, grpcPort: 0 })
  const { call } = grpcClient(server.grpcAddress)
  const infer = async (headers: Record<string, string> = {}, version = '') => {
    const metadata = Metadata.fromHttp2Headers(headers)
    const { fields, metadata: answered } = await call(ModelInfer, patient(version), metadata)
    const [progression] = new Float32Array(Uint8Array.from(bytesAt(fields, 6)).buffer)
    const spoke = textAt(fields, 2)
    assert.equal(answered.get('x-modelyard-version'), [spoke], 'message and metadata say the same')
    assert.ok(
      Math.abs((progression as number) - promised(spoke === '1.0.0' ? 'diabetes' : 'diabetes-candidate')) < 0.01,
    )
    return spoke
  }
  return { server, infer }
}

const metric = async (server: TestServer, line: string | RegExp) => {
  const { text } = await server.get('/metrics')
  return typeof line === 'string' ? text.includes(line) : line.test(text)
}

test('a canary takes its share of the calls, and a version can be asked for by its name', async () => {
  const { server, infer } = await split({ mode: 'canary', weight: 50 })
  const spoke = await Promise.all(Array.from({ length: 60 }, () => infer()))
  assert.equal([...new Set(spoke)].sort(), ['1.0.0', '1.1.0'])
  assert.is(await infer({}, '1.0.0'), '1.0.0')
  assert.is(await infer({}, '1.1.0'), '1.1.0')
  assert.ok(await metric(server, 'requests_total{model="diabetes",version="1.1.0",route="grpc-infer",code="200"}'))
})

test('an A/B test is sticky by the metadata that the candidate names', async () => {
  const { infer } = await split({ mode: 'ab', weight: 50, header: 'x-patient' })
  const seen = new Set<string>()
  for (let caller = 0; caller < 16; caller++) {
    const first = await infer({ 'x-patient': `${caller}` })
    assert.is(await infer({ 'x-patient': `${caller}` }), first)
    seen.add(first)
  }
  assert.is(seen.size, 2)
})

test('a shadow sees the calls and answers none', async () => {
  const { server, infer } = await split({ mode: 'shadow', weight: 100 })
  for (let call = 0; call < 5; call++) assert.is(await infer(), '1.0.0')
  await until(
    () => metric(server, /shadow_comparisons_total\{[^}]*version="1\.1\.0",agreed="\w+"\} 5/),
    'five comparisons',
  )
})

test('a candidate on another server answers over gRPC, and the stable version while it is down', async () => {
  const other = await testServer(bootConfiguration({ diabetes: candidate }))
  const { server, infer } = await split({ mode: 'canary', weight: 100, address: other.address }, [])
  assert.is(await infer(), '1.1.0')
  await other.close()
  assert.is(await infer(), '1.0.0')
  assert.ok(await metric(server, 'candidate_fallbacks_total{model="diabetes",version="1.1.0",reason="unreachable"} 1'))
})

/** One call at a time of a model of some milliseconds. */
async function slowServer(queue: object) {
  const slow = await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow, { batching: { maxSize: 1, maxDelayMs: 0 } })
  const server = await testServer(bootConfiguration({ slow: { ...slow, queue } }), { grpcPort: 0 })
  return { server, ...grpcClient(server.grpcAddress) }
}

test('a full queue is RESOURCE_EXHAUSTED', async () => {
  const { server, call } = await slowServer({ requests: 2, maxWaitMs: 600_000 })
  const codes = await Promise.all(
    Array.from({ length: 20 }, () =>
      call(ModelInfer, slowRows(1)).then(
        () => status.OK,
        (error: ServiceError) => error.code,
      ),
    ),
  )
  const full = codes.filter((code) => code === status.RESOURCE_EXHAUSTED).length
  assert.ok(full > 0)
  assert.is(codes.filter((code) => code === status.OK).length, 20 - full)
  assert.ok(await metric(server, `rejected_total{model="slow",version="1.0.0",reason="queue_full"} ${full}`))
})

test('a call whose deadline passes is DEADLINE_EXCEEDED, or refused because it would, and does not run', async () => {
  const { server, call } = await slowServer({ maxWaitMs: 600_000 })
  const before = Array.from({ length: 40 }, () => call(ModelInfer, slowRows(1)))
  const late = refused(call(ModelInfer, slowRows(1), new Metadata(), { deadline: Date.now() + 20 }))
  const { code } = await late
  assert.ok(code === status.DEADLINE_EXCEEDED || code === status.RESOURCE_EXHAUSTED, String(code))
  await Promise.all(before)
  assert.ok(await metric(server, 'model_duration_seconds_count{model="slow",version="1.0.0"} 40'))
})

test('the work of a call that its client has cancelled is dropped', async () => {
  const { server, start, call } = await slowServer({ maxWaitMs: 600_000 })
  const calls = Array.from({ length: 30 }, () => start(ModelInfer, slowRows(1)))
  const codes = calls.map(({ answer }) =>
    answer.then(
      () => status.OK,
      (error: ServiceError) => error.code,
    ),
  )
  await Promise.race(codes)
  for (const { cancel } of calls) cancel()
  assert.ok((await Promise.all(codes)).includes(status.CANCELLED))
  await until(() => metric(server, /reason="client_gone"\} [1-9]/), 'dropped calls are counted')
  await call(ModelInfer, slowRows(1))
})

test('a message above the limit is RESOURCE_EXHAUSTED and the connection goes on', async () => {
  const { call } = await slowServer({})
  assert.is((await refused(call(ModelInfer, new Uint8Array(1_100_000)))).code, status.RESOURCE_EXHAUSTED)
  await call(ModelInfer, slowRows(1))
})

test('SIGTERM under load over gRPC: every call that was made before the drain ended is answered, exit 0', async () => {
  const boot = bootConfiguration({ slow: await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow) })
  boot.server.queue = { maxWaitMs: 600_000, timeoutMs: 600_000 }
  boot.server.drain = { delaySeconds: 2, timeoutSeconds: 10 }
  const server = await serverProcess(boot)
  const { call, client } = grpcClient(server.grpcAddress)
  let routed = true
  let answered = 0
  const lost: unknown[] = []
  const callers = Array.from({ length: 8 }, async () => {
    while (routed) {
      await call(ModelInfer, slowRows(1)).then(
        () => (answered += 1),
        (error: ServiceError) => lost.push(error.message),
      )
    }
  })
  const health = client.makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    (bytes: Buffer) => bytes,
    (bytes) => bytes,
    Buffer.alloc(0),
  )
  health.on('error', () => {})
  await once(health, 'data')
  await until(() => answered > 20, 'the load is on')
  server.child.kill('SIGTERM')
  // A client behind a load balancer goes elsewhere once the health service says that this server is about to stop.
  await once(health, 'data')
  routed = false
  await Promise.all(callers)
  assert.equal(lost, [])
  assert.is(await server.ended, 0, server.output.stderr)
})

test.run()
