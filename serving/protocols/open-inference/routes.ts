import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type InputTensor, JSON_LENGTH_HEADER, type OutputTensor, PROTOCOL_DATATYPES } from '../../contract/index.ts'
import type { LoadedVersion, Route } from '../../models/index.ts'
import {
  notReady,
  type ProtocolContext,
  routeOf,
  servedModel,
  VERSION_HEADER,
  versionNamed,
} from '../request-target.ts'
import { serveRequest } from '../serve-request.ts'
import { SERVER_VERSION } from '../server-version.ts'
import { inferenceBody, readInferenceBodies } from './inference-body.ts'
import { prepareTensors, readInferenceRequest } from './read-request.ts'
import { repositoryExtension } from './repository.ts'
import { statisticsOf } from './statistics.ts'
import { writeInferenceResponse } from './write-response.ts'

/** Protocol extensions that this server has; clients ask before they use one. */
const EXTENSIONS = ['binary_tensor_data', 'statistics', 'model_repository']

const WRONG_INPUT = 400

/**
 * Open Inference Protocol V2, REST (open-inference-protocol, specification/protocol/inference_rest.md): server and model
 * metadata, health, and inference, each model route with and without a version. Without one the model's split decides;
 * with one exactly that version answers. What is not ready answers 503.
 */
export function openInferenceProtocol(app: FastifyInstance, context: ProtocolContext): void {
  // A scope of its own: bodies are read in another way than those of the other protocols.
  app.register(async (scope) => {
    readInferenceBodies(scope)
    scope.get('/v2', () => ({ name: 'modelyard-serving', version: SERVER_VERSION, extensions: EXTENSIONS }))
    const probe = { config: { open: 'probes' } } as const
    scope.get('/v2/health/live', probe, () => ({ live: true }))
    scope.get('/v2/health/ready', probe, (_request, reply) => {
      const { ready } = context.registry
      return reply.code(ready ? 200 : 503).send({ ready })
    })
    for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
      scope.get(path, { config: { metricsRoute: 'metadata' } }, metadata)
      scope.get(`${path}/ready`, { config: { metricsRoute: 'model-ready' } }, modelReady)
      scope.get(`${path}/stats`, { config: { metricsRoute: 'statistics' } }, modelStatistics)
      scope.post(`${path}/infer`, { config: { metricsRoute: 'infer' } }, infer)
    }
    scope.get('/v2/models/stats', () => statisticsOf(context.registry.models.flatMap((model) => model.answering())))
    repositoryExtension(scope, context)
  })
}

async function infer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const route = versionedRoute(request)
  const inference = readInferenceRequest(inferenceBody(request))
  const prepare = (candidate: LoadedVersion) => prepareTensors(candidate, inference)
  const { version, outputs } = await serveRequest(request, route, prepare, WRONG_INPUT)
  const { model, served } = version
  reply.header(VERSION_HEADER, served.name)
  const { body, jsonLength } = writeInferenceResponse(model, served.name, inference, outputs)
  if (jsonLength === undefined) return reply.type('application/json; charset=utf-8').send(body)
  return reply.header(JSON_LENGTH_HEADER, jsonLength).type('application/octet-stream').send(body)
}

function metadata(request: FastifyRequest): object {
  const model = servedModel(request)
  const { version } = versionedRoute(request)
  return {
    name: model.name,
    versions: model.state().versions,
    platform: 'onnxruntime_onnx',
    inputs: version.served.interface.inputs.map(describeTensor),
    outputs: version.served.interface.outputs.map(describeTensor),
  }
}

function modelStatistics(request: FastifyRequest): object {
  if (wantedVersion(request) === undefined) return statisticsOf(servedModel(request).answering())
  return statisticsOf([versionedRoute(request).version])
}

/** A 503 when it is not ready. */
function modelReady(request: FastifyRequest): object {
  const model = servedModel(request)
  const name = wantedVersion(request)
  if (name !== undefined) versionNamed(model, name)
  else if (model.version() === undefined) throw notReady(model)
  return { name: model.name, ready: true }
}

/** The split's choice, or the version in the path. */
function versionedRoute(request: FastifyRequest): Route {
  const name = wantedVersion(request)
  if (name === undefined) return routeOf(request)
  return { version: versionNamed(servedModel(request), name), mode: 'direct' }
}

function wantedVersion(request: FastifyRequest): string | undefined {
  return (request.params as { version?: string }).version
}

function describeTensor({ name, datatype, shape }: InputTensor | OutputTensor): object {
  return {
    name,
    datatype: PROTOCOL_DATATYPES[datatype],
    shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
  }
}
