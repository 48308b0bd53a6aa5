import type { PlannedModel } from '../../repository/index.ts'
import { canaryService } from '../traffic/rollout.ts'
import { scaleTarget, workloadsOf } from '../workload/workload.ts'

export interface IgnoredDifference {
  group: string
  kind: string
  name: string
  jsonPointers?: string[]
  jqPathExpressions?: string[]
}

/**
 * What a model's Application leaves as it is in the cluster: the number of pods where an autoscaler sets it (without this a Deployment
 * that had a number before falls to one pod, argo-cd#1603), and what Argo Rollouts shifts: weights, and the pods that its Services select. A
 * selector is one value to a server-side apply, so that what was added to it would go with each sync.
 */
export function ignoredDifferences(model: PlannedModel): IgnoredDifference[] {
  const { name, environment } = model
  const { traffic, revision } = environment
  const scaled = workloadsOf(model).filter(({ replicas }) => replicas.min < replicas.max)
  const isRollout = traffic?.engine === 'rollouts'
  const isShifted = isRollout && traffic.route !== undefined
  return [
    ...(revision < 2 ? [] : scaled).map((workload) => {
      const { apiVersion, kind, name } = scaleTarget(workload)
      return { group: apiVersion.replace(/\/.*/, ''), kind, name, jsonPointers: ['/spec/replicas'] }
    }),
    ...(isRollout ? [name, canaryService(name)] : []).map((service) => ({
      group: '',
      kind: 'Service',
      name: service,
      jsonPointers: ['/spec/selector/rollouts-pod-template-hash'],
    })),
    ...(isShifted
      ? [
          {
            group: 'gateway.networking.k8s.io',
            kind: 'HTTPRoute',
            name,
            jqPathExpressions: ['.spec.rules[]?.backendRefs[]?.weight'],
          },
        ]
      : []),
  ]
}
