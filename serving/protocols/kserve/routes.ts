import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LoadedVersion } from '../../models/index.ts'
import { isObject, type Tensors } from '../../session/index.ts'
import { HttpProblem } from '../http-problem.ts'
import { parseJsonBody, refuseMultipart } from '../json-body.ts'
import { MEMORY_COST } from '../request-memory.ts'
import { notReady, type ProtocolContext, routeOf, servedModel, VERSION_HEADER } from '../request-target.ts'
import { serveRequest } from '../serve-request.ts'
import { prepareColumns, prepareRows, WRONG_TABLE } from '../tabular/prepare.ts'
import { writeNested, writeObject, writeValues } from '../tabular/write-nested.ts'

/**
 * KServe V1 (kserve.github.io, "V1 Inference Protocol"), which is TensorFlow Serving's REST API with another answer: the models,
 * the readiness of one, and `:predict` with `instances` (a row each) or `inputs` (columns by name, or the one tensor).
 */
export function kserveProtocol(app: FastifyInstance, { registry }: ProtocolContext): void {
  // A scope of its own: curl's default Content-Type is a form's, and TensorFlow Serving does not look at it.
  app.register(async (scope) => {
    const parseJson = scope.getDefaultJsonParser('error', 'error')
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
      const multipart = refuseMultipart(request)
      if (multipart !== undefined) done(multipart)
      else
        parseJsonBody(parseJson, request, body as Buffer, { notFinite: true, valueCost: MEMORY_COST.tableValue }, done)
    })
    scope.get('/v1/models', () => ({ models: registry.names }))
    // A name has no colon, so that `<model>:predict` is not a model of which one may ask the readiness.
    const model = '/v1/models/:model(^[^/:]+)'
    scope.get(model, { config: { metricsRoute: 'v1-ready' } }, modelReady)
    scope.post(`${model}::predict`, { config: { metricsRoute: 'v1-predict' } }, predict)
  })
}

function modelReady(request: FastifyRequest): object {
  const model = servedModel(request)
  if (model.version() === undefined) throw notReady(model)
  return { name: model.name, ready: true }
}

async function predict(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const route = routeOf(request)
  const { instances, inputs } = readBody(request.body)
  const prepare = (candidate: LoadedVersion) => {
    if (instances !== undefined) return prepareRows(candidate, instances, 'instances')
    if (isObject(inputs)) return prepareColumns(candidate, inputs, 'inputs')
    return prepareRows(candidate, Array.isArray(inputs) ? inputs : [inputs], 'inputs')
  }
  const { version, outputs } = await serveRequest(request, route, prepare, WRONG_TABLE)
  reply.header(VERSION_HEADER, version.served.name).type('application/json; charset=utf-8')
  const predictions =
    instances === undefined ? writeColumns(outputs) : writeValues(outputs, instances.length, version.served.interface)
  return reply.send(`{"predictions":${predictions}}`)
}

/** Exactly one of both, as TensorFlow Serving wants it. */
function readBody(body: unknown): { instances?: unknown[]; inputs?: unknown } {
  if (!isObject(body)) throw new HttpProblem(WRONG_TABLE, 'the body must be a JSON object with instances or inputs')
  const { instances, inputs } = body
  if ((instances === undefined) === (inputs === undefined)) {
    throw new HttpProblem(WRONG_TABLE, 'the body must have instances or inputs, one of them')
  }
  if (instances === undefined) return { inputs }
  if (!Array.isArray(instances)) throw new HttpProblem(WRONG_TABLE, 'instances must be a list')
  return { instances }
}

/** The only output, or an object of outputs by name. */
function writeColumns(outputs: Tensors): string {
  const [only, ...others] = Object.values(outputs)
  return only !== undefined && others.length === 0 ? writeNested(only) : writeObject(outputs)
}
