import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { joinRows } from '../batcher/index.ts'
import type { LoadedVersion, Route } from '../models/index.ts'
import { decodeOutputs, isObject, type Prediction, type Problem, type Tensors } from '../session/index.ts'
import { HttpProblem, MOST_DETAILS, wrongFields } from './http-problem.ts'
import { encoderOf, placeInRecord, prepareRecords, UNPROCESSABLE } from './named.ts'
import { routeOf, VERSION_HEADER } from './request-target.ts'
import { type PreparedRequest, type ServedCall, serveRequest, timeoutOf } from './serve-request.ts'

/**
 * Records that are encoded and submitted together: between two chunks the event loop and the model's queue are free for others.
 * The batcher cuts a chunk into calls of its own size.
 */
const CHUNK_ROWS = 256

/** Why one record has no prediction. */
interface WrongRecord {
  /** Its place in the request, from 0. */
  index: number
  error: string
  details: Problem[]
}

/** The request while it is answered. */
interface Batch {
  request: FastifyRequest
  route: Route
  /** When the caller gives up, on the clock of `performance.now()`. */
  deadline: number | undefined
  predictions: (Prediction | null)[]
  rejected: number
  /** The first of the rejected, so that an answer is not many times as long as its request. */
  errors: WrongRecord[]
  /** Problems that `errors` holds. */
  described: number
}

/** A record that is right for the version of the route. */
interface Row {
  place: number
  record: unknown
  feeds: Tensors
}

/**
 * Many records of which some may be wrong: `POST /models/:model/batch-predict` and, for the model that Host names or the only
 * one, `POST /batch-predict`. The body is a list of records, or an object with them as `instances`. The answer has a prediction
 * or null for each record, in order, all by the same version, and says why the null ones have none; a 422 when all are wrong.
 */
export function batchProtocol(app: FastifyInstance): void {
  const options = { config: { metricsRoute: 'batch-predict' } }
  app.post('/models/:model/batch-predict', options, batchPredict)
  app.post('/batch-predict', options, batchPredict)
}

async function batchPredict(request: FastifyRequest, reply: FastifyReply): Promise<object> {
  const records = readRecords(request.body)
  const timeoutMs = timeoutOf(request)
  const batch: Batch = {
    request,
    route: routeOf(request),
    deadline: timeoutMs === undefined ? undefined : performance.now() + timeoutMs,
    predictions: [],
    rejected: 0,
    errors: [],
    described: 0,
  }
  const size = chunkSize(batch.route.version)
  for (let start = 0; start < records.length; start += size) {
    await answerChunk(batch, records.slice(start, start + size))
  }
  const { predictions, rejected, errors, route } = batch
  if (rejected === records.length) throw nothingRight(errors)
  const { model, served } = route.version
  reply.header(VERSION_HEADER, served.name)
  return { model, version: served.name, predictions, rejected, errors }
}

function readRecords(body: unknown): unknown[] {
  const list = isObject(body) && Object.keys(body).length === 1 ? body.instances : body
  if (!Array.isArray(list)) throw wrongBody('must be a list of records, or an object with them as instances')
  if (list.length === 0) throw wrongBody('must hold at least one record')
  return list
}

function wrongBody(message: string): HttpProblem {
  return wrongFields(UNPROCESSABLE, [{ path: '', message }])
}

/** A call for each record where rows are not proved to be independent: no record may change what another is answered. */
function chunkSize(version: LoadedVersion): number {
  encoderOf(version)
  const fixed = version.served.interface.inputs.map(({ shape }) => shape[0]).find((size) => typeof size === 'number')
  if (fixed === undefined || fixed === 1) return version.joining?.joined ? CHUNK_ROWS : 1
  const error = `this model takes exactly ${fixed} records in a request: use POST /models/${version.model}/predict`
  throw new HttpProblem(UNPROCESSABLE, error)
}

async function answerChunk(batch: Batch, records: readonly unknown[]): Promise<void> {
  const rows: Row[] = []
  for (const record of records) {
    const place = batch.predictions.push(null) - 1
    try {
      rows.push({ place, record, feeds: prepareRecords(batch.route.version, [record], 'record').feeds })
    } catch (error) {
      reject(batch, place, error)
    }
  }
  // Where nothing is right nothing is waited for, and others must have their turn all the same.
  if (rows.length === 0) await setImmediate()
  else await predictRows(batch, rows)
}

async function predictRows(batch: Batch, rows: readonly Row[]): Promise<void> {
  const { request, route, deadline } = batch
  const prepare = (candidate: LoadedVersion): PreparedRequest => ({
    feeds: joinRows(
      rows.map(({ record, feeds }) =>
        candidate === route.version ? feeds : prepareRecords(candidate, [record], 'record').feeds,
      ),
    ),
    // Of several, each is tried by itself when they fail together.
    ...(rows.length > 1 ? { explained: false } : { placeOf: placeInRecord }),
    ...(deadline !== undefined && { timeoutMs: deadline - performance.now() }),
  })
  try {
    const { version, outputs } = await serveRequest(partOf(request, rows), route, prepare, UNPROCESSABLE)
    keepVersion(batch, version)
    const predictions = decodeOutputs(version.served.interface, outputs, rows.length)
    for (const [at, { place }] of rows.entries()) batch.predictions[place] = predictions[at] ?? null
  } catch (error) {
    const [row, ...others] = rows
    // One record may have spoilt it for the others: each is tried by itself.
    if (others.length > 0 && isWrongInput(error)) for (const each of rows) await predictRows(batch, [each])
    else if (row !== undefined) reject(batch, row.place, error)
  }
}

/** The prediction log has an event for each call, and an id for each event. */
function partOf(request: FastifyRequest, rows: readonly Row[]): ServedCall {
  const { id, served, headers, memory, raw } = request
  // Its time-outs are what is left of the batch's.
  const started = performance.now()
  return {
    id: `${id}/${rows[0]?.place ?? 0}`,
    started,
    served,
    headers,
    memory,
    raw,
    get ownLog() {
      return request.ownLog
    },
  }
}

/** Where the version of the route is down another may answer; it goes on then, since one answer has one version. */
function keepVersion(batch: Batch, version: LoadedVersion): void {
  const { decide, ...decided } = batch.route
  batch.route = decided
  if (version === decided.version) return
  if (batch.predictions.some((prediction) => prediction !== null)) {
    throw new HttpProblem(503, 'another version took over within the batch', {}, { 'retry-after': '1' })
  }
  batch.route = { ...decided, version }
}

/** Notes what is wrong with one record; anything that is wrong with the batch is thrown. */
function reject(batch: Batch, index: number, error: unknown): void {
  if (!isWrongInput(error)) throw error
  batch.rejected += 1
  const { error: message, details = [] } = error.body
  if (batch.described >= MOST_DETAILS) return
  batch.described += details.length + 1
  batch.errors.push({ index, error: message, details })
}

function isWrongInput(error: unknown): error is HttpProblem {
  return error instanceof HttpProblem && error.statusCode === UNPROCESSABLE
}

function nothingRight(errors: readonly WrongRecord[]): HttpProblem {
  const problems = errors.flatMap(({ index, error, details }): Problem[] => {
    const record = `[${index}]`
    if (details.length === 0) return [{ path: record, message: error }]
    return details.map(({ path, message }) => ({ path: joinPaths(record, path), message }))
  })
  return wrongFields(UNPROCESSABLE, problems)
}

function joinPaths(record: string, path: string): string {
  return path === '' || path.startsWith('[') ? record + path : `${record}.${path}`
}
