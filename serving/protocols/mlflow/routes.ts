import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ModelInterface } from '../../contract/index.ts'
import { isObject, mayHoldRows, type Tensors } from '../../session/index.ts'
import { type ProtocolContext, routeOf, VERSION_HEADER } from '../request-target.ts'
import { serveRequest } from '../serve-request.ts'
import { SERVER_VERSION } from '../server-version.ts'
import { WRONG_TABLE } from '../tabular/prepare.ts'
import { writeObject, writeRecords } from '../tabular/write-nested.ts'
import { type InvocationBody, readInvocationBodies } from './invocation-body.ts'
import { readInvocation } from './read-invocation.ts'

/** MLflow's names for statuses (`mlflow.protos.databricks_pb2.ErrorCode`). */
const ERROR_CODES: Record<number, string> = {
  401: 'UNAUTHENTICATED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/**
 * MLflow's scoring server (`mlflow.pyfunc.scoring_server`, 3.x) as it answers for an ONNX model: `/invocations` for the model of
 * Host or the only one, `/models/:model/invocations` for the one that is named; `/ping`, `/health`, `/version`.
 */
export function mlflowProtocol(app: FastifyInstance, { registry }: ProtocolContext): void {
  const health = (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .code(registry.ready ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send('\n')
  const probe = { config: { open: 'probes' } } as const
  app.get('/ping', probe, health)
  app.get('/health', probe, health)
  app.get('/version', (_request, reply) => reply.type('text/plain; charset=utf-8').send(SERVER_VERSION))
  app.register(async (scope) => {
    readInvocationBodies(scope)
    // MLflow's clients read `error_code` and `message`.
    scope.addHook('preSerialization', async (_request, reply, payload) => {
      if (reply.statusCode < 400 || !isObject(payload)) return payload
      return { error_code: ERROR_CODES[reply.statusCode] ?? 'BAD_REQUEST', message: payload.error, ...payload }
    })
    const options = { config: { metricsRoute: 'invocations' } }
    scope.post('/invocations', options, invoke)
    scope.post('/models/:model/invocations', options, invoke)
  })
}

async function invoke(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const route = routeOf(request)
  const invocation = readInvocation(request.body as InvocationBody | undefined)
  const { version, outputs } = await serveRequest(request, route, invocation.prepare, WRONG_TABLE)
  reply.header(VERSION_HEADER, version.served.name).type('application/json; charset=utf-8')
  const predictions = invocation.isFrame(version)
    ? writeFrame(outputs, invocation.rows, version.served.interface)
    : writeObject(outputs)
  return reply.send(`{"predictions":${predictions}}`)
}

/**
 * A record a row. MLflow's ONNX flavour flattens every output to a column, and fails when the columns then differ in length, as
 * those of a classifier with probabilities do: here each row has its part of every output instead.
 */
function writeFrame(outputs: Tensors, rows: number, modelInterface: ModelInterface): string {
  const lengths = new Set(Object.values(outputs).map(({ data }) => data.length))
  const [length] = lengths
  const flat = lengths.size === 1 && modelInterface.outputs.every((output) => mayHoldRows(output, modelInterface))
  if (!flat || length === undefined) return writeRecords(outputs, rows, modelInterface)
  const columns = Object.entries(outputs).map(([name, tensor]) => [name, { ...tensor, shape: [length] }])
  return writeRecords(Object.fromEntries(columns), length, modelInterface)
}
