import { channel } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallHeaders } from './trace-context.ts'

/** A gRPC call begins, or has ended. The HTTP requests that Node reads it publishes itself (`http.server.request.start`). */
export interface GrpcCallEvent {
  /** The call's metadata; the same object in every event of the call. */
  headers: CallHeaders
  /** `/package.Service/Method` */
  path: string
  /** gRPC's status code; undefined at the beginning. */
  code?: number
}

/** One model call on behalf of one request. Times are of `performance.now()`, milliseconds. */
export interface ModelRunEvent {
  headers: CallHeaders
  model: string
  version: string
  /** When the request was queued; undefined for the later calls of a request that takes several. */
  queued: number | undefined
  started: number
  ended: number
  /** Rows of this call, of all requests that share it. */
  rows: number
}

/** The process is about to end. */
export interface StoppingEvent {
  /** It waits for this. */
  waitFor(work: Promise<unknown>): void
}

/**
 * What the optional OpenTelemetry layer listens to. Without a listener nothing is measured or published. A listener that begins
 * a span for a request puts it into the request's `traceparent`, so that the log and remote calls name that span.
 */
export const CHANNELS = {
  /** `GrpcCallEvent` */
  grpcStart: channel('modelyard-serving:grpc.start'),
  /** `GrpcCallEvent` */
  grpcEnd: channel('modelyard-serving:grpc.end'),
  /** `ModelRunEvent` */
  modelRun: channel('modelyard-serving:model.run'),
  /** `StoppingEvent` */
  stopping: channel('modelyard-serving:stopping'),
}

/** Tells listeners that the process is about to end, and waits for them, but not longer than this. */
export async function publishStopping(timeoutMs: number): Promise<void> {
  const pending: Promise<unknown>[] = []
  const event: StoppingEvent = { waitFor: (work) => pending.push(work) }
  CHANNELS.stopping.publish(event)
  if (pending.length === 0) return
  const timeout = new AbortController()
  await Promise.race([Promise.allSettled(pending), sleep(timeoutMs, undefined, timeout).catch(() => {})])
  timeout.abort()
}
