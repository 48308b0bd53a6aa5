import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { LoadedVersion, Log, ModelRegistry, Route, ServedModel } from '../models/index.ts'
import type { Monitoring, VersionMetrics } from '../monitoring/index.ts'
import type { PredictionLog } from '../prediction-log/index.ts'
import { HttpProblem } from './http-problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The model that a request is for; null for routes that are for none. */
    served: { model: ServedModel; route: string; metrics: VersionMetrics } | null
    /** When its model was found, on the clock of `performance.now()`, milliseconds. */
    started: number
    /** The name that belongs to the key of the caller; null where none was asked for. */
    client: string | null
    /** For lines about this request; made when it is first asked for. */
    readonly ownLog: Log
    madeLog: Log | null
  }
  interface FastifyContextConfig {
    /** Label `route` of the metrics; only routes that have one are for a model. */
    metricsRoute?: string
    /** Why a route may need no key where the others do; every route without it needs one. */
    open?: 'probes' | 'metrics' | 'page'
  }
}

/** What every protocol gets. */
export interface ProtocolContext {
  registry: ModelRegistry
  monitoring: Monitoring
  predictionLog: PredictionLog
}

/** Header that says which version spoke. */
export const VERSION_HEADER = 'x-modelyard-version'

/**
 * Finds the model of each request before its body is read, so that refused bodies are counted too, and counts each answer.
 * To be called once, before the protocols are registered.
 */
export function trackServedRequests(app: FastifyInstance, { registry, monitoring }: ProtocolContext): void {
  app.decorateRequest('served', null)
  app.decorateRequest('started', 0)
  const unanswered = new Map<ServedModel, VersionMetrics>()
  const metricsOf = (model: ServedModel) => {
    const known = unanswered.get(model) ?? monitoring.version(model.name, '')
    unanswered.set(model, known)
    return known
  }
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.config.metricsRoute
    if (route !== undefined) {
      const model = targetModel(request, registry)
      request.served = { model, route, metrics: metricsOf(model) }
      request.started = performance.now()
    }
    done()
  })
  // Here the answer is final. Fastify would listen to the response for a hook after this one, which costs more than to count.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { served, started } = request
    served?.metrics.request(served.route, reply.statusCode, (performance.now() - started) / 1000)
    done(null, payload)
  })
}

/** The model that `trackServedRequests` found. */
export function servedModel(request: FastifyRequest): ServedModel {
  if (request.served === null) throw new Error(`${request.routeOptions.url} is not a route of a model`)
  return request.served.model
}

/** Who answers this request; throws a 503 while the model's stable version does not. */
export function routeOf(request: FastifyRequest): Route {
  const model = servedModel(request)
  const route = model.route(request.headers)
  if (route === undefined) throw notReady(model)
  return route
}

/** The 503 of a model that does not answer; says the stable code of the refusal, never its details. */
export function notReady(model: ServedModel): HttpProblem {
  const { state, refusal } = model.state()
  const reason = refusal === undefined ? state : `${state} (${refusal.code})`
  return new HttpProblem(503, `the model ${model.name} is not ready: ${reason}`, {}, { 'retry-after': '5' })
}

/** The version of that name: a 404 for one that nobody asked for here, a 503 for one that does not answer now. */
export function versionNamed(model: ServedModel, name: string): LoadedVersion {
  const version = model.version(name)
  if (version !== undefined) return version
  const { versions } = model.state()
  const shown = JSON.stringify(name.slice(0, 100))
  if (model.wants(name)) {
    const error = `the version ${shown} of the model ${model.name} does not answer now`
    throw new HttpProblem(503, error, {}, { 'retry-after': '5' })
  }
  if (versions.length === 0) throw notReady(model)
  throw new HttpProblem(404, `the model ${model.name} has no version ${shown}; it has ${versions.join(', ')}`)
}

/** By the path; else by the first label of Host, which is the name of the model's Service; else the only model. */
function targetModel(request: FastifyRequest, registry: ModelRegistry): ServedModel {
  const { model: named } = request.params as { model?: string }
  const name = named ?? request.host.split(/[.:]/, 1)[0] ?? ''
  const found = registry.find(name) ?? (named === undefined ? registry.only() : undefined)
  if (found !== undefined) return found
  const error =
    named === undefined
      ? 'this server has several models: name one in the path or in Host'
      : `there is no model ${JSON.stringify(named.slice(0, 100))}`
  throw new HttpProblem(404, error, { models: registry.names })
}
