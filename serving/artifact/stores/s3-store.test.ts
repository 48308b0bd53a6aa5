import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../testing/fixtures.ts'
import { signatureRefusal } from '../../testing/s3-signature.ts'
import { cleanUp, scratch } from '../../testing/server.ts'
import { closeStores, contentReference, failureOf, sendAndCut, sendRange, storeServer } from '../../testing/store.ts'
import { createContentCache } from '../content-cache.ts'
import type { Environment } from './store.ts'

const CONTENT = readFileSync(fixture('iris.onnx'))
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const NO_HOME = { HOME: '/nowhere' }

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

function cacheWith(env: Environment) {
  return createContentCache(scratch(), { env: { ...NO_HOME, ...env }, timing: { firstWaitMs: 1 } })
}

function resolve(address: string, env: Environment): Promise<string> {
  return cacheWith(env).resolve(contentReference(address, CONTENT))
}

/** An S3 endpoint that checks signatures and holds the content under every key. */
function s3Server(secrets: Record<string, string>, region = 'us-east-1', token?: string) {
  return storeServer((request, response, attempt) => {
    const code =
      token !== undefined && request.headers['x-amz-security-token'] !== token
        ? 'InvalidToken'
        : signatureRefusal(request, secrets, region)
    if (code !== undefined) {
      const message = `<Message>AKIDEXAMPLE and what was signed</Message>`
      response.writeHead(code === 'InvalidToken' ? 400 : 403).end(`<Error><Code>${code}</Code>${message}</Error>`)
    } else if (request.url?.includes('cut') && attempt === 1) sendAndCut(request, response, CONTENT, 500)
    else sendRange(request, response, CONTENT)
  })
}

const SECRETS = { [KEYS.AWS_ACCESS_KEY_ID]: KEYS.AWS_SECRET_ACCESS_KEY }

test('an object is read path style from the endpoint, signed so that S3 takes it', async () => {
  const store = await s3Server(SECRETS)
  const env = { ...KEYS, AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_S3: `${store.origin}/` }
  assert.equal(readFileSync(await resolve('s3://models/iris/1.0.0/model.onnx', env)), CONTENT)
  assert.is(store.requests[0]?.url, '/models/iris/1.0.0/model.onnx')
})

test('keys with spaces, signs and other letters are signed as S3 encodes them', async () => {
  const store = await s3Server(SECRETS, 'eu-central-1')
  const env = { ...KEYS, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL: store.origin }
  for (const key of ["a b+c/d=e(1)*'!~.onnx", 'größe/模型.onnx', 'a//b%2525']) {
    await resolve(`s3://models/${key.includes('%') ? key : encodeURI(key)}`, env)
  }
})

test('a cut object is resumed with a new signature', async () => {
  const store = await s3Server(SECRETS)
  await resolve('s3://models/cut.onnx', { ...KEYS, AWS_ENDPOINT_URL: store.origin })
  assert.is(store.requests.length, 2)
  assert.is(store.requests[1]?.headers.range, 'bytes=500-')
})

test('a wrong secret is refused at once, with the code and without the key', async () => {
  const store = await s3Server(SECRETS)
  const env = { ...KEYS, AWS_SECRET_ACCESS_KEY: 'wrong-secret', AWS_ENDPOINT_URL: store.origin }
  const error = await failureOf(resolve('s3://models/m.onnx', env))
  assert.is(error.code, 'artifact-forbidden')
  assert.match(error.message, 'SignatureDoesNotMatch')
  assert.not.match(error.message, /AKIDEXAMPLE|wrong-secret/)
  assert.is(store.requests.length, 1)
})

test('without credentials a request is not signed, and a refusal says that there were none', async () => {
  const store = await s3Server(SECRETS)
  const error = await failureOf(resolve('s3://models/m.onnx', { AWS_ENDPOINT_URL: store.origin }))
  assert.match(error.message, 'no AWS credentials')
  assert.is(store.requests[0]?.headers.authorization, undefined)
  const open = await storeServer((request, response) => sendRange(request, response, CONTENT))
  await resolve('s3://models/m.onnx', { AWS_ENDPOINT_URL: open.origin })
})

test('shared files are read by profile, and a rotated key is used without a restart', async () => {
  const directory = scratch()
  const secrets: Record<string, string> = { OLD: 'old' }
  const store = await s3Server(secrets, 'eu-west-1')
  const files = { config: join(directory, 'config'), credentials: join(directory, 'credentials') }
  writeFileSync(
    files.config,
    '[default]\nregion = us-east-1\n[profile pull]\nregion = eu-west-1\ns3 =\n  region = no\n',
  )
  const write = (id: string, secret: string) =>
    writeFileSync(files.credentials, `[default]\n[pull]\naws_access_key_id=${id}\naws_secret_access_key = ${secret}\n`)
  write('OLD', 'old')
  const cache = cacheWith({
    AWS_PROFILE: 'pull',
    AWS_CONFIG_FILE: files.config,
    AWS_SHARED_CREDENTIALS_FILE: files.credentials,
    AWS_ENDPOINT_URL: store.origin,
  })
  await cache.resolve(contentReference('s3://models/m.onnx', CONTENT))
  delete secrets.OLD
  secrets.NEW = 'new'
  write('NEW', 'new')
  const reference = { ...contentReference('s3://models/n.onnx', CONTENT), sha256: '0'.repeat(64) }
  assert.is((await failureOf(cache.resolve(reference))).code, 'artifact-digest-mismatch', 'it was let in')
})

