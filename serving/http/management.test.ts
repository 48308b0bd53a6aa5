import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fixture, INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)
const OPERATIONS = ['/healthz', '/startupz', '/readyz', '/metrics']

test('with a management port probes and metrics are there, and only there', async () => {
  const boot = bootConfiguration({ iris })
  boot.server.managementPort = 0
  const server = await testServer(boot)
  const status = async (path: string) => (await fetch(server.managementAddress + path)).status
  for (const path of OPERATIONS) {
    assert.is(await status(path), 200, path)
    assert.is((await server.get(path)).status, 404, path)
  }
  for (const path of ['/', '/models', '/v2', '/openapi.json']) assert.is(await status(path), 404, path)
  const { paths } = (await server.get('/openapi.json')).json
  assert.equal(
    OPERATIONS.filter((path) => path in paths),
    [],
  )
  assert.is((await testServer(bootConfiguration({ iris }))).managementAddress, undefined)
})

test('while the server drains its probes still answer there: alive, and unready; then both ports are closed', async () => {
  const boot = bootConfiguration({ iris })
  boot.server.managementPort = 0
  boot.server.drain.delaySeconds = 0.5
  const server = await testServer(boot)
  const drained = server.drain()
  const probe = async (path: string) => (await fetch(server.managementAddress + path)).status
  assert.equal([await probe('/healthz'), await probe('/readyz')], [200, 503])
  assert.is((await server.get('/v2')).status, 200)
  await drained
  for (const address of [server.managementAddress, server.address]) {
    assert.instance(await fetch(`${address}/healthz`).catch((error: Error) => error), Error)
  }
})

test("the image's health check finds the probes with a key, with TLS and on the management port", async () => {
  const secret = join(scratch(), 'keys')
  writeFileSync(secret, '0123456789abcdef')
  const tls = { certificateFile: fixture('tls/first-server.pem'), keyFile: fixture('tls/first-server.key') }
  const check = async (settings: object) => {
    const boot = bootConfiguration({ iris })
    Object.assign(boot.server, settings)
    const { address, managementAddress = address, close } = await testServer(boot)
    const at = Number(new URL(managementAddress).port)
    Object.assign(boot.server, 'managementPort' in settings ? { managementPort: at } : { port: at })
    const bootPath = join(scratch(), 'boot.json')
    writeFileSync(bootPath, JSON.stringify(boot))
    const file = fileURLToPath(new URL('../check-health.ts', import.meta.url))
    const run = async () => {
      const child = spawn(process.execPath, ['-C', 'modelyard-source', '--import', 'tsx', file, bootPath])
      return (await once(child, 'close'))[0]
    }
    const whileItRuns = await run()
    await close()
    return [whileItRuns, await run()]
  }
  const kinds = [{}, { authentication: { keys: secret, protect: ['probes'] } }, { tls }, { tls, managementPort: 0 }]
  assert.equal(await Promise.all(kinds.map(check)), new Array(4).fill([0, 1]))
})

test.run()
