import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LoadedVersion } from '../models/index.ts'
import type { RecordEncoder } from '../session/index.ts'
import { HttpProblem, wrongFields } from './http-problem.ts'
import { routeOf, VERSION_HEADER } from './request-target.ts'
import { type PreparedRequest, serveRequest } from './serve-request.ts'

/** Status for wrong records. */
export const UNPROCESSABLE = 422

/**
 * Predictions from named features: `POST /models/:model/predict` and, for the model that Host names or the only one,
 * `POST /predict`. The body is one record, `{feature: value}`, answered with `{model, version, prediction}`, or a list of
 * records, answered with `{model, version, predictions}`. A wrong record is a 422 that lists every wrong field.
 */
export function namedProtocol(app: FastifyInstance): void {
  const options = { config: { metricsRoute: 'predict' } }
  app.post('/models/:model/predict', options, predict)
  app.post('/predict', options, predict)
}

async function predict(request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const { body } = request
  const list = Array.isArray(body)
  const records: readonly unknown[] = list ? body : [body]
  const route = routeOf(request)
  const prepare = (candidate: LoadedVersion) => prepareRecords(candidate, records, list ? 'list' : 'record')
  const { version, outputs } = await serveRequest(request, route, prepare, UNPROCESSABLE)
  const predictions = version.write(outputs, records.length)
  reply.header(VERSION_HEADER, version.served.name)
  reply.type('application/json; charset=utf-8')
  const from = beginning(version)
  return list ? `${from},"predictions":[${predictions.join(',')}]}` : `${from},"prediction":${predictions[0]}}`
}

const beginnings = new WeakMap<LoadedVersion, string>()

/** What the answers of a version begin with. */
function beginning(version: LoadedVersion): string {
  let text = beginnings.get(version)
  if (text === undefined) {
    text = `{"model":${JSON.stringify(version.model)},"version":${JSON.stringify(version.served.name)}`
    beginnings.set(version, text)
  }
  return text
}

/** Records as tensors of one version; throws a 422 that lists every wrong field. */
export function prepareRecords(
  version: LoadedVersion,
  records: readonly unknown[],
  paths: 'list' | 'record',
): PreparedRequest {
  const encode = encoderOf(version)
  const encoded = encode(records, { strict: version.served.strict, paths })
  for (const { feature, kind, count } of encoded.anomalies) version.metrics.anomaly(feature, kind, count)
  if (!encoded.ok) throw wrongFields(UNPROCESSABLE, encoded.problems)
  return { feeds: encoded.feeds, ...(paths === 'record' && { placeOf: placeInRecord }) }
}

/** The place of a field in a lone record, of its place among the rows. */
export function placeInRecord(place: string): string {
  return place.replace(/^\[0\]\.?/, '')
}

/** The encoder of a version with named features; throws a 422 for any other. */
export function encoderOf(version: LoadedVersion): RecordEncoder {
  if (version.encode !== null) return version.encode
  const error = `the model ${version.model} takes raw tensors: use POST /v2/models/${version.model}/infer`
  throw new HttpProblem(UNPROCESSABLE, error)
}
