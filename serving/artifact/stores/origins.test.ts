import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { random } from '../../testing/random.ts'
import { cleanUp, scratch } from '../../testing/server.ts'
import { closeStores, contentReference, sendRange, storeServer, type TestStore } from '../../testing/store.ts'
import { createContentCache } from '../content-cache.ts'

const SECRETS = /s3cret|c2VjcmV0|granted|AKIA|session-token/
const CONTENT = Buffer.from('content of a model')
const { sha256 } = contentReference('', CONTENT)

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

interface Hop {
  origin: number
  /** The status with a `Location`, or a challenge that asks for the login. */
  answer: 'redirect' | 'basic' | 'bearer'
}

/** Every secret that a request carries anywhere: headers, path, query. */
const leaks = (store: TestStore) =>
  store.requests.filter(({ url, headers }) => SECRETS.test(JSON.stringify([url, decoded(headers), headers])))

function decoded(headers: Record<string, unknown>): string {
  const [, encoded = ''] = /^Basic (.*)$/.exec(String(headers['authorization'] ?? '')) ?? []
  return Buffer.from(encoded, 'base64').toString()
}

/**
 * Three origins on one host; the walk says where each request of a download is sent and what it is answered with. What is wanted:
 * a credential reaches the first origin only, and that one only until a redirect has left it.
 */
test('a credential never reaches an origin that the reference does not name, whatever redirects and challenges say', async () => {
  const folder = scratch()
  writeFileSync(
    join(folder, 'netrc'),
    'machine 127.0.0.1 login puller password s3cret\ndefault login x password s3cret\n',
  )
  let walk: Hop[] = []
  const servers: TestStore[] = []
  for (let index = 0; index < 3; index++) {
    const server: TestStore = await storeServer((request, response) => {
      const step = Number(/step=(\d+)/.exec(request.url ?? '')?.[1] ?? 0)
      const hop = walk[step]
      if (request.url?.startsWith('/token')) response.end('{"token":"granted"}')
      else if (hop === undefined) sendRange(request, response, CONTENT)
      else if (hop.answer === 'redirect')
        response.writeHead(307, { location: `${servers[hop.origin]?.origin}/x?step=${step + 1}` }).end()
      else if (hop.answer === 'basic') response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      else {
        const realm = `${server.origin}/token`
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="x"` }).end()
      }
    })
    servers.push(server)
  }
  const [first, ...others] = servers as [TestStore, TestStore, TestStore]
  const auths = { [first.host]: { username: 'puller', password: 's3cret' } }
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }))
  const env = {
    NETRC: join(folder, 'netrc'),
    DOCKER_CONFIG: folder,
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 's3cret',
    AWS_SESSION_TOKEN: 'session-token',
    AWS_ENDPOINT_URL_S3: first.origin,
    MLFLOW_TRACKING_URI: first.origin,
    MLFLOW_TRACKING_TOKEN: 's3cret',
  }
  const addresses = [
    `${first.origin}/m.onnx`,
    `oci://${first.host}/team/models@sha256:${sha256}`,
    's3://bucket/m.onnx',
    'mlflow-artifacts:/1/m.onnx',
  ]
  const { below, pick } = random(7)
  let sentAtHome = 0
  for (let round = 0; round < 40; round++) {
    walk = Array.from({ length: below(5) }, () => ({ origin: below(3), answer: 'redirect' }))
    if (below(2) === 0) walk.push({ origin: 0, answer: pick(['basic', 'bearer']) })
    for (const address of addresses) {
      for (const server of servers) server.requests.length = 0
      const cache = createContentCache(scratch(), { env, timing: { firstWaitMs: 1, attempts: 1 } })
      await cache.resolve(contentReference(address, CONTENT)).then(
        (path) => assert.equal(readFileSync(path), CONTENT),
        () => {},
      )
      for (const other of others) assert.equal(leaks(other), [], JSON.stringify({ address, walk }))
      // A redirect that comes back to the first origin was written by another one.
      const left = walk.findIndex((hop) => hop.answer === 'redirect' && hop.origin !== 0)
      const late = leaks(first).filter(({ url }) => left >= 0 && Number(/step=(\d+)/.exec(url)?.[1] ?? 0) > left)
      assert.equal(late, [], JSON.stringify({ address, walk }))
      sentAtHome += leaks(first).length
    }
  }
  assert.ok(sentAtHome > 100, 'credentials are sent at all')
})

test('a token service or a redirected registry that is not the one named gets no login over plain HTTP', async () => {
  const registry = await storeServer((_request, response) =>
    response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://registry.example/token"' }).end(),
  )
  const folder = scratch()
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth: btoa('a:s3cret') } } }))
  const cache = createContentCache(scratch(), {
    env: { DOCKER_CONFIG: folder },
    timing: { firstWaitMs: 1, attempts: 1 },
  })
  const address = `oci://${registry.host}/team/models@sha256:${createHash('sha256').update(CONTENT).digest('hex')}`
  const error = await cache.resolve(contentReference(address, CONTENT)).then(
    () => undefined,
    (error: Error) => error,
  )
  assert.match(String(error?.message), 'token service that is not reached over HTTPS')
})

