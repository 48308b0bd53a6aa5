import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { signatureRefusal } from '../testing/s3-signature.ts'
import { cleanUp, scratch } from '../testing/server.ts'
import { closeStores, contentReference, failureOf, memoryRegistry, memoryStore, storeServer } from '../testing/store.ts'
import { createContentCache } from './content-cache.ts'
import { createStoreClient } from './store-client.ts'
import type { Environment } from './stores/index.ts'

test.after.each(async () => {
  closeStores()
  await cleanUp()
})

const clientWith = (env: Environment, stallMs = 5000) => createStoreClient({ env, stallMs, firstWaitMs: 1 })

function written(content: Buffer): string {
  const path = join(scratch(), 'file')
  writeFileSync(path, content)
  return path
}

const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex')

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', HOME: '/nowhere' }
const SECRETS = { [KEYS.AWS_ACCESS_KEY_ID]: KEYS.AWS_SECRET_ACCESS_KEY }

/** Each kind of store: its environment, and the address of a digest. */
const STORES: Record<string, () => Promise<{ env: Environment; addressOf: (sha256: string) => string }>> = {
  files: async () => {
    const folder = pathToFileURL(scratch()).href
    return { env: {}, addressOf: (sha256) => `${folder}/deep/sha256/${sha256}` }
  },
  https: async () => {
    const { origin } = await memoryStore((request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from('pusher:s3cret').toString('base64')}`) return false
      response.writeHead(401).end()
      return true
    })
    const NETRC = written(Buffer.from('machine 127.0.0.1 login pusher password s3cret'))
    return { env: { NETRC }, addressOf: (sha256) => `${origin}/models/sha256/${sha256}` }
  },
  s3: async () => {
    const { origin } = await memoryStore((request, response, body) => {
      const declared = request.headers['x-amz-content-sha256']
      const isOther = request.method === 'PUT' && declared !== digestOf(body)
      const code =
        signatureRefusal(request, SECRETS, 'us-east-1') ?? (isOther ? 'XAmzContentSHA256Mismatch' : undefined)
      if (code !== undefined) response.writeHead(400).end(`<Error><Code>${code}</Code></Error>`)
      return code !== undefined
    })
    const env = { ...KEYS, AWS_ENDPOINT_URL: origin }
    return { env, addressOf: (sha256) => `s3://bucket/prefix/sha256/${sha256}` }
  },
  oci: async () => {
    const { host } = await memoryRegistry()
    return { env: {}, addressOf: (sha256) => `oci://${host}/team/models@sha256:${sha256}` }
  },
  mlflow: async () => {
    const { origin } = await memoryStore((request, response) => {
      if (request.headers.authorization === 'Bearer t0ken') return false
      response.writeHead(401).end()
      return true
    })
    const env = { MLFLOW_TRACKING_URI: origin, MLFLOW_TRACKING_TOKEN: 't0ken' }
    return { env, addressOf: (sha256) => `mlflow-artifacts:/models/sha256/${sha256}` }
  },
}

for (const [kind, open] of Object.entries(STORES)) {
  test(`${kind}: what is put is what the server fetches, of any size`, async () => {
    const { env, addressOf } = await open()
    const client = clientWith(env)
    for (const size of [0, 1, 4096, 3_000_001]) {
      const content = randomBytes(size)
      const reference = contentReference(addressOf(digestOf(content)), content)
      assert.is((await failureOf(client.probe(reference.address))).code, 'artifact-not-found', `${size} bytes`)
      await client.put(written(content), reference)
      assert.equal(await client.probe(reference.address), { size })
      await client.verify(reference)
      const fetched = await createContentCache(scratch(), { env }).resolve(reference)
      assert.ok(readFileSync(fetched).equals(content), `${size} bytes`)
    }
  })

  test(`${kind}: verify tells another content and another size from the right one`, async () => {
    const { env, addressOf } = await open()
    const client = clientWith(env)
    const content = randomBytes(2000)
    const reference = contentReference(addressOf(digestOf(content)), content)
    await client.put(written(content), reference)
    const other = { ...reference, sha256: digestOf(Buffer.from('other')) }
    assert.is((await failureOf(client.verify(other))).code, 'artifact-digest-mismatch')
    const longer = { ...reference, size: 2001 }
    assert.is((await failureOf(client.verify(longer))).code, 'artifact-size-mismatch')
    const shorter = { ...reference, size: 1999 }
    assert.is((await failureOf(client.verify(shorter))).code, 'artifact-size-mismatch')
  })
}

test('a folder never shows a file that was changed while it was copied', async () => {
  const folder = scratch()
  const content = randomBytes(5000)
  const address = `${pathToFileURL(folder).href}/sha256/${digestOf(content)}`
  const changed = written(Buffer.from(content).fill(0, 4000))
  const error = await failureOf(clientWith({}).put(changed, contentReference(address, content)))
  assert.is(error.code, 'artifact-digest-mismatch')
  assert.equal(readdirSync(join(folder, 'sha256')), [])
})

test('what a killed upload left in a folder is not made part of the file', async () => {
  const folder = scratch()
  const content = randomBytes(5000)
  const sha256 = digestOf(content)
  mkdirSync(join(folder, 'sha256'))
  // 4194304 is above Linux's highest process id.
  const host = hostname().replace(/[^A-Za-z0-9-]/g, '-')
  writeFileSync(join(folder, 'sha256', `${sha256}.${host}.4194304.abc.part`), randomBytes(300))
  const reference = contentReference(`${pathToFileURL(folder).href}/sha256/${sha256}`, content)
  await clientWith({}).put(written(content), reference)
  assert.ok(readFileSync(join(folder, 'sha256', sha256)).equals(content))
  assert.equal(readdirSync(join(folder, 'sha256')), [sha256])
})

test('an upload is repeated from the start while a store is busy, and refusals are not repeated', async () => {
  const content = randomBytes(300_000)
  const store = await memoryStore((request, response, _body, attempt) => {
    const status = request.url?.includes('no') ? 405 : attempt < 3 ? 503 : undefined
    if (status !== undefined) response.writeHead(status, { 'retry-after': '0' }).end()
    return status !== undefined
  })
  await clientWith({}).put(written(content), contentReference(`${store.origin}/busy`, content))
  assert.ok(store.content.get('/busy')?.equals(content))
  assert.is(store.requests.length, 3)
  const error = await failureOf(clientWith({}).put(written(content), contentReference(`${store.origin}/no`, content)))
  assert.is(error.reason, 'the store answered 405')
  assert.match(error.repair, 'let the store accept PUT')
  assert.is(store.requests.length, 4)
})

test('an upload follows no redirect, which would send the file and read it once', async () => {
  const elsewhere = await memoryStore()
  const store = await memoryStore((_request, response) => {
    response.writeHead(307, { location: `${elsewhere.origin}/m?signature=s3cret` }).end()
    return true
  })
  const content = randomBytes(10)
  const error = await failureOf(clientWith({}).put(written(content), contentReference(`${store.origin}/m`, content)))
  assert.match(error.reason, `an upload was redirected to ${elsewhere.origin}`)
  assert.not.match(error.message, 's3cret')
  assert.is(elsewhere.requests.length, 0)
})

test('a store that stops taking bytes is given up', async () => {
  // The answer never comes, and what is sent is never read.
  const store = await storeServer((request) => request.pause())
  const content = Buffer.alloc(32 * 2 ** 20)
  const error = await failureOf(
    clientWith({}, 100).put(written(content), contentReference(`${store.origin}/m`, content)),
  )
  assert.is(error.code, 'artifact-unreachable')
  assert.match(error.reason, 'cannot be written: the store took no bytes for 0.1 s')
})

test('a probe says the size that a store tells, what is not there and what was refused, and takes no bytes', async () => {
  const content = randomBytes(64 * 2 ** 20)
  let sent = 0
  const store = await storeServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end()
    else if (request.url === '/secret') response.writeHead(403).end()
    else {
      response.writeHead(200, { 'content-length': content.length })
      // As fast as they are taken.
      const chunks = function* () {
        for (let at = 0; at < content.length; at += 2 ** 16, sent = at) yield content.subarray(at, at + 2 ** 16)
      }
      pipeline(Readable.from(chunks()), response, () => {})
    }
  })
  const { probe } = clientWith({}, 1000)
  assert.equal(await probe(`${store.origin}/model.onnx`), { size: content.length })
  assert.is((await failureOf(probe(`${store.origin}/gone`))).code, 'artifact-not-found')
  assert.is((await failureOf(probe(`${store.origin}/secret`))).code, 'artifact-forbidden')
  assert.ok(sent < content.length / 2, `${sent} bytes were sent`)
  store.close()
  assert.is((await failureOf(probe(`${store.origin}/model.onnx`))).code, 'artifact-unreachable')
})

test('S3 is not sent what it cannot take in one request', async () => {
  const store = await memoryStore()
  const path = written(Buffer.from('not read'))
  const reference = { address: 's3://bucket/m', sha256: '0'.repeat(64), size: 5 * 2 ** 30 + 1 }
  const error = await failureOf(clientWith({ ...KEYS, AWS_ENDPOINT_URL: store.origin }).put(path, reference))
  assert.match(error.message, 'S3 takes at most 5 GiB in one request; put it there by a client that uploads in parts')
  assert.is(store.requests.length, 0)
})

test('only a registry lists the files of a version', async () => {
  const bundle = { model: 'iris', version: '1.0.0', files: [] }
  const folder = scratch()
  assert.is(await clientWith({}).list(pathToFileURL(join(folder, 'm')).href, bundle), undefined)
  assert.not.ok(existsSync(join(folder, 'm')))
})

test.run()
