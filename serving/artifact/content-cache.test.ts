import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ContentReference } from '../contract/index.ts'
import { cleanUp, copyOfFixture, referenceTo, scratch } from '../testing/server.ts'
import { ArtifactError } from './artifact-error.ts'
import { createContentCache } from './content-cache.ts'

test.after.each(cleanUp)

async function failure(attempt: Promise<unknown>): Promise<ArtifactError> {
  const error = await attempt.then(
    () => assert.unreachable('it should have failed'),
    (reason: unknown) => reason,
  )
  assert.instance(error, ArtifactError)
  return error as ArtifactError
}

/** A cache and a store of one fixture, both in a directory of their own. */
async function cacheAndStore() {
  const directory = scratch()
  mkdirSync(join(directory, 'store'))
  const stored = copyOfFixture('diabetes.onnx', join(directory, 'store'))
  const cached = join(directory, 'cache')
  const reference = await referenceTo(stored)
  return { cached, stored, reference, cachedFile: join(cached, 'sha256', reference.sha256) }
}

test('a file is fetched into the cache under its digest', async () => {
  const { cached, stored, reference, cachedFile } = await cacheAndStore()
  const path = await createContentCache(cached).resolve(reference)
  assert.is(path, cachedFile)
  assert.equal(readFileSync(path), readFileSync(stored))
})

test('what the cache holds needs no store, in this process and in the next', async () => {
  const { cached, reference, cachedFile } = await cacheAndStore()
  await createContentCache(cached).resolve(reference)
  const gone = { ...reference, address: 'file:///nowhere/model.onnx' }
  assert.is(await createContentCache(cached).resolve(gone), cachedFile)
})

test('a wrong digest says what was wanted and got, and leaves no file', async () => {
  const { cached, reference } = await cacheAndStore()
  const wanted = 'a'.repeat(64)
  const error = await failure(createContentCache(cached).resolve({ ...reference, sha256: wanted }))
  assert.is(error.code, 'artifact-digest-mismatch')
  assert.match(error.message, wanted)
  assert.match(error.message, reference.sha256)
  assert.match(error.message, reference.address)
  assert.equal(readdirSync(join(cached, 'sha256')), [])
})

test('a file that is cut short, or too long, is refused by its size', async () => {
  const { cached, stored, reference } = await cacheAndStore()
  const whole = readFileSync(stored)
  for (const bytes of [whole.subarray(0, 1000), Buffer.concat([whole, whole])]) {
    writeFileSync(stored, bytes)
    const error = await failure(createContentCache(cached).resolve(reference))
    assert.is(error.code, 'artifact-size-mismatch')
    assert.equal(readdirSync(join(cached, 'sha256')), [])
  }
})

test('a damaged file in the cache is discarded and fetched again', async () => {
  const { cached, stored, reference, cachedFile } = await cacheAndStore()
  await createContentCache(cached).resolve(reference)
  writeFileSync(cachedFile, 'rot')
  assert.is(await createContentCache(cached).resolve(reference), cachedFile)
  assert.equal(readFileSync(cachedFile), readFileSync(stored))
})

test('a damaged file in the cache is not served when the store is gone', async () => {
  const { cached, reference, cachedFile } = await cacheAndStore()
  await createContentCache(cached).resolve(reference)
  writeFileSync(cachedFile, 'rot')
  const gone = { ...reference, address: 'file:///nowhere/model.onnx' }
  assert.is((await failure(createContentCache(cached).resolve(gone))).code, 'artifact-not-found')
  assert.not.ok(existsSync(cachedFile))
})

test('a file that changes after it was checked is checked again', async () => {
  const { cached, stored, reference, cachedFile } = await cacheAndStore()
  const cache = createContentCache(cached)
  await cache.resolve(reference)
  writeFileSync(cachedFile, Buffer.alloc(reference.size))
  utimesSync(cachedFile, 1, 1)
  await cache.resolve(reference)
  assert.equal(readFileSync(cachedFile), readFileSync(stored))
})

test('an address of another kind is refused', async () => {
  const { cached, reference } = await cacheAndStore()
  for (const address of ['ftp://example.com/x', 'model.onnx', '']) {
    const error = await failure(createContentCache(cached).resolve({ ...reference, address }))
    assert.is(error.code, 'artifact-address-invalid')
    assert.not.ok(error.transient)
  }
})

test('a cache that cannot be written to says so', async () => {
  const { reference, stored } = await cacheAndStore()
  const error = await failure(createContentCache(join(stored, 'cache')).resolve(reference))
  assert.is(error.code, 'artifact-cache-failed')
})

/** A store over HTTP that answers by path. */
async function httpStore(
  content: Buffer,
): Promise<{ server: Server; reference(path: string): ContentReference; hits: string[] }> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(request.url ?? '')
    if (request.url === '/model.onnx?signature=secret') response.end(content)
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': content.length })
      response.write(content.subarray(0, 500))
      setImmediate(() => response.destroy())
    } else response.writeHead(request.url === '/busy' ? 503 : 404).end()
  })
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sha256 = createHash('sha256').update(content).digest('hex')
  return {
    server,
    hits,
    reference: (path) => ({ address: `http://127.0.0.1:${port}${path}`, sha256, size: content.length }),
  }
}

test('a store over HTTP is read once for all who ask at the same time', async () => {
  const { stored, cached } = await cacheAndStore()
  const { server, reference, hits } = await httpStore(readFileSync(stored))
  const cache = createContentCache(cached)
  const wanted = reference('/model.onnx?signature=secret')
  const paths = await Promise.all([cache.resolve(wanted), cache.resolve(wanted), cache.resolve(wanted)])
  assert.is(new Set(paths).size, 1)
  assert.is(hits.length, 1)
  server.close()
})

test('a store that is busy or breaks off may be tried again, one that has nothing may not; no signature is told', async () => {
  const { stored, cached } = await cacheAndStore()
  const { server, reference } = await httpStore(readFileSync(stored))
  const cache = createContentCache(cached)
  const busy = await failure(cache.resolve(reference('/busy')))
  assert.ok(busy.transient)
  assert.match(busy.message, '503')
  assert.ok((await failure(cache.resolve(reference('/cut')))).transient)
  const absent = await failure(cache.resolve(reference('/absent?signature=secret')))
  assert.not.ok(absent.transient)
  assert.not.match(absent.message, 'secret')
  server.close()
  server.closeAllConnections()
  const down = await failure(cache.resolve(reference('/model.onnx?signature=secret')))
  assert.is(down.code, 'artifact-unreachable')
  assert.ok(down.transient)
  assert.not.match(down.message, 'secret')
  assert.equal(readdirSync(join(cached, 'sha256')), [])
})

test('the address of a directory is refused', async () => {
  const { cached, reference } = await cacheAndStore()
  const address = pathToFileURL(cached).href
  assert.is((await failure(createContentCache(cached).resolve({ ...reference, address }))).code, 'artifact-unreachable')
})

test.run()
