import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../testing/fixtures.ts'
import { cleanUp, scratch } from '../../testing/server.ts'
import {
  closeStores,
  contentReference,
  failureOf,
  memoryRegistry,
  sendAndCut,
  sendRange,
  storeServer,
} from '../../testing/store.ts'
import { createContentCache } from '../content-cache.ts'
import { createStoreClient } from '../store-client.ts'
import { basic } from './authorization.ts'
import type { Environment } from './store.ts'

const CONTENT = readFileSync(fixture('iris.onnx'))
const { sha256 } = contentReference('', CONTENT)

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

function resolve(address: string, env: Environment = {}): Promise<string> {
  const cache = createContentCache(scratch(), { env, timing: { firstWaitMs: 1 } })
  return cache.resolve(contentReference(address, CONTENT))
}

const blob = (host: string, repository = 'team/models') => `oci://${host}/${repository}@sha256:${sha256}`

/** A docker configuration in a folder of its own. */
function dockerConfig(auths: object, file = 'config.json'): { DOCKER_CONFIG: string } {
  const folder = scratch()
  writeFileSync(join(folder, file), JSON.stringify({ auths }))
  return { DOCKER_CONFIG: folder }
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  for await (const chunk of request) body += chunk
  return new URLSearchParams(body)
}

/** A registry and its token service: `allows` says whether a request for a token is granted. */
async function registryWithTokens(
  allows: (request: IncomingMessage, parameters: URLSearchParams) => boolean,
  send: typeof sendRange = sendRange,
) {
  const service = await storeServer(async (request, response) => {
    const parameters =
      request.method === 'POST' ? await bodyOf(request) : new URL(request.url ?? '', 'http://x').searchParams
    const granted = allows(request, parameters) && parameters.get('scope') === 'repository:team/models:pull'
    if (!granted) response.writeHead(401).end()
    else response.end(JSON.stringify({ token: 'granted-token', expires_in: 300 }))
  })
  const storage = await storeServer((request, response) => send(request, response, CONTENT))
  const registry = await storeServer((request, response) => {
    if (request.headers.authorization !== 'Bearer granted-token') {
      const challenge = `Bearer realm="${service.origin}/token",service="the registry",scope="repository:team/models:pull"`
      response.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[]}')
    } else if (request.url !== `/v2/team/models/blobs/sha256:${sha256}`) response.writeHead(404).end()
    else response.writeHead(307, { location: `${storage.origin}/signed` }).end()
  })
  return { registry, service, storage }
}

test('a blob is pulled without a login from a registry that asks for none', async () => {
  const registry = await storeServer((request, response) => sendRange(request, response, CONTENT))
  assert.equal(readFileSync(await resolve(blob(registry.host))), CONTENT)
  assert.is(registry.requests[0]?.url, `/v2/team/models/blobs/sha256:${sha256}`)
})

test('a challenge is answered with an anonymous token, which does not follow the redirect to the storage', async () => {
  const { registry, service, storage } = await registryWithTokens(() => true)
  assert.equal(readFileSync(await resolve(blob(registry.host))), CONTENT)
  assert.is(service.requests[0]?.headers.authorization, undefined)
  assert.is(storage.requests[0]?.headers.authorization, undefined)
})

test('the login of the docker configuration gets the token, in each form that it is written', async () => {
  const allowed = basic('puller', 's3cret:with-colon')
  const { registry } = await registryWithTokens((request) => request.headers.authorization === allowed)
  const auth = Buffer.from('puller:s3cret:with-colon').toString('base64')
  const configurations = [
    dockerConfig({ [registry.host]: { auth } }),
    dockerConfig({ [`https://${registry.host}/v2/`]: { auth } }, '.dockerconfigjson'),
    dockerConfig({ [registry.host]: { username: 'puller', password: 's3cret:with-colon' } }),
    dockerConfig({
      [registry.host]: { username: 'other', password: 'other' },
      [`${registry.host}/team`]: { auth },
      [`${registry.host}/tea`]: { username: 'no', password: 'no' },
    }),
  ]
  for (const env of configurations) assert.equal(readFileSync(await resolve(blob(registry.host), env)), CONTENT)
})

