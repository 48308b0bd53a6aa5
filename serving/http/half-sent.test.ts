import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../testing/fixtures.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer } from '../testing/server.ts'

test.after.each(cleanUp)

const iris = await servedVersion('2.1.0', 'iris.onnx', INTERFACES.iris)

const HALF_SENT = {
  nothing: '',
  'half a request line': 'POST /pre',
  'half the headers': 'POST /predict HTTP/1.1\r\nHost: x\r\n',
  'half a body':
    'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
  'half a chunk':
    'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"a":',
}

test('a request that does not arrive in time is answered 408 and its connection closed', async () => {
  const boot = bootConfiguration({ iris })
  boot.server.receive = { headersSeconds: 0.2, requestSeconds: 0.3 }
  const server = await testServer(boot)
  const { port } = new URL(server.address)
  const answers = Object.entries(HALF_SENT).map(async ([what, bytes]) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.setEncoding('utf8').on('error', () => {})
    let text = ''
    socket.on('data', (more) => {
      text += more
    })
    socket.write(bytes)
    await once(socket, 'close')
    assert.match(text, /^HTTP\/1\.1 408 /, what)
  })
  await Promise.all(answers)
})

test.run()
