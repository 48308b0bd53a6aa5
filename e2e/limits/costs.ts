import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONNECTION_COST } from '../../serving/limits/connection-limit.ts'
import { MEMORY_COST } from '../../serving/protocols/request-memory.ts'
import { IRIS_MODELS } from '../served/iris-model.ts'
import { type LimitedServer, startLimitedServer } from './limited-server.ts'

/**
 * What connections, calls and bodies take of the server's memory beside what the budget counts for them: bytes that the cgroup grows by
 * while many of them are held, a new server each. `node -C modelyard-source --import tsx e2e/limits/costs.ts`. Garbage that V8 has not collected is
 * part of a figure, so it is at most what it says.
 */
const LIMIT = 1024 * 2 ** 20
const SETTLE_MS = 4000

interface Held {
  count: number
  counted: number
  /** Holds so many. */
  hold(server: LimitedServer, count: number): () => void
}

function idle(port: 'port' | 'grpcPort') {
  return (server: LimitedServer, count: number) => {
    const sockets = Array.from({ length: count }, () => connect(server[port], '127.0.0.1').on('error', () => {}))
    return () => {
      for (const socket of sockets) socket.destroy()
    }
  }
}

function sessions(streams: number) {
  return (server: LimitedServer, count: number) => {
    const opened = Array.from({ length: count / Math.max(1, streams) }, () =>
      connectHttp2(`http://127.0.0.1:${server.grpcPort}`),
    )
    for (const session of opened) {
      session.on('error', () => {})
      for (let stream = 0; stream < streams; stream++) {
        const call = session.request({
          ':method': 'POST',
          ':path': '/inference.GRPCInferenceService/ModelInfer',
          'content-type': 'application/grpc',
          te: 'trailers',
        })
        call.on('error', () => {})
        // The first byte of a prefix: the call waits for the rest.
        call.write(Buffer.alloc(1))
      }
    }
    return () => {
      for (const session of opened) session.destroy()
    }
  }
}

/** Requests whose last byte is missing. */
function unfinished(body: Buffer) {
  return (server: LimitedServer, count: number) => {
    const head = `POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.byteLength}\r\n\r\n`
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(server.port, '127.0.0.1').on('error', () => {})
      socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, -1)]))
      return socket
    })
    return () => {
      for (const socket of sockets) socket.destroy()
    }
  }
}

const BODY = Buffer.alloc(64 * 1024, 0x20)
const CASES: Record<string, Held> = {
  'idle HTTP connection': { count: 3000, counted: CONNECTION_COST.http, hold: idle('port') },
  'idle gRPC connection, nothing sent': { count: 1000, counted: CONNECTION_COST.grpc, hold: idle('grpcPort') },
  'idle gRPC connection with its session': { count: 1000, counted: CONNECTION_COST.grpc, hold: sessions(0) },
  'gRPC call that waits': { count: 5000, counted: MEMORY_COST.grpcCall, hold: sessions(100) },
  'HTTP request of 64 KiB that waits': {
    count: 500,
    counted: MEMORY_COST.request + BODY.byteLength * MEMORY_COST.bodyByte + CONNECTION_COST.http,
    hold: unfinished(BODY),
  },
}

for (const [name, { count, counted, hold }] of Object.entries(CASES)) {
  const server = await startLimitedServer(IRIS_MODELS, LIMIT, { maxConnections: 10_000 })
  if (typeof server === 'string') {
    console.log(`skipped: needs a memory cgroup (${server}), get it by running as root or with a delegated cgroup`)
    break
  }
  // The first third fills what the start has left free in the heap.
  const first = hold(server, count)
  await sleep(SETTLE_MS)
  const before = server.cgroup.usedBytes()
  const rest = hold(server, 2 * count)
  await sleep(SETTLE_MS)
  const each = Math.round((server.cgroup.usedBytes() - before) / (2 * count))
  console.log(`${name}: ${each} bytes each, of ${2 * count}; counted as ${counted}`)
  first()
  rest()
  await server.stop()
}