test('an identity token is exchanged for an access token', async () => {
  const { registry } = await registryWithTokens(
    (request, given) => request.method === 'POST' && given.get('refresh_token') === 'identity',
  )
  const env = dockerConfig({ [registry.host]: { identitytoken: 'identity' } })
  assert.equal(readFileSync(await resolve(blob(registry.host), env)), CONTENT)
})

test('a registry with basic authentication gets the login', async () => {
  const registry = await storeServer((request, response) => {
    if (request.headers.authorization === basic('puller', 's3cret')) sendRange(request, response, CONTENT)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end()
  })
  const env = dockerConfig({ [registry.host]: { username: 'puller', password: 's3cret' } })
  assert.equal(readFileSync(await resolve(blob(registry.host), env)), CONTENT)
  const error = await failureOf(resolve(blob(registry.host)))
  assert.is(error.code, 'artifact-forbidden')
})

test('a login that gets no token is refused at once and not repeated', async () => {
  const { registry, service } = await registryWithTokens(() => false)
  const env = dockerConfig({ [registry.host]: { username: 'puller', password: 's3cret' } })
  const error = await failureOf(resolve(blob(registry.host), env))
  assert.is(error.code, 'artifact-forbidden')
  assert.match(error.message, 'no token for this login')
  assert.not.match(error.message, /s3cret|puller/)
  assert.is(service.requests.length, 1)
})

test('a cut pull goes on with the token that is known', async () => {
  let cuts = 0
  const { registry, service, storage } = await registryWithTokens(
    () => true,
    (request, response, content) => {
      cuts += 1
      if (cuts === 1) sendAndCut(request, response, content, 500)
      else sendRange(request, response, content)
    },
  )
  await resolve(blob(registry.host))
  assert.is(storage.requests[1]?.headers.range, 'bytes=500-')
  assert.is(service.requests.length, 1)
})

test('a token service that is not reached as safely as the registry gets no login', async () => {
  const registry = await storeServer((_request, response) =>
    response.writeHead(401, { 'www-authenticate': 'Bearer realm="ftp://elsewhere/token"' }).end(),
  )
  const env = dockerConfig({ [registry.host]: { username: 'puller', password: 's3cret' } })
  assert.is((await failureOf(resolve(blob(registry.host), env))).code, 'artifact-address-invalid')
})

