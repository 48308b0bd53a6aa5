import { type DefinedEnvironment, namespacesOf } from '../../definitions/index.ts'
import { MONITORING_KINDS } from '../monitoring/index.ts'

/** Kinds by API group. */
export type Kinds = Record<string, readonly string[]>

/** Kinds that the Applications of an environment's models may make: those that it asks for, and no others. */
export function modelKinds(environment: DefinedEnvironment, shared: readonly string[] = []): Kinds {
  const { argocd, credentials, traffic, ingress, autoscaling, verticalScaling, monitoring } = environment
  const engine = traffic?.engine ?? 'server-split'
  const isRollout = traffic?.engine === 'rollouts'
  const hasRoute = engine === 'gateway-api' || (isRollout && traffic.route !== undefined)
  const isKeda = autoscaling?.engine === 'keda'
  return grouped([
    ['', ['ConfigMap', ...shared, 'Service', 'ServiceAccount']],
    ['apps', isRollout ? [] : ['Deployment']],
    ['autoscaling', isKeda ? [] : ['HorizontalPodAutoscaler']],
    ['networking.k8s.io', ['NetworkPolicy', ...(ingress ? ['Ingress'] : [])]],
    ['policy', ['PodDisruptionBudget']],
    ['argoproj.io', isRollout ? ['Rollout', ...(traffic.analysis ? ['AnalysisTemplate'] : [])] : []],
    ['gateway.networking.k8s.io', hasRoute ? ['HTTPRoute'] : []],
    ['batch', argocd.verification ? ['Job'] : []],
    ['bitnami.com', credentials?.by === 'sealed-secret' ? ['SealedSecret'] : []],
    ['external-secrets.io', credentials?.by === 'external-secret' ? ['ExternalSecret'] : []],
    ['keda.sh', isKeda ? ['ScaledObject'] : []],
    ['autoscaling.k8s.io', verticalScaling ? ['VerticalPodAutoscaler'] : []],
    ...Object.entries(monitoring ? MONITORING_KINDS : {}),
  ])
}

/** Kinds of the core group that models share. */
export function sharedKinds({ artifacts, limits, quota }: DefinedEnvironment): string[] {
  return [
    ...(limits ? ['LimitRange'] : []),
    ...(artifacts.size === undefined ? [] : ['PersistentVolumeClaim']),
    ...(quota ? ['ResourceQuota'] : []),
  ]
}

/** Objects without a namespace; from revision 3 on by name, so that no other namespace or class can be made or changed. */
export function clusterKinds(environment: DefinedEnvironment): { group: string; kind: string; name?: string }[] {
  const { scheduling, namespace, revision } = environment
  const group = 'scheduling.k8s.io'
  const priorityClass = typeof scheduling?.priorityClass === 'object' ? [scheduling.priorityClass.name] : []
  if (revision < 3) {
    return [{ group: '', kind: 'Namespace' }, ...priorityClass.map(() => ({ group, kind: 'PriorityClass' }))]
  }
  return [
    ...namespacesOf(namespace).map((place) => ({ group: '', kind: 'Namespace', name: place.namespace })),
    ...priorityClass.map((name) => ({ group, kind: 'PriorityClass', name })),
  ]
}

/** Without the groups that have no kind. */
function grouped(kinds: [string, readonly string[]][]): Kinds {
  return Object.fromEntries(kinds.filter(([, names]) => names.length > 0))
}
