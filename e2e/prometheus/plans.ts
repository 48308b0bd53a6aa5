import {
  type DefinedEnvironment,
  gatewayApi,
  hpa,
  keda,
  prometheusOperator,
  rollouts,
} from '../../generators/definitions/index.ts'
import { renderManifests } from '../../generators/manifests/index.ts'
import type { PlannedEnvironment, PlannedModel, Repository } from '../../generators/repository/index.ts'
import { applyOverride, resolvePlan } from '../../generators/repository/index.ts'
import { parseYaml } from '../../generators/yaml/index.ts'

/** An object as Kubernetes reads it. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest has no narrower type
export type Manifest = any

const PROMETHEUS = 'http://prometheus.example.com:9090'

/**
 * The examples as production runs them, watched: one with a canary, one with a candidate in the shadow, all logged.
 * @param sink receives the prediction log
 */
export function watchedProduction(repository: Repository, sink: `http://${string}`): PlannedEnvironment {
  const { environments } = resolvePlan(repository)
  const find = (name: string) => {
    const environment = environments.find(({ definition }) => definition.name === name)
    if (!environment) throw new Error(`the repository has no ${name}`)
    return environment
  }
  const production = find('production')
  const definition: DefinedEnvironment = {
    ...production.definition,
    monitoring: prometheusOperator({
      release: 'prometheus',
      interval: '5s',
      runbooks: 'https://git.example.com/runbooks',
    }),
    predictionLog: { sink },
  }
  const elsewhere = new Map(find('staging').models.map((model) => [model.name, model.stable]))
  const models = production.models.map((model): PlannedModel => {
    const version = elsewhere.get(model.name) ?? model.stable
    const candidate = {
      version,
      effectiveSettings: applyOverride(version.sealedSettings, undefined),
      ...model.candidate,
      weight: 50,
    }
    switch (model.name) {
      case 'house-price':
        return { ...model, environment: definition, candidate: { ...candidate, mode: 'canary' } }
      case 'breast-biopsy':
        return { ...model, environment: definition, candidate: { ...candidate, mode: 'shadow' } }
      default:
        return { ...model, environment: definition }
    }
  })
  return { definition, models }
}

/** The same models under every engine that asks Prometheus something. */
export function withEveryEngine(environment: PlannedEnvironment): PlannedEnvironment[] {
  const scaled = keda({ prometheus: PROMETHEUS, latencyP95: '500ms', requestsPerSecond: 100, cpu: 80 })
  const route = { gateway: 'gateways/public', host: '{model}.example.com' } as const
  const steps = rollouts({ steps: [{ weight: 20, pause: '5m' }], analysis: { prometheus: PROMETHEUS } })
  const asks: Partial<DefinedEnvironment>[] = [
    { autoscaling: scaled },
    { traffic: gatewayApi(route), autoscaling: scaled },
    { traffic: steps, autoscaling: hpa({ requestsPerSecond: 100 }) },
  ]
  return [environment, ...asks.map((change) => withDefinition(environment, change))]
}

function withDefinition({ definition, models }: PlannedEnvironment, change: Partial<DefinedEnvironment>) {
  const changed = { ...definition, ...change }
  return {
    definition: changed,
    models: models.map(({ candidate, ...model }) => ({
      ...model,
      environment: changed,
      // A Rollout is a candidate by itself.
      ...(candidate && changed.traffic?.engine !== 'rollouts' && { candidate }),
    })),
  }
}

export function objectsOf(environment: PlannedEnvironment): Manifest[] {
  const files = renderManifests({ environments: [environment], findings: [] })
  return [...files].map(([path, text]) => parseYaml(path, text).document?.value)
}
