import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../testing/fixtures.ts'
import { cleanUp, scratch } from '../../testing/server.ts'
import { closeStores, contentReference, failureOf, sendRange, storeServer } from '../../testing/store.ts'
import { createContentCache } from '../content-cache.ts'
import { basic } from './authorization.ts'
import type { Environment } from './store.ts'

const CONTENT = readFileSync(fixture('iris.onnx'))
const ADDRESS = 'mlflow-artifacts:/1/abc/artifacts/my model/model.onnx'

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

function resolve(address: string, env: Environment): Promise<string> {
  const cache = createContentCache(scratch(), { env, timing: { firstWaitMs: 1 } })
  return cache.resolve(contentReference(address, CONTENT))
}

/** An MLflow server that lets in who has this `Authorization`. */
function mlflow(authorization: string | undefined) {
  return storeServer((request, response) => {
    if (request.headers.authorization === authorization) sendRange(request, response, CONTENT)
    else response.writeHead(401).end()
  })
}

test('an artifact comes through the tracking server, under any path that it is served at', async () => {
  const server = await mlflow(undefined)
  for (const MLFLOW_TRACKING_URI of [server.origin, `${server.origin}/mlflow/`]) {
    assert.equal(readFileSync(await resolve(ADDRESS, { MLFLOW_TRACKING_URI })), CONTENT)
  }
  assert.equal(
    server.requests.map(({ url }) => url),
    ['', '/mlflow'].map((path) => `${path}/api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/my%20model/model.onnx`),
  )
})

test('a token, or a user and a password, are sent as MLflow does', async () => {
  const withToken = await mlflow('Bearer t0ken')
  await resolve(ADDRESS, { MLFLOW_TRACKING_URI: withToken.origin, MLFLOW_TRACKING_TOKEN: 't0ken' })
  const withPassword = await mlflow(basic('puller', 's3cret'))
  const login = { MLFLOW_TRACKING_USERNAME: 'puller', MLFLOW_TRACKING_PASSWORD: 's3cret' }
  await resolve(ADDRESS, { MLFLOW_TRACKING_URI: withPassword.origin, ...login })
  const error = await failureOf(
    resolve(ADDRESS, { MLFLOW_TRACKING_URI: withPassword.origin, MLFLOW_TRACKING_TOKEN: 't0ken' }),
  )
  assert.is(error.code, 'artifact-forbidden')
  assert.not.match(error.message, 't0ken')
})

test('an address cannot send the credentials to another server', async () => {
  const server = await mlflow(undefined)
  const elsewhere = await mlflow(undefined)
  const env = { MLFLOW_TRACKING_URI: server.origin, MLFLOW_TRACKING_TOKEN: 't0ken' }
  const error = await failureOf(resolve(`mlflow-artifacts://${elsewhere.host}/1/m.onnx`, env))
  assert.is(error.code, 'artifact-address-invalid')
  assert.is(elsewhere.requests.length, 0)
})

test('without a tracking server, or with a password in its address, it says what to set', async () => {
  assert.match((await failureOf(resolve(ADDRESS, {}))).message, 'MLFLOW_TRACKING_URI')
  const error = await failureOf(resolve(ADDRESS, { MLFLOW_TRACKING_URI: 'http://u:s3cret@127.0.0.1:1' }))
  assert.match(error.message, 'MLFLOW_TRACKING_USERNAME')
  assert.not.match(error.message, 's3cret')
})

test.run()
