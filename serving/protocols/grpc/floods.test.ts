import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INTERFACES } from '../../testing/fixtures.ts'
import { closeGrpcClients, grpcClient, INFERENCE } from '../../testing/grpc-client.ts'
import { bootConfiguration, cleanUp, servedVersion, testServer, until } from '../../testing/server.ts'

const sessions = new Set<ClientHttp2Session>()

test.after.each(async () => {
  for (const session of sessions) session.destroy()
  sessions.clear()
  closeGrpcClients()
  await cleanUp()
})

const iris = await servedVersion('1.0.0', 'iris.onnx', INTERFACES.iris)
const INFER = `${INFERENCE}/ModelInfer`
const WATCH = '/grpc.health.v1.Health/Watch'
/** UNIMPLEMENTED */
const ONE_MESSAGE = '12'

async function start(settings: object = {}) {
  const boot = bootConfiguration({ iris })
  Object.assign(boot.server, settings)
  const server = await testServer(boot, { grpcPort: 0 })
  const session = () => {
    const opened = connect(`http://${server.grpcAddress}`)
    opened.on('error', () => {})
    sessions.add(opened)
    return opened
  }
  return { server, session, alive: () => grpcClient(server.grpcAddress).call(`${INFERENCE}/ServerLive`) }
}

function open(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
  const stream = session.request(headers)
  stream.on('error', () => {})
  stream.resume()
  return stream
}

const EMPTY = Buffer.alloc(5)

test('a call with a second message is refused before that message has come', async () => {
  const { session, alive } = await start()
  const stream = open(session(), INFER)
  const announced = Buffer.alloc(1000)
  announced.writeUInt32BE(900_000, 1)
  stream.write(Buffer.concat([EMPTY, announced]))
  const [headers] = await once(stream, 'response')
  assert.is(headers['grpc-status'], ONE_MESSAGE)
  await alive()
})

test('256 streams watch the health; a connection that asks for more takes no new call, and keeps those it has', async () => {
  const { session, alive } = await start()
  const watching = new Set<ClientHttp2Stream>()
  const ended: number[] = []
  const watch = (own: ClientHttp2Session) => {
    const stream = open(own, WATCH)
    stream.on('data', () => watching.add(stream))
    stream.on('close', () => ended.push(stream.rstCode ?? 0))
    stream.end(EMPTY)
  }
  const own = [session(), session(), session()]
  for (const one of own) for (let count = 0; count < 100; count++) watch(one)
  await until(() => watching.size + ended.length === 300, 'each stream watches or is refused')
  assert.is(watching.size, 256)
  assert.ok(ended.every((code) => code === constants.NGHTTP2_REFUSED_STREAM))
  await until(() => own.some(({ closed }) => closed), 'a connection takes no more')
  assert.ok([...watching].every((stream) => !stream.closed))
  await alive()
})

test('a connection that resets its calls at once takes no more of them', async () => {
  const { session, alive } = await start()
  const own = session()
  await once(own, 'connect')
  let opened = 0
  await until(() => {
    if (own.closed || own.destroyed) return true
    open(own, INFER).close(constants.NGHTTP2_CANCEL)
    opened += 1
    return false
  }, 'the connection takes no more')
  assert.ok(opened < 200, `${opened}`)
  await alive()
})

test('beyond the limit of connections only probes are answered, the newest first, and room is given back', async () => {
  const { server } = await start({ maxConnections: 3 })
  const { port } = new URL(server.address)
  const sockets = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const socket = connectSocket(Number(port), '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      return socket
    }),
  )
  const status = (path: string, init = {}) =>
    fetch(server.address + path, { ...init, headers: { connection: 'close' } }).then(
      (answer) => answer.status,
      () => 0,
    )
  await until(async () => (await status('/v2')) === 503, 'the server is full')
  assert.is(await status('/healthz'), 200)
  assert.is(await status('/readyz'), 200)
  for (const socket of sockets) socket.destroy()
  await until(async () => (await status('/v2')) === 200, 'there is room again')
})

test('a gRPC connection without a call ends', async () => {
  const { session } = await start({ receive: { idleSeconds: 0.05 } })
  const own = session()
  await once(own, 'connect')
  await until(() => own.closed, 'the connection has ended')
})

test.run()
