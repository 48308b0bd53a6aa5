import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { gzipSync } from 'node:zlib'
import type { LimitedServer } from './limited-server.ts'

const INFER = '/inference.GRPCInferenceService/ModelInfer'
const WATCH = '/grpc.health.v1.Health/Watch'
const MEGABYTE = 2 ** 20

/** How long an attack waits for what it has sent to be dealt with, milliseconds. */
const PATIENCE_MS = 15_000

/** A message as gRPC frames it: whether it is compressed, its length, its bytes. */
function framed(content: Uint8Array, { compressed = 0, length = content.byteLength } = {}): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(compressed)
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, content])
}

function open(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  const call = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers }
  const stream = session.request(call)
  stream.on('error', () => {})
  stream.resume()
  return stream
}

/** Opens connections, does something on each, and ends them when every stream has closed or patience has. */
async function onConnections(
  server: LimitedServer,
  count: number,
  attack: (session: ClientHttp2Session) => ClientHttp2Stream[] | Promise<ClientHttp2Stream[]>,
): Promise<void> {
  const sessions = Array.from({ length: count }, () => connect(`http://127.0.0.1:${server.grpcPort}`))
  const dealtWith = sessions.map(async (session) => {
    session.on('error', () => {})
    const streams = await attack(session)
    await Promise.all(
      streams.map((stream) => new Promise((resolve) => (stream.closed ? resolve(0) : stream.once('close', resolve)))),
    )
  })
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS)
  })
  await Promise.race([Promise.all(dealtWith), patience])
  clearTimeout(timer)
  for (const session of sessions) session.destroy()
}

/** The server has sent away the connection. */
const hasEnded = ({ closed, destroyed }: ClientHttp2Session) => closed || destroyed

const times = <T>(count: number, what: () => T): T[] => Array.from({ length: count }, what)

/** Streams that watch the health, on so many connections; most are refused. */
export function watchStreams(server: LimitedServer, streams: number, connections: number): Promise<void> {
  return onConnections(server, connections, async (session) => {
    const opened: ClientHttp2Stream[] = []
    for (let count = 0; count < streams / connections && !hasEnded(session); count++) {
      const stream = open(session, WATCH)
      stream.end(framed(new Uint8Array()))
      opened.push(stream)
      // One process makes all of them: it must have turns to send them and to hear of the refusals.
      if (count % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
    }
    // Those that may watch stay open until the connection ends.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    session.destroy()
    return opened
  })
}

/** Many empty messages where one is allowed. */
export function smallMessages(server: LimitedServer): Promise<void> {
  const flood = Buffer.concat(times(2000, () => framed(new Uint8Array())))
  return onConnections(server, 10, (session) =>
    times(100, () => {
      const stream = open(session, INFER)
      stream.end(flood)
      return stream
    }),
  )
}

/** A small message, for which little memory is reserved, and after it one that takes much. */
export function secondMessages(server: LimitedServer): Promise<void> {
  const both = Buffer.concat([framed(new Uint8Array()), framed(Buffer.alloc(15 * MEGABYTE))])
  return onConnections(server, 8, (session) =>
    times(5, () => {
      const stream = open(session, INFER)
      // Without its last byte, so that the server goes on waiting for it.
      stream.write(both.subarray(0, -1))
      return stream
    }),
  )
}

/** Lengths of messages that never come. */
export function lengthsOnly(server: LimitedServer): Promise<void> {
  return onConnections(server, 10, (session) =>
    times(100, () => {
      const stream = open(session, INFER)
      stream.write(framed(new Uint8Array(), { length: Math.random() < 0.5 ? 2 ** 32 - 1 : 15 * MEGABYTE }))
      return stream
    }),
  )
}

/** A quarter of a gigabyte of zeros in each message. */
export function bombs(server: LimitedServer): Promise<void> {
  const bomb = framed(gzipSync(Buffer.alloc(256 * MEGABYTE), { level: 9 }), { compressed: 1 })
  return onConnections(server, 10, (session) =>
    times(20, () => {
      const stream = open(session, INFER, { 'grpc-encoding': 'gzip' })
      stream.end(bomb)
      return stream
    }),
  )
}

/** Calls that are reset as soon as they are opened (CVE-2023-44487). */
export function rapidResets(server: LimitedServer): Promise<void> {
  return onConnections(server, 20, async (session) => {
    const streams: ClientHttp2Stream[] = []
    for (let count = 0; count < 1000 && !hasEnded(session); count++) {
      const stream = open(session, INFER)
      stream.close(constants.NGHTTP2_CANCEL)
      streams.push(stream)
      if (count % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
    }
    return streams
  })
}
