import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js'
import type { MemoryBudget, Reservation } from '../../limits/index.ts'
import { MEMORY_COST, memoryProblem } from '../request-memory.ts'
import { WATCH_PATH } from './health.ts'
import { statusOf } from './status.ts'

/** Streams that one connection may have open; more are refused by HTTP/2 itself. */
export const MAX_STREAMS = 100

/** Streams that may watch the health at a time: kubelets and load balancers, a few each. */
const MAX_WATCHERS = 256

/** A message is preceded by a flag, whether it is compressed, and its length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5

/** Most that a byte of deflate becomes. */
const MAX_INFLATION = 1032

/** Share of the budget that calls may take beside their messages, so that none of them is worth much. */
const CALLS_SHARE = 1 / 4

/** Calls one after the other that are refused or reset, after which a connection takes no more. */
const MAX_STRIKES = 8

const reservations = new WeakMap<Metadata, Reservation>()

/** What the call with this metadata holds of the memory budget; null for a call that was not limited. */
export function reservationOf(metadata: Metadata): Reservation | null {
  return reservations.get(metadata) ?? null
}

/**
 * Reserves memory for each call when it begins, and for its message when its length is known: before the rest has arrived. What
 * is refused ends as UNAVAILABLE or RESOURCE_EXHAUSTED. Everything is given back when the stream closes, however it does.
 * To be the first interceptor, so that it sees calls without a key too.
 */
export function limitCalls(budget: MemoryBudget, maxMessageBytes: number): ServerInterceptor {
  let open = 0
  let watching = 0
  return ({ path }, call) => {
    const stream = streamOf(call)
    const watches = path === WATCH_PATH
    const isFull =
      (open + 1) * MEMORY_COST.grpcCall > budget.capacity * CALLS_SHARE || (watches && watching >= MAX_WATCHERS)
    const reserved = isFull ? 'busy' : budget.reserve(MEMORY_COST.grpcCall)
    if (typeof reserved === 'string') return refuse(call, () => refuseStream(stream))
    const { session } = stream
    open += 1
    if (watches) watching += 1
    stream.once('close', () => {
      open -= 1
      if (watches) watching -= 1
      reserved.release()
      // Reset before anything of its message had come: a flood of such calls costs its sender nothing (CVE-2023-44487).
      if (received === 0) strike(session)
    })
    const prefix = Buffer.alloc(PREFIX_BYTES)
    let received = 0
    /** Bytes of the message with its prefix; undefined until that is known. */
    let expected: number | undefined
    const end = (ended: Parameters<ServerInterceptingCallInterface['sendStatus']>[0]) => {
      stream.removeListener('data', onData)
      // What still comes is thrown away, and no part of it is put together.
      takeApart = []
      call.sendStatus(ended)
      // Under Node 22 the status of a stream that is closed at once is never sent.
      setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR))
    }
    const onData = (chunk: Buffer) => {
      if (received < PREFIX_BYTES) chunk.copy(prefix, received)
      received += chunk.byteLength
      if (received < PREFIX_BYTES) return
      if (expected === undefined) {
        const length = prefix.readUInt32BE(1)
        const compressed = prefix.readUInt8(0) === 1
        expected = PREFIX_BYTES + length
        // grpc-js refuses what is too long by its length.
        if (length > maxMessageBytes) return stream.removeListener('data', onData)
        const inflated = compressed ? length + Math.min(maxMessageBytes, length * MAX_INFLATION) : length
        const shortage = reserved.grow(inflated * MEMORY_COST.bodyByte)
        if (shortage !== undefined) return end(statusOf(memoryProblem(shortage)))
      }
      if (received >= expected && session !== undefined) strikes.delete(session)
      // Of another message nobody knows the length, and grpc-js would put it together before it refuses it.
      if (received > expected) end({ code: status.UNIMPLEMENTED, details: 'a call takes one message' })
    }
    // Before grpc-js takes messages apart, which it does in listeners of its own.
    let takeApart = stream.listeners('data')
    stream.removeAllListeners('data')
    stream.on('data', onData)
    stream.on('data', (chunk: Buffer) => {
      for (const take of takeApart) take.call(stream, chunk)
    })
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        reservations.set(metadata, reserved)
        next(metadata)
      })
      .build()
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
  }
}

/** Calls of a connection one after the other that were refused, or reset before anything of them had come. */
const strikes = new WeakMap<Http2Session, number>()

/**
 * Counts such a call. A connection that goes on all the same takes no more: the calls that it has are answered, others its client makes on
 * a new one. What HTTP/2 refuses by itself costs a small part of what a call does.
 */
function strike(session: Http2Session | undefined): void {
  if (session === undefined || session.closed) return
  const count = (strikes.get(session) ?? 0) + 1
  strikes.set(session, count)
  if (count >= MAX_STRIKES) session.close()
}

/** Refuses a call by HTTP/2 itself, which clients take for UNAVAILABLE: an answer would be kept until it is read. */
function refuseStream(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_REFUSED_STREAM)
  strike(stream.session)
}

/** Ends a call before it is read. */
export function refuse(call: ServerInterceptingCallInterface, end: () => void): ServerInterceptingCall {
  return new ServerInterceptingCall(call, new ResponderBuilder().withStart(end).build())
}

/**
 * The HTTP/2 stream of a call. grpc-js has no public way to see a message before all of it is in memory; its base call has carried
 * its stream under this name since it has interceptors (1.10).
 */
function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  const { stream } = call as { stream?: ServerHttp2Stream }
  if (stream === undefined) throw new Error('@grpc/grpc-js: a call has no stream; messages cannot be limited')
  return stream
}
