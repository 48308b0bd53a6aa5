import {
  type DriftObjective,
  type MemoryQuantity,
  type Monitoring,
  parseMemory,
  type ServerSwitches,
  type TrafficEngine,
} from '../../definitions/index.ts'
import { type PlannedModel, podResources } from '../../repository/index.ts'
import { workloadsOf } from '../workload/workload.ts'
import type { Variable } from './queries.ts'
import { type ServiceLevel, serviceLevel } from './service-level.ts'

/** What the objects of a model's monitoring are made from. */
export interface ModelMonitoring {
  settings: Monitoring
  engine: TrafficEngine['engine']
  server: ServerSwitches | undefined
  scope: { namespace: string; model: string }
  /** Who answers for the model: alerts can be routed by it. */
  owner: string
  objective: ServiceLevel
  drift: Required<DriftObjective>
  /** What has a baseline, so that its drift can be told. */
  variables: Variable[]
  /** An output has probabilities. */
  confidence: boolean
  /** A candidate in the server of the stable version, which counts how the two compare. */
  candidate: { version: string; mode: 'canary' | 'ab' | 'shadow' } | undefined
  /** Digests that Git asks for. */
  digests: string[]
  /** There may be no pods. */
  mayBeAway: boolean
  /** Requests of this model are logged. */
  logged: boolean
  /** Bytes that a pod of the stable version may use. */
  memoryLimit: number
}

/** Undefined where the environment asks for no monitoring. */
export function modelMonitoring(model: PlannedModel): ModelMonitoring | undefined {
  const { name, environment, stable, candidate, effectiveSettings } = model
  const { monitoring } = environment
  if (monitoring === undefined) return undefined
  const { engine } = environment.traffic ?? { engine: 'server-split' }
  const [main] = workloadsOf(model)
  const versions = [stable, ...(candidate ? [candidate.version] : [])].map(({ facts }) => facts)
  const hasBaseline = versions.some(({ bundle }) => bundle.baseline !== undefined)
  const named = versions.some((facts) => facts.interface.inputs.some(({ columns = [] }) => columns.length > 0))
  return {
    settings: monitoring,
    engine,
    server: environment.server,
    scope: { namespace: model.namespace, model: name },
    owner: effectiveSettings.owner,
    objective: serviceLevel(effectiveSettings.slo),
    drift: driftObjective(monitoring),
    variables: hasBaseline ? [...(named ? (['feature'] as const) : []), 'output'] : [],
    confidence:
      hasBaseline &&
      versions.some((facts) =>
        facts.interface.outputs.some(({ labels = [], datatype }) => labels.length > 1 && /^float/.test(datatype)),
      ),
    candidate:
      engine === 'server-split' && candidate
        ? { version: candidate.version.facts.version, mode: candidate.mode }
        : undefined,
    digests: versions.map(({ bundle }) => bundle.model.sha256),
    mayBeAway: model.scaleToZero !== undefined,
    logged: environment.predictionLog !== undefined,
    memoryLimit: parseMemory(podResources(main.model).memory as MemoryQuantity),
  }
}

export function driftObjective({ drift }: Monitoring): Required<DriftObjective> {
  return { psi: 0.2, window: '1d', values: 1000, ...drift }
}