test('a web-identity token is exchanged at STS once, and again when the store says that it has ended', async () => {
  const directory = scratch()
  const tokenFile = join(directory, 'token')
  writeFileSync(tokenFile, 'jwt-of-the-pod\n')
  let issued = 0
  const bodies: string[] = []
  const sts = await storeServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(body)
    issued += 1
    const credentials =
      `<AccessKeyId>TEMP${issued}</AccessKeyId><SecretAccessKey>temporary</SecretAccessKey>` +
      `<SessionToken>session</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>`
    response.end(
      `<AssumeRoleWithWebIdentityResponse><Credentials>${credentials}</Credentials></AssumeRoleWithWebIdentityResponse>`,
    )
  })
  let valid = 'TEMP1'
  const store = await storeServer((request, response) => {
    const id = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const code = id === valid ? signatureRefusal(request, { [id]: 'temporary' }, 'us-east-1') : 'ExpiredToken'
    if (code === undefined && request.headers['x-amz-security-token'] === 'session')
      sendRange(request, response, CONTENT)
    else response.writeHead(400).end(`<Error><Code>${code}</Code></Error>`)
  })
  const env = {
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/models',
    AWS_ENDPOINT_URL_STS: sts.origin,
    AWS_ENDPOINT_URL_S3: store.origin,
  }
  const cache = cacheWith(env)
  await cache.resolve(contentReference('s3://models/m.onnx', CONTENT))
  const asked = new URLSearchParams(bodies[0])
  assert.is(asked.get('Action'), 'AssumeRoleWithWebIdentity')
  assert.is(asked.get('WebIdentityToken'), 'jwt-of-the-pod')
  assert.is(asked.get('RoleArn'), env.AWS_ROLE_ARN)
  const wrongDigest = (digit: string) => ({ ...contentReference('s3://models/n', CONTENT), sha256: digit.repeat(64) })
  assert.is((await failureOf(cache.resolve(wrongDigest('0')))).code, 'artifact-digest-mismatch')
  assert.is(issued, 1)
  valid = 'TEMP2'
  assert.is((await failureOf(cache.resolve(wrongDigest('1')))).code, 'artifact-digest-mismatch')
  assert.is(issued, 2)
})

test('an STS that refuses ends the attempt; the token is not repeated', async () => {
  const tokenFile = join(scratch(), 'token')
  writeFileSync(tokenFile, 'jwt-of-the-pod')
  const sts = await storeServer((_request, response) =>
    response.writeHead(403).end('<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>'),
  )
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: 'arn', AWS_ENDPOINT_URL: sts.origin }
  const error = await failureOf(resolve('s3://models/m.onnx', env))
  assert.is(error.code, 'artifact-forbidden')
  assert.match(error.message, 'no role assumed: AccessDenied')
  assert.not.match(error.message, 'jwt')
  assert.is(sts.requests.length, 1)
})

test('container credentials are asked for with the mounted token', async () => {
  const tokenFile = join(scratch(), 'token')
  writeFileSync(tokenFile, 'pod-token')
  const Expiration = new Date(Date.now() + 3_600_000).toISOString()
  const agent = await storeServer((request, response) => {
    const given = { AccessKeyId: 'POD', SecretAccessKey: 'pod', Token: 'session', Expiration }
    response.writeHead(request.headers.authorization === 'pod-token' ? 200 : 401).end(JSON.stringify(given))
  })
  const store = await s3Server({ POD: 'pod' }, 'us-east-1', 'session')
  await resolve('s3://models/m.onnx', {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.origin}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL_S3: store.origin,
  })
})

test('a bucket in another region says which', async () => {
  const store = await storeServer((_request, response) =>
    response
      .writeHead(301, { 'x-amz-bucket-region': 'eu-north-1' })
      .end('<Error><Code>PermanentRedirect</Code></Error>'),
  )
  const error = await failureOf(resolve('s3://models/m.onnx', { ...KEYS, AWS_ENDPOINT_URL: store.origin }))
  assert.match(error.message, 'the bucket is in eu-north-1, not in us-east-1: set AWS_REGION')
})

test('an address without a key is refused', async () => {
  for (const address of ['s3://models', 's3://models/', 's3:///m.onnx']) {
    assert.is((await failureOf(resolve(address, KEYS))).code, 'artifact-address-invalid', address)
  }
})

test.run()
