import type { DefinedEnvironment } from '../../define/index.ts'

/** Kinds by API group. */
export type Kinds = Record<string, readonly string[]>

/** Kinds that the Applications of an environment may make in its namespace: those that it asks for, and no others. */
export function modelKinds({ artifacts, traffic, ingress, autoscaling, verticalScaling }: DefinedEnvironment): Kinds {
  const engine = traffic?.engine ?? 'server-split'
  const isRollout = traffic?.engine === 'rollouts'
  const hasRoute = engine === 'gateway-api' || (isRollout && traffic.route !== undefined)
  const isKeda = autoscaling?.engine === 'keda'
  return grouped([
    [
      '',
      ['ConfigMap', ...(artifacts.size === undefined ? [] : ['PersistentVolumeClaim']), 'Service', 'ServiceAccount'],
    ],
    ['apps', isRollout ? [] : ['Deployment']],
    ['autoscaling', isKeda ? [] : ['HorizontalPodAutoscaler']],
    ['networking.k8s.io', ['NetworkPolicy', ...(ingress ? ['Ingress'] : [])]],
    ['policy', ['PodDisruptionBudget']],
    ['argoproj.io', isRollout ? ['Rollout', ...(traffic.analysis ? ['AnalysisTemplate'] : [])] : []],
    ['gateway.networking.k8s.io', hasRoute ? ['HTTPRoute'] : []],
    ['keda.sh', isKeda ? ['ScaledObject'] : []],
    ['autoscaling.k8s.io', verticalScaling ? ['VerticalPodAutoscaler'] : []],
  ])
}

/** Without the groups that have no kind. */
function grouped(kinds: [string, string[]][]): Kinds {
  return Object.fromEntries(kinds.filter(([, names]) => names.length > 0))
}
