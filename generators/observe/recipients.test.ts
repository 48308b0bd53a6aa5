import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCommand } from '../cli/testing/command.ts'
import { isolateGit } from '../cli/testing/proposals.ts'
import { withExampleClone } from '../testing/example-repository.ts'
import { random } from '../testing/random.ts'
import { recipientsOf, tokenFor } from './recipients.ts'

const test = suite('who gets the tokens of the environment')

const TOKENS = { PROMETHEUS_TOKEN: 'prometheus-s3cret', ARGOCD_AUTH_TOKEN: 'argocd-s3cret' }
const servers = new Set<Server>()

test.before(() => {
  isolateGit()
  process.env['KUBECONFIG'] = '/dev/null'
  Object.assign(process.env, TOKENS)
})

test.after(() => {
  for (const name of Object.keys(TOKENS)) delete process.env[name]
})

test.after.each(() => {
  for (const server of servers) server.close().closeAllConnections()
  servers.clear()
})

/** A server that records what it is sent, and answers what Prometheus and Argo CD do when they know nothing. */
async function recordingServer() {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    response.end(request.url?.includes('applications') ? '{"items":[]}' : '{"data":{"result":[]}}')
  })
  servers.add(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tokens = () => new Set(requests.map(({ headers }) => headers.authorization))
  return { address, requests, tokens }
}

const PRODUCTION = 'environments/production/environment.ts'

test('status sends no token to an address of the work tree that the base branch does not name', async () => {
  await withExampleClone(async (clone) => {
    const server = await recordingServer()
    clone.edit(
      PRODUCTION,
      '  argocd,\n',
      `  argocd: { ...argocd, server: '${server.address}' },\n  prometheus: '${server.address}',\n`,
    )
    const status = () => runCommand(clone, 'status', '--env', 'production')
    const foreign = await status()
    assert.match(foreign.stdout, 'ARGOCD_AUTH_TOKEN was not sent: origin/main does not name this address')
    assert.ok(server.requests.length > 0)
    assert.equal(server.tokens(), new Set([undefined]))

    await clone.git.git(['commit', '--quiet', '--all', '--message', 'name the servers'])
    await clone.git.git(['update-ref', 'refs/remotes/origin/main', 'HEAD'])
    await status()
    const expected = [undefined, `Bearer ${TOKENS.PROMETHEUS_TOKEN}`, `Bearer ${TOKENS.ARGOCD_AUTH_TOKEN}`]
    assert.equal(server.tokens(), new Set(expected))
  })
})

test('gates sends no token to the address of an environment that the branch adds or changes', async () => {
  await withExampleClone(async (clone) => {
    const server = await recordingServer()
    const text = clone.read(PRODUCTION)
    clone.edit(PRODUCTION, '  argocd,\n', `  argocd,\n  prometheus: '${server.address}',\n`)
    const edge = text
      .replace(
        "import staging from '../staging/environment.ts'",
        "import production from '../production/environment.ts'",
      )
      .replace("name: 'production'", "name: 'edge'")
      .replace('promotesFrom: staging', 'promotesFrom: production')
      .replace('gates: { approvals: 2 }', "gates: { soak: '1h', live: { errorRate: '1%', during: '1h' } }")
    clone.write('environments/edge/environment.ts', edge)
    clone.write(
      'environments/edge/pins/voice-activity.yaml',
      `stable: ${clone.pinned('production', 'voice-activity')}\n`,
    )
    await clone.git.git(['add', '--all'])
    await clone.git.git(['commit', '--quiet', '--message', 'add an environment'])
    const { stdout } = await runCommand(clone, 'gates', '--no-memory')
    assert.match(stdout, 'voice-activity in edge')
    assert.ok(server.requests.length > 0, stdout)
    assert.equal(server.tokens(), new Set([undefined]))
  })
})

test('tokenFor gives a token to an https or loopback address that is named, and to no other', () => {
  const { pick } = random(3)
  const parts = {
    scheme: ['https://', 'http://', 'ftp://', ''],
    host: [
      'prometheus.example',
      'PROMETHEUS.example',
      'user@prometheus.example',
      'prometheus.example.evil',
      '127.0.0.1',
      'localhost',
      '[::1]',
      '127.0.0.1.evil',
    ],
    port: ['', ':443', ':9090'],
    path: ['', '/', '/prefix', '/../x'],
  }
  const named = ['https://prometheus.example', 'http://prometheus.example', 'http://127.0.0.1:9090/prefix']
  const recipients = recipientsOf(undefined, 'main', named)
  let sent = 0
  for (let round = 0; round < 2000; round++) {
    const address = pick(parts.scheme) + pick(parts.host) + pick(parts.port) + pick(parts.path)
    const { token, withheld } = tokenFor('PROMETHEUS_TOKEN', address, recipients, TOKENS)
    const origin = URL.canParse(address) ? new URL(address).origin : ''
    const expected = origin === 'https://prometheus.example' || origin === 'http://127.0.0.1:9090'
    assert.is(token, expected ? TOKENS.PROMETHEUS_TOKEN : undefined, address)
    assert.is(withheld === undefined, expected, address)
    if (expected) sent++
    assert.equal(tokenFor('PROMETHEUS_TOKEN', address, recipients, {}), {})
  }
  assert.ok(sent > 50)
})

test.run()
