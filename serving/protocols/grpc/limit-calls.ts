import type { ServerHttp2Stream } from 'node:http2'
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js'
import type { MemoryBudget, Reservation } from '../../limits/index.ts'
import { MEMORY_COST, memoryProblem } from '../request-memory.ts'
import { statusOf } from './status.ts'

/** Streams that one connection may have open; more are refused by HTTP/2 itself. */
export const MAX_STREAMS = 100

/** A message is preceded by a flag, whether it is compressed, and its length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5

/** Most that a byte of deflate becomes. */
const MAX_INFLATION = 1032

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
  return (_method, call) => {
    const stream = streamOf(call)
    const reserved = budget.reserve(MEMORY_COST.grpcCall)
    if (typeof reserved === 'string') return refuse(call, () => call.sendStatus(statusOf(memoryProblem(reserved))))
    stream.once('close', reserved.release)
    const prefix = Buffer.alloc(PREFIX_BYTES)
    let received = 0
    const onData = (chunk: Buffer) => {
      if (received < PREFIX_BYTES) chunk.copy(prefix, received)
      received += chunk.byteLength
      if (received < PREFIX_BYTES) return
      stream.removeListener('data', onData)
      const length = prefix.readUInt32BE(1)
      const compressed = prefix.readUInt8(0) === 1
      // grpc-js refuses what is too long by its length.
      if (length > maxMessageBytes) return
      const inflated = compressed ? length + Math.min(maxMessageBytes, length * MAX_INFLATION) : length
      const shortage = reserved.grow(inflated * MEMORY_COST.bodyByte)
      if (shortage !== undefined) call.sendStatus(statusOf(memoryProblem(shortage)))
    }
    stream.on('data', onData)
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        reservations.set(metadata, reserved)
        next(metadata)
      })
      .build()
    return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
  }
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
