import type { FastifyInstance, FastifyRequest } from 'fastify'
import { JSON_LENGTH_HEADER } from '../../contract/index.ts'
import { HttpProblem } from '../http-problem.ts'
import { parseJsonBody, refuseMultipart } from '../json-body.ts'
import { MEMORY_COST } from '../request-memory.ts'

/** A body of the Open Inference Protocol. */
export interface InferenceBody {
  /** Undefined for raw bytes alone. */
  json: unknown
  /** Empty where the request has none. */
  binary: Uint8Array
}

const NOTHING = new Uint8Array(0)

const NO_BODY: InferenceBody = { json: undefined, binary: NOTHING }

/**
 * Reads bodies as Triton does: JSON whatever Content-Type says (its own client sends none), followed by raw bytes when
 * Inference-Header-Content-Length says where the JSON ends. Numbers that JSON cannot hold arrive as text (`numberFromText`).
 * The request's body becomes an `InferenceBody`.
 */
export function readInferenceBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const whole = body as Buffer
    if (whole.byteLength === 0) return done(null, NO_BODY)
    const length = jsonLength(request, whole.byteLength)
    if (length instanceof HttpProblem) return done(length)
    if (length === 0) return done(null, { json: undefined, binary: whole })
    const multipart = refuseMultipart(request)
    if (multipart !== undefined) return done(multipart)
    const binary = length === undefined ? NOTHING : whole.subarray(length)
    parseJsonBody(
      parseJson,
      request,
      whole.subarray(0, length),
      { notFinite: true, valueCost: MEMORY_COST.tensorValue },
      (error, json) => done(error, { json, binary }),
    )
  })
}

/** Undefined when the whole body is JSON. */
function jsonLength({ headers }: FastifyRequest, size: number): number | undefined | HttpProblem {
  const given = headers[JSON_LENGTH_HEADER]
  if (given === undefined) return undefined
  const length = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
  if (length <= size) return length
  return new HttpProblem(400, `Inference-Header-Content-Length must be from 0 to the length of the body, ${size}`)
}

/** The body that `readInferenceBodies` has read. */
export function inferenceBody({ body }: FastifyRequest): InferenceBody {
  return (body as InferenceBody | undefined) ?? NO_BODY
}
