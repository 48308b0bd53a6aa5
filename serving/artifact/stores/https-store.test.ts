import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture } from '../../testing/fixtures.ts'
import { cleanUp, scratch } from '../../testing/server.ts'
import { closeStores, contentReference, failureOf, sendRange, storeServer } from '../../testing/store.ts'
import { type CacheOptions, createContentCache } from '../content-cache.ts'

const CONTENT = readFileSync(fixture('iris.onnx'))
const AUTHORITY = fixture('tls/ca.pem')
const servers = new Set<Server>()

test.after.each(async () => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
  servers.clear()
  closeStores()
  await cleanUp()
})

function resolve(address: string, options: CacheOptions = {}): Promise<string> {
  const timing = { firstWaitMs: 1, stallMs: 5000 }
  return createContentCache(scratch(), { env: {}, timing, ...options }).resolve(contentReference(address, CONTENT))
}

async function portOf(server: Server): Promise<number> {
  servers.add(server)
  server.unref()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

/** The content over TLS, with a certificate that only the test's authority has signed. */
function tlsStore(): Promise<number> {
  const certificate = { cert: readFileSync(fixture('tls/store.pem')), key: readFileSync(fixture('tls/store.key')) }
  return portOf(createTlsServer(certificate, (request, response) => sendRange(request, response, CONTENT)))
}

function netrc(text: string): { NETRC: string } {
  const path = join(scratch(), 'netrc')
  writeFileSync(path, text)
  return { NETRC: path }
}

test('a redirect is followed; credentials go to the first origin and nowhere else', async () => {
  const storage = await storeServer((request, response) => sendRange(request, response, CONTENT))
  const front = await storeServer((request, response) => {
    if (request.headers.authorization === undefined) response.writeHead(401).end()
    else if (request.url === '/moved') response.writeHead(302, { location: `${storage.origin}/m?signature=x` }).end()
    else response.writeHead(307, { location: '/moved' }).end()
  })
  const env = netrc('# pulls\nmachine elsewhere login a password b\nmachine 127.0.0.1 login puller password s3cret\n')
  assert.equal(readFileSync(await resolve(`${front.origin}/m`, { env })), CONTENT)
  const basic = `Basic ${Buffer.from('puller:s3cret').toString('base64')}`
  assert.equal(
    front.requests.map(({ headers }) => headers.authorization),
    [basic, basic],
  )
  assert.is(storage.requests[0]?.headers.authorization, undefined)
})

test('credentials do not come back after a redirect to another origin and back', async () => {
  let home = ''
  const other = await storeServer((_request, response) => response.writeHead(302, { location: `${home}/m2` }).end())
  const front = await storeServer((request, response) =>
    request.url === '/m2'
      ? sendRange(request, response, CONTENT)
      : response.writeHead(302, { location: other.origin }).end(),
  )
  home = front.origin
  await resolve(`${front.origin}/m`, { env: netrc('machine 127.0.0.1 login puller password s3cret') })
  assert.is(front.requests[1]?.headers.authorization, undefined)
})

test('the default login of a netrc file is sent nowhere, and a refusal names the machine that is missing', async () => {
  const store = await storeServer((_request, response) => response.writeHead(401).end())
  const env = netrc('machine elsewhere login a password b\ndefault login puller password s3cret')
  const error = await failureOf(resolve(`${store.origin}/m`, { env }))
  assert.match(error.message, 'the netrc file names no machine 127.0.0.1')
  assert.is(store.requests[0]?.headers.authorization, undefined)
})

test('a circle of redirects, and one to no web address, end', async () => {
  const circle = await storeServer((_request, response) => response.writeHead(302, { location: '/again' }).end())
  const error = await failureOf(resolve(`${circle.origin}/m`))
  assert.match(error.message, 'redirects')
  assert.not.ok(error.transient)
  const escaping = await storeServer((_request, response) =>
    response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  )
  assert.match((await failureOf(resolve(`${escaping.origin}/m`))).message, 'no web address')
})

test('an address with a password in it is refused, and not repeated', async () => {
  const error = await failureOf(resolve('https://puller:s3cret@127.0.0.1:1/m'))
  assert.is(error.code, 'artifact-address-invalid')
  assert.not.match(error.message, 's3cret')
})

test('a netrc file that is not there says so', async () => {
  const error = await failureOf(resolve('http://127.0.0.1:1/m', { env: { NETRC: '/nowhere/netrc' } }))
  assert.is(error.code, 'artifact-address-invalid')
  assert.match(error.message, '/nowhere/netrc')
})

test('a compressed answer is refused with the reason', async () => {
  const store = await storeServer((_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('compressed'),
  )
  assert.match((await failureOf(resolve(`${store.origin}/m`))).message, 'gzip')
})

test('a certificate of a private authority is taken where the authority is configured, and refused at once elsewhere', async () => {
  const port = await tlsStore()
  const path = await resolve(`https://localhost:${port}/m`, { certificateAuthorityFile: AUTHORITY })
  assert.equal(readFileSync(path), CONTENT)
  const error = await failureOf(resolve(`https://localhost:${port}/m`))
  assert.is(error.code, 'artifact-unreachable')
  assert.not.ok(error.transient)
  assert.match(error.message, 'certificateAuthorityFile')
})

test('a certificate for another name is refused, whoever signed it', async () => {
  const port = await tlsStore()
  const options = { certificateAuthorityFile: AUTHORITY }
  const error = await failureOf(resolve(`https://127.0.0.2:${port}/m`, options))
  assert.is(error.code, 'artifact-unreachable')
})

test('an authority that is not there says so', async () => {
  const options = { certificateAuthorityFile: '/nowhere/ca.pem' }
  const error = await failureOf(resolve('https://127.0.0.1:1/m', options))
  assert.is(error.code, 'artifact-address-invalid')
  assert.match(error.message, '/nowhere/ca.pem')
})

test('HTTPS goes through the proxy with its login, and NO_PROXY goes around it', async () => {
  const port = await tlsStore()
  const asked: (string | undefined)[] = []
  const proxy = createServer((_request, response) => response.writeHead(405).end())
  proxy.on('connect', (request, socket) => {
    asked.push(request.url, request.headers['proxy-authorization'])
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  const address = `https://localhost:${port}/m`
  const env = { HTTPS_PROXY: `http://user:pass@127.0.0.1:${await portOf(proxy)}` }
  const options = { certificateAuthorityFile: AUTHORITY }
  assert.equal(readFileSync(await resolve(address, { ...options, env })), CONTENT)
  assert.equal(asked, [`localhost:${port}`, `Basic ${Buffer.from('user:pass').toString('base64')}`])
  await resolve(address, { ...options, env: { ...env, NO_PROXY: 'localhost' } })
  assert.is(asked.length, 2)
})

test('a proxy that is no address says which, and not what', async () => {
  const error = await failureOf(resolve('https://127.0.0.1:1/m', { env: { HTTPS_PROXY: 'user:s3cret@proxy' } }))
  assert.is(error.code, 'artifact-address-invalid')
  assert.match(error.message, 'HTTPS_PROXY')
  assert.not.match(error.message, 's3cret')
})

test('plain HTTP is forwarded by the proxy', async () => {
  const proxy = await storeServer((request, response) => sendRange(request, response, CONTENT))
  await resolve('http://store.invalid/m', { env: { HTTP_PROXY: proxy.origin } })
  assert.is(proxy.requests[0]?.url, 'http://store.invalid/m')
})

test.run()
