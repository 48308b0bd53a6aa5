import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, credentials, status as grpcStatus, Metadata, type ServiceError } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import {
  bootConfiguration,
  cleanUp,
  mountConfigMap,
  scratch,
  servedVersion,
  testServer,
  until,
} from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris, { samples: 'iris.samples.json' })
const ROW = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 }

const OLD = 'old-0123456789abcdef'
const NEW = 'new-0123456789abcdef'
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** A server whose keys are in a mounted secret. */
async function start(
  text: string,
  more: {
    protect?: ('probes' | 'metrics')[]
    log?: ReturnType<typeof logLines>
    grpcPort?: number
    managementPort?: number
  } = {},
) {
  const directory = join(scratch(), 'keys')
  const secret = mountConfigMap(directory, 'dashboard')
  secret.update(text)
  const boot = bootConfiguration({ iris })
  boot.server.authentication = { keys: directory, ...(more.protect && { protect: more.protect }) }
  boot.server.accessLog = 1
  const server = await testServer(boot, {
    logger: more.log?.logger ?? false,
    ...(more.grpcPort !== undefined && { grpcPort: more.grpcPort }),
    ...(more.managementPort !== undefined && { managementPort: more.managementPort }),
  })
  return { server, secret, directory }
}

test('what predicts or tells of models needs a key, in either header; what is wrong with it is not said', async () => {
  const { server } = await start(OLD)
  const none = await server.post('/models/iris/predict', ROW)
  assert.is(none.status, 401)
  assert.is(none.headers.get('www-authenticate'), 'Bearer')
  for (const headers of [
    bearer(NEW),
    bearer(OLD.slice(0, -1)),
    { authorization: `Basic ${OLD}` },
    { 'x-api-key': '' },
  ]) {
    const { status, text } = await server.post('/models/iris/predict', ROW, headers)
    assert.is(status, 401)
    assert.is(text, none.text)
  }
  for (const headers of [bearer(OLD), { authorization: `bearer ${OLD}` }, { 'x-api-key': OLD }]) {
    assert.is((await server.post('/models/iris/predict', ROW, headers)).status, 200)
  }
  assert.match((await server.get('/metrics')).text, 'modelyard_requests_unauthenticated_total 5')
})

test('without a key no route and no model can be told from one that is not there', async () => {
  const { server } = await start(OLD)
  const paths = [
    '/nowhere',
    '/models',
    '/models/iris',
    '/models/nobody',
    '/openapi.json',
    '/v2',
    '/v2/models/iris/stats',
  ]
  const answers = await Promise.all(paths.map((path) => server.get(path)))
  answers.push(await server.post('/models/nobody/predict', ROW), await server.get('/models/iris/predict'))
  assert.equal([...new Set(answers.map(({ status, text }) => `${status} ${text}`))].length, 1)
  assert.is(answers[0]?.status, 401)
})

test('on the management port nobody is asked for a key, which would go in plain HTTP, but where one is protected', async () => {
  const { server } = await start(OLD, { protect: ['metrics'], managementPort: 0 })
  const status = async (path: string) => (await fetch(server.managementAddress + path)).status
  assert.equal([await status('/readyz'), await status('/models'), await status('/metrics')], [200, 404, 401])
})

test("MLflow's clients are told in the words of MLflow", async () => {
  const { server } = await start(OLD)
  const { status, json } = await server.post('/invocations', { instances: [ROW] })
  assert.is(status, 401)
  assert.is(json.error_code, 'UNAUTHENTICATED')
  assert.match(json.message, 'needs a key')
})

test('probes and metrics are open until they are protected; the pages hold nothing of a model and stay open', async () => {
  const open = ['/healthz', '/startupz', '/readyz', '/metrics', '/v2/health/live', '/v2/health/ready']
  const { server } = await start(OLD)
  for (const path of [...open, '/', '/docs', '/assets/page.js']) assert.is((await server.get(path)).status, 200, path)
  const { server: closed } = await start(OLD, { protect: ['probes', 'metrics'] })
  for (const path of open) {
    assert.is((await closed.get(path)).status, 401, path)
    assert.is((await closed.get(path, bearer(OLD))).status, 200, path)
  }
  assert.not.match((await closed.get('/')).text, 'iris')
})

