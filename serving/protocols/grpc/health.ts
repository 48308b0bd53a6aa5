import { type handleUnaryCall, type Server, type ServerWritableStream, status } from '@grpc/grpc-js'
import { readNames, writeFlag } from './metadata-messages.ts'

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
const SERVING = 1
const NOT_SERVING = 2
const SERVICE_UNKNOWN = 3

/** The empty name is the server as a whole. */
const SERVICES = new Set(['', 'inference.GRPCInferenceService'])

/** How soon those who watch hear of a change, milliseconds. */
const WATCH_MS = 250

export const WATCH_PATH = '/grpc.health.v1.Health/Watch'

export interface HealthWatchers {
  /** Tells those who watch that nothing serves any more and ends their streams. */
  close(): void
}

/** Adds the standard health service, `grpc.health.v1.Health`: Check and Watch. */
export function healthService(server: Server, ready: () => boolean): HealthWatchers {
  type Watcher = ServerWritableStream<Uint8Array, Uint8Array>
  const watchers = new Map<Watcher, number>()
  const current = () => (ready() ? SERVING : NOT_SERVING)
  const tell = (watcher: Watcher, state: number) => {
    if (watchers.get(watcher) === state) return
    watchers.set(watcher, state)
    watcher.write(writeFlag(state))
  }
  const timer = setInterval(() => {
    const state = current()
    for (const [watcher, last] of watchers) if (last !== SERVICE_UNKNOWN) tell(watcher, state)
  }, WATCH_MS)
  timer.unref()

  const check: handleUnaryCall<Uint8Array, Uint8Array> = (call, reply) => {
    const service = serviceOf(call.request)
    if (service === undefined) reply({ code: status.INVALID_ARGUMENT, details: 'the message cannot be decoded' })
    else if (SERVICES.has(service)) reply(null, writeFlag(current()))
    else reply({ code: status.NOT_FOUND, details: 'there is no such service' })
  }
  const watch = (watcher: Watcher) => {
    const service = serviceOf(watcher.request)
    tell(watcher, service !== undefined && SERVICES.has(service) ? current() : SERVICE_UNKNOWN)
    watcher.on('cancelled', () => watchers.delete(watcher))
  }

  const same = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bytes = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
    requestStream: false,
  }
  server.addService(
    {
      Check: { ...bytes, path: '/grpc.health.v1.Health/Check', responseStream: false },
      Watch: { ...bytes, path: WATCH_PATH, responseStream: true },
    },
    { Check: check, Watch: watch },
  )
  return {
    close() {
      clearInterval(timer)
      for (const [watcher, last] of watchers) {
        if (last !== SERVICE_UNKNOWN) tell(watcher, NOT_SERVING)
        watcher.end()
      }
      watchers.clear()
    },
  }
}

function serviceOf(message: Uint8Array): string | undefined {
  try {
    return readNames(message).name
  } catch {
    return undefined
  }
}