test('a docker configuration that is absent or broken says so and shows nothing of it', async () => {
  const registry = await storeServer((_request, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end(),
  )
  const empty = await failureOf(resolve(blob(registry.host), { DOCKER_CONFIG: scratch() }))
  assert.match(empty.message, 'config.json')
  const folder = scratch()
  writeFileSync(join(folder, 'config.json'), '{"auths": {"x": {"password": "s3cret"')
  const broken = await failureOf(resolve(blob(registry.host), { DOCKER_CONFIG: folder }))
  assert.is(broken.code, 'artifact-address-invalid')
  assert.not.match(broken.message, 's3cret')
})

test('an address without a repository or a digest is refused', async () => {
  for (const address of ['oci://registry/models:latest', 'oci://registry', `oci://registry/@sha256:${sha256}`]) {
    assert.is((await failureOf(resolve(address))).code, 'artifact-address-invalid', address)
  }
})

const put = (address: string, env: Environment = {}) =>
  createStoreClient({ env, firstWaitMs: 1 }).put(fixture('iris.onnx'), contentReference(address, CONTENT))

test('an upload gets a token for what its challenge asks, when a pull before it was given less', async () => {
  const scopes: string[] = []
  const service = await storeServer((request, response) => {
    const scope = new URL(request.url ?? '', 'http://x').searchParams.get('scope') ?? ''
    scopes.push(scope)
    response.end(JSON.stringify({ token: scope.split(':').at(-1), expires_in: 300 }))
  })
  const registry = await memoryRegistry((request, response) => {
    const wanted = request.method === 'GET' ? 'pull' : 'pull,push'
    if (request.headers.authorization?.startsWith(`Bearer ${wanted}`)) return false
    const challenge = `Bearer realm="${service.origin}/token",scope="repository:team/models:${wanted}"`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
    return true
  })
  const client = createStoreClient({ env: {} })
  assert.is((await failureOf(client.probe(blob(registry.host)))).code, 'artifact-not-found')
  const reference = contentReference(blob(registry.host), CONTENT)
  await client.put(fixture('iris.onnx'), reference)
  await client.verify(reference)
  assert.equal(scopes, ['repository:team/models:pull', 'repository:team/models:pull,push'])
})

test('bytes go where the registry says: to another host without the login, to one without HTTPS not at all', async () => {
  const storage = await memoryRegistry()
  let location = `${storage.origin}/v2/team/models/blobs/uploads/one?signature=x`
  const registry = await storeServer((request, response) => {
    if (request.headers.authorization === basic('pusher', 's3cret')) response.writeHead(202, { location }).end()
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end()
  })
  const env = dockerConfig({ [registry.host]: { username: 'pusher', password: 's3cret' } })
  await put(blob(registry.host), env)
  assert.equal(storage.content.get(`/v2/team/models/blobs/sha256:${sha256}`), CONTENT)
  assert.is(storage.requests[0]?.headers.authorization, undefined)
  location = 'http://storage.example.com/uploads/one'
  assert.match((await failureOf(put(blob(registry.host), env))).reason, 'names no address for the upload')
})

test('a login that may not push says so', async () => {
  const registry = await storeServer((request, response) => {
    response.writeHead(request.method === 'POST' ? 403 : 404).end()
  })
  const error = await failureOf(put(blob(registry.host)))
  assert.is(error.code, 'artifact-forbidden')
  assert.match(error.repair, 'what they may write')
})

test('the files of a version are listed in a ModelPack manifest under its tag, once, over nothing else', async () => {
  const registry = await memoryRegistry()
  const client = createStoreClient({ env: {} })
  const files = [
    { path: 'model.onnx', kind: 'weights' as const, sha256, size: CONTENT.length },
    { path: 'samples.json', kind: 'data' as const, sha256: 'a'.repeat(64), size: 7 },
  ]
  const bundle = { model: 'iris', version: '1.0.0+build', files }
  const list = () => client.list(blob(registry.host), bundle)
  assert.is(await list(), `oci://${registry.host}/team/models:iris-1.0.0_build`)

  const tag = '/v2/team/models/manifests/iris-1.0.0_build'
  const manifest = JSON.parse(registry.content.get(tag)?.toString() ?? '')
  assert.is(manifest.mediaType, 'application/vnd.oci.image.manifest.v1+json')
  assert.is(manifest.artifactType, 'application/vnd.cncf.model.manifest.v1+json')
  assert.equal(
    manifest.layers.map(({ mediaType, digest, size, annotations }: Record<string, object>) => {
      return [mediaType, digest, size, Object.values(annotations ?? {})]
    }),
    [
      ['application/vnd.cncf.model.weight.v1.raw', `sha256:${sha256}`, CONTENT.length, ['model.onnx', 'model.onnx']],
      ['application/vnd.cncf.model.dataset.v1.raw', `sha256:${'a'.repeat(64)}`, 7, ['samples.json', 'samples.json']],
    ],
  )
  const config = registry.content.get(`/v2/team/models/blobs/${manifest.config.digest}`)
  assert.is(config?.length, manifest.config.size)
  assert.equal(JSON.parse(config?.toString() ?? '').descriptor, { name: 'iris', version: '1.0.0+build' })

  const puts = () => registry.requests.filter(({ method }) => method === 'PUT').length
  const before = puts()
  assert.is(await list(), undefined)
  registry.content.set(tag, Buffer.from('{"layers":[]}'))
  assert.match((await failureOf(list())).reason, 'the tag names other content')
  assert.is(puts(), before)
})

test.run()
