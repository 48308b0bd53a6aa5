import type { FastifyRequest } from 'fastify'
import { ClientGoneError, ExpiredError, QueueFullError, type RanCall } from '../batcher/index.ts'
import { type LoadedVersion, mirrorRequest, type Route } from '../models/index.ts'
import { type Tensors, WorkerStoppedError } from '../session/index.ts'
import { CHANNELS, type ModelRunEvent } from '../tracing/index.ts'
import { HttpProblem } from './http-problem.ts'

/** A request in the terms of one version. */
export interface PreparedRequest {
  feeds: Tensors
  /** All outputs when absent. */
  outputNames?: readonly string[]
  /** Milliseconds that the caller gives it; the version's own time-out when absent or longer. */
  timeoutMs?: number
}

/** Header in which a caller of any protocol says how long it waits, milliseconds. */
const TIMEOUT_HEADER = 'x-modelyard-timeout-ms'

/** As nginx logs it; nobody reads the answer, the metrics count it. */
const CLIENT_CLOSED_REQUEST = 499

/** Outputs, and the version that gave them: not always the one that was routed to, since a candidate elsewhere may be down. */
export interface ServedAnswer {
  version: LoadedVersion
  outputs: Tensors
}

/** What the core asks of a call; a Fastify request is one, and so is a gRPC call. */
export type ServedCall = Pick<FastifyRequest, 'id' | 'served' | 'log' | 'headers'> & {
  /** Destroyed: nobody would read the answer. */
  raw: { socket: { readonly destroyed: boolean } }
}

/**
 * The core under every protocol: the chosen version answers, and a mirror sees the same request without anyone waiting.
 * `prepare` turns the request into tensors for a version and throws an `HttpProblem` where it cannot. `wrongInput` is the
 * protocol's status for a request that is well formed but makes the model fail.
 */
export async function serveRequest(
  request: ServedCall,
  { version, mode = 'stable', mirror }: Route,
  prepare: (version: LoadedVersion) => PreparedRequest,
  wrongInput: number,
): Promise<ServedAnswer> {
  if (request.served !== null) request.served.metrics = version.metrics
  const { feeds, outputNames, timeoutMs = timeoutOf(request) } = prepare(version)
  const { id: requestId } = request
  const { socket } = request.raw
  let outputs: Tensors
  try {
    outputs = await version.predict(feeds, outputNames, {
      requestId,
      mode,
      timeoutMs,
      gone: () => socket.destroyed,
      ...(CHANNELS.modelRun.hasSubscribers && { ran: publishRuns(request, version) }),
    })
  } catch (error) {
    if (error instanceof QueueFullError) {
      const headers = { 'retry-after': String(error.retryAfterSeconds) }
      throw new HttpProblem(429, 'too many requests are waiting for this model', {}, headers)
    }
    if (error instanceof ExpiredError) throw new HttpProblem(504, 'the time for this request was over before it ran')
    if (error instanceof ClientGoneError) throw new HttpProblem(CLIENT_CLOSED_REQUEST, 'the client has gone')
    if (error instanceof WorkerStoppedError) {
      throw new HttpProblem(503, 'the model has stopped and is being started again', {}, { 'retry-after': '1' })
    }
    // The golden samples have shown that the model runs, so it is this input that it cannot take. ONNX Runtime's own message
    // names source files: it goes to the log only.
    request.log.warn({ model: version.model, version: version.served.name, err: error }, 'the model failed on an input')
    throw new HttpProblem(wrongInput, 'the model cannot run on this input')
  }
  if (mirror !== undefined) {
    const run = (other: LoadedVersion) => {
      const prepared = prepareOrNothing(prepare, other)
      return prepared && other.predict(prepared.feeds, prepared.outputNames, { requestId, mode: 'shadow' })
    }
    mirrorRequest(mirror, outputs, run, request.log)
  }
  return { version, outputs }
}

function publishRuns({ headers }: ServedCall, { model, served }: LoadedVersion): (call: RanCall) => void {
  return (call) => {
    const event: ModelRunEvent = { headers, model, version: served.name, ...call }
    CHANNELS.modelRun.publish(event)
  }
}

/** Milliseconds that the caller of any protocol says it waits. */
export function timeoutOf(request: Pick<ServedCall, 'headers'>): number | undefined {
  const given = request.headers[TIMEOUT_HEADER]
  if (given === undefined) return undefined
  const milliseconds = Number(given)
  if (milliseconds > 0) return milliseconds
  throw new HttpProblem(400, `the header ${TIMEOUT_HEADER} must be a number of milliseconds above 0`)
}

/** The candidate's interface may differ from the one that the request was right for. */
function prepareOrNothing(
  prepare: (version: LoadedVersion) => PreparedRequest,
  version: LoadedVersion,
): PreparedRequest | undefined {
  try {
    return prepare(version)
  } catch {
    return undefined
  }
}
