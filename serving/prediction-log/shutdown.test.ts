import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, scratch, servedVersion } from '../testing/server.ts'

const children = new Set<ChildProcess>()
const receivers = new Set<Server>()

test.after.each(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const receiver of receivers) {
    receiver.closeAllConnections()
    receiver.close()
  }
  children.clear()
  receivers.clear()
  await cleanUp()
})

/** A server process that sends CloudEvents one by one to a receiver, and its log. */
async function serve(answer: (event: { subject: string }) => Promise<number>, timeoutSeconds: number) {
  const receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    response.writeHead(await answer(JSON.parse(body))).end()
  })
  receivers.add(receiver)
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const boot = bootConfiguration({ house: await servedVersion('1.0.0', 'house.onnx', INTERFACES.house) })
  boot.server.drain = { delaySeconds: 0, timeoutSeconds }
  const sink = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  // Longer than the test: what arrives, arrives because of the signal.
  boot.server.predictionLog = { sink, format: 'cloudevents', flushMs: 600_000 }
  const directory = scratch()
  const bootPath = join(directory, 'boot.json')
  writeFileSync(bootPath, JSON.stringify(boot))
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const child = spawn(process.execPath, [
    ...['-C', 'modelyard-source', '--import', 'tsx', main, '--boot', bootPath, '--cache', join(directory, 'cache')],
    ...['--routing', join(directory, 'routing.json'), '--host', '127.0.0.1', '--port', '0'],
  ])
  children.add(child)
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.text += text
    })
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  while (!output.text.includes('version loaded')) {
    assert.is(child.exitCode, null, output.text)
    await sleep(10)
  }
  const address = /listening at (http:\S+?)"/.exec(output.text)?.[1]
  assert.ok(address, output.text)
  for (let call = 0; call < 40; call++) {
    const response = await fetch(`${address}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': `call-${call}` },
      body: '{"area":60,"town":"north"}',
    })
    assert.is(response.status, 200)
  }
  return { child, ended, output }
}

test('SIGTERM: what waits in the buffer is written, to a slow receiver too, before the process ends', async () => {
  const subjects: string[] = []
  const { child, ended, output } = await serve(async ({ subject }) => {
    await sleep(10)
    subjects.push(subject)
    return 200
  }, 60)
  assert.is(subjects.length, 0)
  child.kill('SIGTERM')
  assert.is(await ended, 0, output.text)
  assert.equal(
    subjects,
    Array.from({ length: 40 }, (_, call) => `call-${call}`),
  )
})

test('SIGTERM with a receiver that is down: the process ends all the same, and says how much is lost', async () => {
  const { child, ended, output } = await serve(async () => 503, 0.1)
  child.kill('SIGTERM')
  assert.is(await ended, 0)
  assert.match(output.text, /"lines":40,"reason":"[^"]+","msg":"events of the prediction log are lost: abandoned"/)
})

test.run()
