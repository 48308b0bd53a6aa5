import type { FastifyInstance } from 'fastify'
import { POD } from '../contract/index.ts'
import type { ModelRegistry } from '../models/index.ts'
import type { Monitoring } from '../monitoring/index.ts'
import type { ServerState } from './server-state.ts'

/** Liveness, startup and readiness as contract/pod.ts defines them, and the metrics. */
export function probes(
  app: FastifyInstance,
  registry: ModelRegistry,
  monitoring: Monitoring,
  state: ServerState,
): void {
  const probe = { config: { open: 'probes' } } as const
  app.get(POD.livenessPath, probe, () => ({ live: true }))

  app.get(POD.startupPath, probe, (_request, reply) => {
    return reply.code(registry.started ? 200 : 503).send({ started: registry.started })
  })

  app.get(POD.readinessPath, probe, (_request, reply) => {
    const ready = registry.ready && !state.draining
    const models = registry.states().map(({ name, state: modelState, refusal, versions }) => ({
      name,
      state: modelState,
      versions,
      // The code only: the message names files and addresses.
      ...(refusal === undefined ? {} : { reason: refusal.code }),
    }))
    return reply.code(ready ? 200 : 503).send({ ready, draining: state.draining, models })
  })

  app.get(POD.metricsPath, { config: { open: 'metrics' } }, async (_request, reply) => {
    return reply.type(monitoring.contentType).send(await monitoring.text())
  })
}
