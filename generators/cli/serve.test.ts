import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../findings/index.ts'
import { requireEnvironment, requirePinned } from '../pins/index.ts'
import { prepareLocalPod } from '../registry/index.ts'
import { loadRepository, resolvePlan } from '../repository/index.ts'
import { commandLine, withExample } from '../testing/example-repository.ts'
import { parsePort, startLocalServer } from './local-server.ts'

const test = suite('serve and demo')

test('--port takes whole numbers from 0 to 65535', () => {
  assert.equal(['0', '8080', '65535'].map(parsePort), [0, 8080, 65535])
  for (const wrong of ['', ' ', '-1', '1.5', '65536', '0x50', 'http']) {
    assert.throws(() => parsePort(wrong), /is no port$/)
  }
})

test('a port that is taken is told in words', async () => {
  await withExample(async ({ root }) => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const repository = await loadRepository(root)
    const model = requirePinned(requireEnvironment(resolvePlan(repository), 'staging'), 'house-price')
    const pod = await prepareLocalPod(repository, model, join(root, 'pod'))
    const error = await startLocalServer({ ...pod, port }).catch((thrown: unknown) => thrown)
    taken.close()
    assert.instance(error, Failure)
    assert.is((error as Failure).message, `the server cannot listen on 127.0.0.1:${port}: something else listens there`)
    assert.match((error as Failure).fix ?? '', '--port')
  })
})

test('serve answers with the version that the environment pins until it is told to stop', async () => {
  await withExample(async ({ root, stable }) => {
    const [command = '', ...args] = commandLine(
      'serve',
      'diabetes-progression',
      '--env',
      'production',
      '--port',
      '0',
      '--json',
    )
    const server = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer]
      const { address, reference } = JSON.parse(line.toString()) as { address: string; reference: string }
      assert.is(reference, stable('production', 'diabetes-progression'))
      const ready = await (await fetch(`${address}/readyz`)).json()
      assert.match(JSON.stringify(ready), '"1.0.0"')
      assert.is((ready as { ready: boolean }).ready, true)
    } finally {
      server.kill('SIGTERM')
    }
    const [code] = await once(server, 'exit')
    assert.is(code, 0)
  })
})

test('the demo ends well and shows the pull request, its gates and a prediction beside what scikit-learn computed', async () => {
  await withExample(async ({ modelyard, tree }) => {
    const before = tree('dist')
    const { code, stdout, stderr } = await modelyard(['demo', '--once'])
    assert.is(code, 0, stderr)
    assert.is(stderr, '')
    for (const step of ['synth', 'validate', 'promote', 'merge', 'serve', 'predict']) {
      assert.match(stdout, new RegExp(`^> ${step}[^\\n]*\\n(.|\\n)*?^  \\d+ ms$`, 'm'))
    }
    assert.match(stdout, 'diabetes-progression')
    assert.match(stdout, /\b1\.0\.0\b.*\b1\.1\.0\b/)
    assert.match(stdout, 'mae vs champion')
    assert.match(stdout, /POST \/models\/diabetes-progression\/predict \{.*"bmi":/)
    const [, answered] = /200 \{.*"prediction":\{"progression":([\d.]+)\}/.exec(stdout) ?? []
    const [, computed] = /scikit-learn \S+ computed \{"progression":\[([\d.]+)\]\}/.exec(stdout) ?? []
    assert.ok(Math.abs(Number(answered) / Number(computed) - 1) <= 1e-4, `${answered}, ${computed}`)
    assert.equal(tree('dist'), before)
  })
})

test.run()