test('keys are rotated while requests run: who holds either key in the overlap is never refused', async () => {
  const { server, secret } = await start(OLD)
  const statuses = new Map<string, number[]>()
  let running = true
  const caller = async (key: string, until: () => boolean) => {
    const seen: number[] = []
    statuses.set(key, seen)
    while (until()) seen.push((await server.post('/models/iris/predict', ROW, bearer(key))).status)
  }
  let oldValid = true
  const old = caller(OLD, () => oldValid)
  secret.update(`${OLD}\n${NEW}\n`)
  await until(async () => (await server.get('/models', bearer(NEW))).status === 200, 'the new key is valid')
  const rotated = caller(NEW, () => running)
  await until(() => (statuses.get(NEW)?.length ?? 0) > 20, 'both are used')
  oldValid = false
  await old
  secret.update(NEW)
  await until(
    async () => (await server.get('/models', bearer(OLD))).status === 401,
    'the old key is not valid any more',
  )
  running = false
  await rotated
  for (const [key, seen] of statuses) {
    assert.ok(seen.length > 20, key)
    assert.equal(
      seen.filter((status) => status !== 200),
      [],
      key,
    )
  }
})

test('a secret without a key, with wrong lines or that has gone lets nobody in, and the log says why without a key', async () => {
  const log = logLines()
  const { server, secret, directory } = await start(`# ours\n\nbatch-job:${OLD}\nshort\ntwo words here is no key\n`, {
    log,
  })
  const status = async () => (await server.get('/models', bearer(OLD))).status
  assert.is(await status(), 200)
  assert.is(log.lines.find(({ msg }) => msg === 'request')?.['client'], 'batch-job')
  assert.equal(
    log.lines.filter(({ msg }) => msg === 'not a key').map(({ file, line }) => [file, line]),
    [
      ['dashboard', 4],
      ['dashboard', 5],
    ],
  )
  secret.update('')
  await until(async () => (await status()) === 401, 'an empty secret refuses')
  await until(() => log.lines.some(({ msg }) => /^there is no key/.test(msg)), 'the log says that it is empty')
  secret.update(OLD)
  await until(async () => (await status()) === 200, 'a mended secret is read')
  rmSync(directory, { recursive: true })
  await until(async () => (await status()) === 401, 'a secret that has gone refuses')
  await until(() => log.lines.some(({ msg }) => /^the keys cannot be read/.test(msg)), 'the log says that it has gone')
  assert.not.match(log.text(), /old-|short|two words/)
})

test('a lone file holds keys too; a secret that is not there keeps the server from starting', async () => {
  const file = join(scratch(), 'keys')
  writeFileSync(file, `one:${OLD}\ntwo:${NEW}`)
  const boot = bootConfiguration({ iris })
  boot.server.authentication = { keys: file }
  const server = await testServer(boot)
  for (const key of [OLD, NEW]) assert.is((await server.get('/models', bearer(key))).status, 200)
  boot.server.authentication = { keys: join(scratch(), 'nowhere') }
  const failure = await testServer(boot).catch((error: Error) => error)
  assert.match(String(failure), /nowhere: is not there \(mount the secret/)
})

test('gRPC: a call without a key is UNAUTHENTICATED, health is open, and the log names the client', async () => {
  const log = logLines()
  const { server } = await start(OLD, { log, grpcPort: 0 })
  const client = new Client(String(server.grpcAddress), credentials.createInsecure())
  const same = (bytes: Buffer) => bytes
  const call = (path: string, headers: Record<string, string> = {}) => {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    return new Promise<number>((resolve) => {
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, (error: ServiceError | null) =>
        resolve(error?.code ?? grpcStatus.OK),
      )
    })
  }
  const SERVICE = '/inference.GRPCInferenceService'
  try {
    for (const path of ['/grpc.health.v1.Health/Check', `${SERVICE}/ServerLive`, `${SERVICE}/ServerReady`]) {
      assert.is(await call(path), grpcStatus.OK, path)
    }
    for (const method of ['ServerMetadata', 'ModelInfer', 'ModelReady', 'ModelMetadata']) {
      assert.is(await call(`${SERVICE}/${method}`), grpcStatus.UNAUTHENTICATED, method)
      assert.is(await call(`${SERVICE}/${method}`, bearer(NEW)), grpcStatus.UNAUTHENTICATED, method)
    }
    assert.is(await call(`${SERVICE}/ServerMetadata`, bearer(OLD)), grpcStatus.OK)
    assert.is(await call(`${SERVICE}/ModelInfer`, { 'x-api-key': OLD }), grpcStatus.NOT_FOUND)
    const lines = log.lines.filter(({ msg, method }) => msg === 'request' && method === `${SERVICE}/ModelInfer`)
    assert.equal(
      lines.map(({ client: name, status }) => [name, status]),
      [['dashboard', 404]],
    )
  } finally {
    client.close()
  }
})

test('the OpenAPI document says which operations need a key', async () => {
  const { server } = await start(OLD)
  const { json } = await server.get('/openapi.json', bearer(OLD))
  assert.equal(Object.keys(json.components.securitySchemes), ['bearer', 'apiKey'])
  const predict = json.paths['/models/iris/predict'].post
  assert.equal(predict.security, [{ bearer: [] }, { apiKey: [] }])
  assert.ok(predict.responses['401'])
  assert.is(json.paths['/healthz'].get.security, undefined)
})

test.run()