test('a login never goes over plain HTTP, except to this machine', async () => {
  // What a proxy sees, everybody on the way sees.
  const proxy = await storeServer((request, response) => sendRange(request, response, CONTENT))
  const folder = scratch()
  writeFileSync(join(folder, 'netrc'), 'machine store.example login puller password s3cret\n')
  writeFileSync(join(folder, 'token'), 's3cret')
  const mlflow = { MLFLOW_TRACKING_URI: 'http://mlflow.example' }
  const s3 = { AWS_ENDPOINT_URL_S3: 'http://minio.example', AWS_REGION: 'eu-west-1' }
  const identity = { AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'), AWS_ROLE_ARN: 'arn:aws:iam::1:role/x' }
  const fetched = async (address: string, env: Record<string, string>) => {
    proxy.requests.length = 0
    const cache = createContentCache(scratch(), {
      env: { HTTP_PROXY: proxy.origin, ...env },
      timing: { firstWaitMs: 1, attempts: 1 },
    })
    return await cache.resolve(contentReference(address, CONTENT)).then(
      () => 'fetched',
      ({ code, message }: Error & { code?: string }) => `${code} ${message}`,
    )
  }
  for (const [address, env] of [
    ['http://store.example/m.onnx', { NETRC: join(folder, 'netrc') }],
    ['mlflow-artifacts:/1/m.onnx', { ...mlflow, MLFLOW_TRACKING_TOKEN: 's3cret' }],
    ['mlflow-artifacts:/1/m.onnx', { ...mlflow, MLFLOW_TRACKING_USERNAME: 'a', MLFLOW_TRACKING_PASSWORD: 's3cret' }],
    ['s3://bucket/m.onnx', { ...s3, ...identity, AWS_ENDPOINT_URL_STS: 'http://sts.example' }],
    ['s3://bucket/m.onnx', { ...s3, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://agent.example/credentials' }],
  ] as [string, Record<string, string>][]) {
    assert.match(
      await fetched(address, env),
      /^artifact-address-invalid .*not reached over HTTPS, and a login/,
      address,
    )
    assert.equal(proxy.requests, [], address)
  }
  // Without a login, with one for another host, and with a signature that proves one request alone.
  for (const [address, env] of [
    ['http://store.example/m.onnx', {}],
    ['http://other.example/m.onnx', { NETRC: join(folder, 'netrc') }],
    ['mlflow-artifacts:/1/m.onnx', mlflow],
    ['s3://bucket/m.onnx', { ...s3, AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 's3cret' }],
  ] as [string, Record<string, string>][]) {
    assert.is(await fetched(address, env), 'fetched', address)
    assert.not.match(JSON.stringify(proxy.requests.map(({ url, headers }) => [url, decoded(headers)])), /s3cret/)
  }
})

test.run()
