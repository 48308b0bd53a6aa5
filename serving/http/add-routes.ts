import type { FastifyInstance } from 'fastify'
import type { ServerSettings } from '../contract/index.ts'
import type { ConnectionLimit, MemoryBudget } from '../limits/index.ts'
import { pages } from '../pages/index.ts'
import {
  batchProtocol,
  feedback,
  kserveProtocol,
  limitMemory,
  mlflowProtocol,
  namedProtocol,
  openInferenceProtocol,
  type ProtocolContext,
  trackServedRequests,
} from '../protocols/index.ts'
import type { Authenticator } from '../security/index.ts'
import { accessLog } from './access-log.ts'
import { answerHeaders } from './answer-headers.ts'
import { authenticate } from './authenticate.ts'
import { compressAnswers, inflateBodies } from './content-encoding.ts'
import { uniformErrors } from './errors.ts'
import { probes } from './probes.ts'
import { probesOnlyBeyond } from './probes-only.ts'
import type { ServerState } from './server-state.ts'

export interface RouteContext extends ProtocolContext {
  settings: ServerSettings
  state: ServerState
  budget: MemoryBudget
  connections: ConnectionLimit
  /** Absent: everybody may ask. */
  authenticator?: Authenticator
}

/** Gives the server its routes; with a port of their own for probes and metrics it has everything but these. */
export function addRoutes(app: FastifyInstance, context: RouteContext, ownManagement: boolean): void {
  const { settings, registry, monitoring, predictionLog, authenticator, connections } = context
  addHooks(app, context, { encrypted: settings.tls !== undefined, pathsAreKnown: false })
  const served = { registry, monitoring, predictionLog }
  probesOnlyBeyond(app, connections)
  trackServedRequests(app, served)
  if (!ownManagement) probes(app, registry, monitoring, context.state)
  namedProtocol(app)
  batchProtocol(app)
  openInferenceProtocol(app, served)
  kserveProtocol(app, served)
  mlflowProtocol(app, served)
  feedback(app, served)
  pages(app, registry, { ownManagement, ...(authenticator && { authenticator }) })
}

/** Gives the server of the management port its routes: probes and metrics. */
export function addManagementRoutes(app: FastifyInstance, context: RouteContext): void {
  addHooks(app, context, { encrypted: false, pathsAreKnown: true })
  probes(app, context.registry, context.monitoring, context.state)
}

function addHooks(
  app: FastifyInstance,
  context: RouteContext,
  { encrypted, pathsAreKnown }: { encrypted: boolean; pathsAreKnown: boolean },
): void {
  const { settings, monitoring, authenticator, state, budget } = context
  uniformErrors(app)
  answerHeaders(app, state, encrypted)
  inflateBodies(app)
  limitMemory(app, budget)
  compressAnswers(app)
  accessLog(app, settings.accessLog ?? 0)
  if (authenticator !== undefined) authenticate(app, { authenticator, monitoring, pathsAreKnown })
}
