import type { PinFile, TrafficEngine } from '../definitions/index.ts'
import type { PlannedVersion } from './plan.ts'

/** What an engine cannot do of what a pin asks. */
export interface TrafficProblem {
  /** Property of the pin's candidate. */
  field: string
  message: string
  fix: string
}

type Candidate = NonNullable<PinFile['candidate']>

/** Why this engine cannot bring requests to this candidate; undefined when it can. */
export function trafficProblem(
  engine: TrafficEngine = { engine: 'server-split' },
  candidate: Candidate,
  stable: PlannedVersion,
  version: PlannedVersion,
): TrafficProblem | undefined {
  switch (engine.engine) {
    case 'server-split':
      return serverSplitProblem(candidate, stable, version)
    case 'gateway-api':
      return gatewayProblem(candidate)
    case 'replicas':
      return replicasProblem(candidate, engine.total)
    case 'rollouts':
      return {
        field: 'release',
        message: 'rollouts() brings in what `stable` names by its own steps, and holds no candidate',
        fix: 'Write the candidate as stable, or give the environment gatewayApi() for a long test.',
      }
  }
}

function serverSplitProblem(
  { value }: Candidate,
  stable: PlannedVersion,
  candidate: PlannedVersion,
): TrafficProblem | undefined {
  if (candidate.servingImage !== stable.servingImage) {
    return {
      field: 'release',
      message: `the candidate's release seals another serving image than the stable release, and both share one pod`,
      fix: 'Promote the new image with the stable version first.',
    }
  }
  if (value === undefined) return undefined
  return {
    field: 'value',
    message: 'serverSplit() draws callers by a hash of the header, and compares no value',
    fix: 'Remove value, or give the environment gatewayApi().',
  }
}

function gatewayProblem({ mode, weight, header, value, feature, salt }: Candidate): TrafficProblem | undefined {
  if (mode !== 'ab') return undefined
  const field = Object.entries({ feature, salt }).find(([, given]) => given !== undefined)?.[0]
  if (field !== undefined) {
    const message = `gatewayApi() does not read ${field === 'feature' ? 'features' : 'a salt'}`
    return { field, message, fix: 'Name a header and its value, or give the environment serverSplit().' }
  }
  if (header === undefined || value === undefined) {
    const message = 'gatewayApi() matches a header with a value, and cannot draw callers by a hash'
    return { field: 'mode', message, fix: 'Write header and value, or give the environment serverSplit().' }
  }
  if (weight === 100) return undefined
  const message = `gatewayApi() sends every request with ${header}: ${value} to the candidate, not ${weight} % of them`
  return { field: 'weight', message, fix: 'Write weight: 100.' }
}

function replicasProblem({ mode, weight }: Candidate, total: number): TrafficProblem | undefined {
  if (mode !== 'canary') {
    const message = `replicas() splits by the number of pods, which makes a canary and no ${mode}`
    return { field: 'mode', message, fix: 'Write mode: canary, or give the environment gatewayApi() or serverSplit().' }
  }
  const pods = (total * weight) / 100
  if (Number.isInteger(pods) && pods < total) return undefined
  const message = `${weight} % of ${total} pods is ${pods === total ? 'all of them' : 'no whole number of them'}`
  return {
    field: 'weight',
    message,
    fix: `Write a multiple of ${Number((100 / total).toFixed(2))} below 100, or raise the total.`,
  }
}
