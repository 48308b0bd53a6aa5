import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ModelState } from '../../models/index.ts'
import { isObject } from '../../session/index.ts'
import { HttpProblem } from '../http-problem.ts'
import { type ProtocolContext, servedModel } from '../request-target.ts'
import { inferenceBody } from './inference-body.ts'

/** Triton's words for the states of a model. */
const STATES: Record<ModelState['state'], string> = { ready: 'READY', loading: 'LOADING', refused: 'UNAVAILABLE' }

/**
 * Triton's model repository extension. The index is answered; loading and unloading are refused with the reason: what runs
 * here is what the configuration says, so that Git stays the record of it.
 */
export function repositoryExtension(app: FastifyInstance, { registry }: ProtocolContext): void {
  app.post('/v2/repository/index', (request) => {
    const { json = {} } = inferenceBody(request)
    if (!isObject(json)) throw new HttpProblem(400, 'the body must be a JSON object')
    const { ready: readyOnly = false } = json
    if (typeof readyOnly !== 'boolean') throw new HttpProblem(400, 'ready must be true or false')
    return registry
      .states()
      .flatMap(indexEntries)
      .filter(({ state }) => !readyOnly || state === STATES.ready)
  })
  for (const action of ['load', 'unload']) {
    const options = { config: { metricsRoute: `repository-${action}` } }
    app.post(`/v2/repository/models/:model/${action}`, options, (request) => refuse(request, action))
  }
}

/** One entry a version that answers; one for the model when its stable version does not. */
function indexEntries({ name, state, refusal, versions }: ModelState) {
  const entries = versions.map((version) => ({ name, version, state: STATES.ready }))
  if (state === 'ready') return entries
  // The code only: the message names files and addresses.
  return [...entries, { name, state: STATES[state], reason: refusal?.code ?? 'loading' }]
}

function refuse(request: FastifyRequest, action: string): never {
  const { name } = servedModel(request)
  const error = `cannot ${action} the model ${name}: the configuration decides what this server runs; change it there`
  throw new HttpProblem(400, error)
}
