import { type PlannedModel, trafficOf } from '../../repository/index.ts'
import type { Component } from '../names.ts'

/** The pods of one version of a model, with all that is theirs alone. */
export interface Workload {
  /** As these pods see it: the version that they serve is `stable`, and `candidate` is one that shares them. */
  model: PlannedModel
  /** Name of the objects: the model's, or that with `-candidate`. */
  name: string
  component: Component
  /** Pods; an autoscaler where `min` is below `max`. */
  replicas: { min: number; max: number }
  /** Id of an object in the chart, which is its file's name. */
  id(object: string): string
}

/** The stable version's pods and, where the engine gives a candidate pods of its own, the candidate's. */
export function workloadsOf(model: PlannedModel): [Workload, ...Workload[]] {
  const { name, candidate, effectiveSettings } = model
  const engine = trafficOf(model.environment)
  const stable: Workload = {
    model,
    name,
    component: 'model-server',
    replicas: effectiveSettings.replicas,
    id: (object) => object,
  }
  const total = engine.engine === 'replicas' ? engine.total : undefined
  const fixed = (pods: number) => ({ min: pods, max: pods })
  if (engine.engine === 'server-split' || !candidate) {
    return [total === undefined ? stable : { ...stable, replicas: fixed(total) }]
  }
  const { candidate: _, ...alone } = model
  const candidatePods = total === undefined ? undefined : Math.round((total * candidate.weight) / 100)
  const own: Workload = {
    model: { ...alone, stable: candidate.version, effectiveSettings: candidate.effectiveSettings },
    name: `${name}-candidate`,
    component: 'model-candidate',
    replicas:
      candidatePods === undefined
        ? forShare(candidate.effectiveSettings.replicas, candidate.weight)
        : fixed(candidatePods),
    id: (object) => `candidate-${object}`,
  }
  const rest = candidatePods === undefined ? effectiveSettings.replicas : fixed((total ?? 0) - candidatePods)
  return [{ ...stable, model: alone, replicas: rest }, own]
}

/** Pods for a share of the requests, percent: two at least where the model has two, so that a drain does not take its share away. */
function forShare({ min, max }: { min: number; max: number }, weight: number): { min: number; max: number } {
  return { min: Math.min(min, Math.max(2, Math.ceil((min * weight) / 100))), max }
}

/** What an autoscaler of a workload acts on. */
export function scaleTarget({ model, name }: Workload): { apiVersion: string; kind: string; name: string } {
  const isRollout = model.environment.traffic?.engine === 'rollouts'
  return {
    apiVersion: isRollout ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind: isRollout ? 'Rollout' : 'Deployment',
    name,
  }
}
