import type { FastifyRequest } from 'fastify'
import { ClientGoneError, ExpiredError, QueueFullError, type RanCall } from '../batcher/index.ts'
import { type Caller, type LoadedVersion, mirrorRequest, RemoteError, type Route } from '../models/index.ts'
import { type Tensors, WorkerStoppedError } from '../session/index.ts'
import { CHANNELS, type ModelRunEvent, traceHeaders } from '../tracing/index.ts'
import { explainFailure, type PlaceOf } from './explain-failure.ts'
import { HttpProblem } from './http-problem.ts'
import { admitAnswer } from './request-memory.ts'

/** A request in the terms of one version. */
export interface PreparedRequest {
  feeds: Tensors
  /** Where a field of a row (`[3].town`) stands in the request; absent where the path says it as it is. */
  placeOf?: PlaceOf
  /** Whether the answer to a failed run says which fields it may be: true unless told otherwise. */
  explained?: boolean
  /** All outputs when absent. */
  outputNames?: readonly string[]
  /** Milliseconds that the caller gives it; the version's own time-out when absent or longer. */
  timeoutMs?: number
}

/** Header in which a caller of any protocol says how long it waits, milliseconds. */
const TIMEOUT_HEADER = 'x-modelyard-timeout-ms'

const CANNOT_RUN = 'the model cannot run on this input'

/** Fields that a line of the log names. */
const MAX_LOGGED_FIELDS = 10

/** As nginx logs it; nobody reads the answer, the metrics count it. */
const CLIENT_CLOSED_REQUEST = 499

/** Outputs, and the version that gave them: not always the one that was routed to, since a candidate elsewhere may be down. */
export interface ServedAnswer {
  version: LoadedVersion
  outputs: Tensors
}

/** What the core asks of a call; a Fastify request is one, and so is a gRPC call. */
export type ServedCall = Pick<FastifyRequest, 'id' | 'started' | 'served' | 'ownLog' | 'headers' | 'memory'> & {
  /** Destroyed: nobody would read the answer. */
  raw: { socket: { readonly destroyed: boolean } }
}

/**
 * The core under every protocol: the chosen version answers, or the stable one where a candidate gives no answer (its thread
 * has ended, the other server is down), and a mirror sees the same request without anyone waiting.
 * `prepare` turns the request into tensors for a version and throws an `HttpProblem` where it cannot. `wrongInput` is the
 * protocol's status for a request that is well formed but makes the model fail.
 */
export async function serveRequest(
  request: ServedCall,
  route: Route,
  prepare: (version: LoadedVersion) => PreparedRequest,
  wrongInput: number,
): Promise<ServedAnswer> {
  const { id: requestId } = request
  const { socket } = request.raw
  const gone = () => socket.destroyed
  const { undecided, decided } = decide(route, prepare)
  const { version, mode = 'stable', mirror, fallback } = decided
  const forward = version.elsewhere || mirror?.elsewhere ? traceHeaders(request.headers) : undefined
  const ask = (asked: LoadedVersion, prepared: PreparedRequest, mode: Caller['mode'], leaveTime: boolean) => {
    const { feeds, outputNames, timeoutMs = timeoutOf(request) } = prepared
    // What has been used up of the time, by reading the request or by a candidate, is not there any more.
    const left = timeoutMs && timeoutMs - (performance.now() - request.started)
    const ran = CHANNELS.modelRun.hasSubscribers ? publishRuns(request, asked) : undefined
    return asked.predict(feeds, outputNames, { requestId, mode, timeoutMs: left, gone, ran, leaveTime, forward })
  }
  const spokenBy = (spoke: LoadedVersion) => {
    if (request.served !== null) request.served.metrics = spoke.metrics
  }
  spokenBy(version)
  const prepared = undecided && version === route.version ? undecided : prepare(version)
  let answered = version
  const fallBack = (error: unknown) => {
    if (fallback === undefined || !(error instanceof RemoteError || error instanceof WorkerStoppedError)) throw error
    version.metrics.fellBack(error instanceof RemoteError ? error.reason : 'stopped')
    request.ownLog.warn({ ...named(version), err: error }, 'a candidate gave no answer; the stable version does')
    answered = fallback
    spokenBy(fallback)
    return ask(fallback, prepare(fallback), 'stable', false)
  }
  let outputs: Tensors
  try {
    const asked = ask(version, prepared, mode, fallback !== undefined)
    outputs = await (fallback === undefined ? asked : asked.catch(fallBack))
  } catch (error) {
    const used = answered === version ? prepared : prepareOrNothing(prepare, answered)
    throw await failure(error, request, { version: answered, prepared: used, wrongInput })
  }
  if (mirror !== undefined) {
    const run = (other: LoadedVersion) => {
      const prepared = prepareOrNothing(prepare, other)
      return prepared && other.predict(prepared.feeds, prepared.outputNames, { requestId, mode: 'shadow', forward })
    }
    mirrorRequest(mirror, outputs, run, request)
  }
  admitAnswer(request, outputs)
  return { version: answered, outputs }
}

/** An A/B test by a feature needs the request in tensors first; where the stable version then answers they are its own. */
function decide(route: Route, prepare: (version: LoadedVersion) => PreparedRequest) {
  if (route.decide === undefined) return { decided: route }
  const undecided = prepare(route.version)
  return { undecided, decided: route.decide(undecided.feeds) }
}

/** Why a version did not answer, as the caller is told. */
async function failure(
  error: unknown,
  call: ServedCall,
  {
    version,
    prepared,
    wrongInput,
  }: { version: LoadedVersion; prepared: PreparedRequest | undefined; wrongInput: number },
): Promise<HttpProblem> {
  if (error instanceof HttpProblem) return error
  if (error instanceof QueueFullError) {
    const headers = { 'retry-after': String(error.retryAfterSeconds) }
    return new HttpProblem(429, 'too many requests are waiting for this model', {}, headers)
  }
  if (error instanceof ExpiredError) return new HttpProblem(504, 'request timed out in the queue')
  if (error instanceof ClientGoneError) return new HttpProblem(CLIENT_CLOSED_REQUEST, 'the client has gone')
  if (error instanceof WorkerStoppedError) {
    return new HttpProblem(503, 'the model has stopped and is being started again', {}, { 'retry-after': '1' })
  }
  if (error instanceof RemoteError) {
    call.ownLog.warn({ ...named(version), err: error }, 'the version elsewhere gave no answer')
    if (error.reason === 'time_out') return new HttpProblem(504, 'the server of this version did not answer in time')
    return new HttpProblem(503, 'the server of this version does not answer', {}, { 'retry-after': '1' })
  }
  // The golden samples have shown that the model runs, so it is this input that it cannot take.
  const details =
    prepared && prepared.explained !== false
      ? await explainFailure(version, prepared.feeds, prepared.placeOf ?? ((place) => place))
      : []
  // Names only: what ONNX Runtime says, and what the answer says, may quote values that nobody may log.
  const fields = details.slice(0, MAX_LOGGED_FIELDS).map(({ path }) => path)
  call.ownLog.warn({ ...named(version), err: error, fields }, 'the model failed on an input')
  const [first] = details
  if (first === undefined) return new HttpProblem(wrongInput, CANNOT_RUN)
  const more = details.length > 1 ? `, and ${details.length - 1} more` : ''
  return new HttpProblem(wrongInput, `${CANNOT_RUN}: ${first.path} ${first.message}${more}`, { details })
}

function named({ model, served }: LoadedVersion) {
  return { model, version: served.name }
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
