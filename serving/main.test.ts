import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BootConfiguration } from './contract/index.ts'
import { INTERFACES } from './testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, until } from './testing/server.ts'
import { endProcesses, runMain, serverProcess } from './testing/server-process.ts'

test.after.each(async () => {
  endProcesses()
  await cleanUp()
})

/** A server process with a model that takes a few milliseconds a call. */
async function serve(drain: BootConfiguration['server']['drain']) {
  const boot = bootConfiguration({ slow: await servedVersion('1.0.0', 'slow.onnx', INTERFACES.slow) })
  boot.server.drain = drain
  // On a busy machine the pace alone could refuse.
  boot.server.queue = { maxWaitMs: 600_000, timeoutMs: 600_000 }
  return serverProcess(boot)
}

/** Sends one request of so many rows and checks that each row was answered. */
async function infer(address: string, rows = 1): Promise<number> {
  const data = new Array(rows * 32).fill(1)
  const response = await fetch(`${address}/v2/models/slow/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 32], data }] }),
  })
  const { outputs } = (await response.json()) as { outputs: { data: number[] }[] }
  assert.equal(outputs[0]?.data, data)
  return response.status
}

test('--help tells the flags and starts nothing', async () => {
  const { output, ended } = runMain(['--help'])
  assert.is(await ended, 0)
  for (const flag of ['--boot', '--routing', '--cache', '--host', '--port']) assert.match(output.stdout, flag)
  assert.is(output.stderr, '')
})

test('a wrong flag, and a configuration that is not there, end with 2 and one sentence', async () => {
  for (const args of [['--nonsense'], ['--port', 'http'], ['--boot', '/nowhere/boot.json']]) {
    const { output, ended } = runMain(args)
    assert.is(await ended, 2)
    assert.match(output.stderr, /^modelyard-serving: /)
    assert.not.match(output.stderr, /\n {4}at /)
  }
})

test('importing it starts nothing', async () => {
  const { startServer } = await import('./main.ts')
  assert.type(startServer, 'function')
})

test('SIGTERM under load: unready at once, every request that was sent is answered, exit 0', async () => {
  const { child, address, ended, output } = await serve({ delaySeconds: 2, timeoutSeconds: 10 })
  const statuses: number[] = []
  let routed = true
  // Each caller is a client behind a load balancer: it sends until the server says that it is unready.
  const callers = Array.from({ length: 8 }, async () => {
    while (routed) statuses.push(await infer(address))
  })
  await until(() => statuses.length > 20, 'the load is on')
  child.kill('SIGTERM')
  let unready: unknown
  while (unready === undefined) {
    const response = await fetch(`${address}/readyz`)
    const body = (await response.json()) as { draining: boolean }
    if (response.status === 503) unready = body.draining
  }
  assert.is(unready, true)
  const answeredBefore = statuses.length
  await until(() => statuses.length > answeredBefore, 'it still answers while endpoints are updated')
  routed = false
  await Promise.all(callers)
  assert.is(await ended, 0, output.stderr)
  assert.ok(statuses.every((status) => status === 200))
})

test('requests in flight are answered after the server stops listening', async () => {
  const { child, address, ended } = await serve({ delaySeconds: 0, timeoutSeconds: 10 })
  // More rows than one call takes, so that they are in flight for a while.
  const waiting = Array.from({ length: 8 }, () => infer(address, 100))
  const inFlight = async () =>
    (await (await fetch(`${address}/metrics`)).text()).includes('in_flight{model="slow",version="1.0.0"} 8')
  await until(inFlight, 'all eight are in flight')
  child.kill('SIGTERM')
  const answers = await Promise.allSettled(waiting)
  assert.equal(
    answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : String(answer.reason.cause))),
    new Array(8).fill(200),
  )
  assert.is(await ended, 0)
})

test('a second signal ends it at once', async () => {
  const { child, ended } = await serve({ delaySeconds: 60, timeoutSeconds: 60 })
  child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 100))
  child.kill('SIGTERM')
  assert.is(await ended, 143)
})

test.run()
