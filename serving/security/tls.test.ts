import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { logLines } from '../testing/log.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer, until } from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const pem = (name: string) => readFileSync(fixture(`tls/${name}`))
const AUTHORITY = pem('authority.pem')
const holder = (name: string) => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) })

/** A mounted secret of the type kubernetes.io/tls, with the authority of clients where asked for. */
function mountTls(name: string, clients = false) {
  const directory = scratch()
  const put = (server: string, files = ['key', 'pem']) => {
    for (const file of files) {
      cpSync(fixture(`tls/${server}.${file}`), join(directory, file === 'pem' ? 'tls.crt' : 'tls.key'))
    }
  }
  put(name)
  const authority = join(directory, 'ca.crt')
  cpSync(fixture('tls/authority.pem'), authority)
  const settings = {
    certificateFile: join(directory, 'tls.crt'),
    keyFile: join(directory, 'tls.key'),
    ...(clients && { clientCertificateAuthorityFile: authority }),
  }
  return { settings, put, authority }
}

/** Status of a request on a connection of its own, or the code of what failed. */
function get(address: string, options: object = {}): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(`${address}/v2/models/iris`, { ca: AUTHORITY, agent: false, ...options }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end()
  })
}

/** The name in the certificate that a new connection is shown. */
function shownBy(address: string, options: object = {}): Promise<string> {
  const port = Number(address.split(':').at(-1))
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', ca: AUTHORITY, ALPNProtocols: ['h2', 'http/1.1'], ...options },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}

test('TLS, not older than 1.2, for HTTP and gRPC', async () => {
  const boot = bootConfiguration({ iris })
  boot.server.tls = mountTls('first-server').settings
  const { address, grpcAddress = '' } = await testServer(boot, { grpcPort: 0 })
  assert.match(address, /^https:/)
  assert.is(await get(address), 200)
  for (const listening of [address, grpcAddress]) {
    assert.is(await shownBy(listening), 'first-server')
    assert.is(await shownBy(listening, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), 'first-server')
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    assert.instance(await shownBy(listening, old).catch((error: Error) => error), Error)
  }
})

test('a certificate is rotated while requests run, none fails; what does not fit together changes nothing', async () => {
  const boot = bootConfiguration({ iris })
  const { settings, put } = mountTls('first-server')
  boot.server.tls = settings
  const log = logLines()
  const { address, grpcAddress = '' } = await testServer(boot, { grpcPort: 0, logger: log.logger })
  const answers: (number | string)[] = []
  let running = true
  const caller = (async () => {
    while (running) answers.push(await get(address))
  })()
  put('second-server', ['key'])
  await until(
    () => log.lines.some(({ msg }) => /^the certificate is wrong/.test(msg)),
    'the log says that they do not fit',
  )
  for (const listening of [address, grpcAddress]) assert.is(await shownBy(listening), 'first-server')
  put('second-server', ['pem'])
  for (const listening of [address, grpcAddress]) {
    await until(async () => (await shownBy(listening)) === 'second-server', 'new connections are shown the new one')
  }
  running = false
  await caller
  assert.ok(answers.length > 5)
  assert.equal(
    answers.filter((answer) => answer !== 200),
    [],
  )
  assert.not.match(log.text(), 'PRIVATE')
})

test('with an authority for clients only their certificates get in, and probes are on the management port', async () => {
  const boot = bootConfiguration({ iris })
  const { settings, authority } = mountTls('first-server', true)
  boot.server.tls = settings
  boot.server.managementPort = 0
  const { address, managementAddress } = await testServer(boot)
  assert.is(await get(address, holder('client')), 200)
  for (const wrong of [{}, holder('stranger')]) assert.type(await get(address, wrong), 'string')
  assert.is((await fetch(`${managementAddress}/readyz`)).status, 200)
  cpSync(fixture('tls/other-authority.pem'), authority)
  await until(async () => (await get(address, holder('stranger'))) === 200, 'another authority is trusted')
  assert.type(await get(address, holder('client')), 'string')
  writeFileSync(authority, '')
  assert.type(await get(address, holder('client')), 'string')
})

test('TLS that cannot work keeps the server from starting, and the reason names the file', async () => {
  const boot = bootConfiguration({ iris })
  const refusal = async () => String(await testServer(boot).catch((error: Error) => error))
  const { settings, put, authority } = mountTls('first-server', true)
  boot.server.tls = settings
  assert.match(await refusal(), 'server.tls.clientCertificateAuthorityFile: keeps probes out')
  boot.server.managementPort = 0
  writeFileSync(authority, 'nothing')
  assert.match(await refusal(), 'ca.crt: holds no certificate that can be read')
  put('second-server', ['key'])
  cpSync(fixture('tls/authority.pem'), authority)
  assert.match(await refusal(), 'tls.key: is no key of')
  boot.server.tls = { ...settings, certificateFile: '/nowhere/tls.crt' }
  assert.match(await refusal(), '/nowhere/tls.crt: cannot be read (ENOENT)')
})

test.run()
