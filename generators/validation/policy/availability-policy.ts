import { itemsAt, located, mapAt, textAt } from '../fields.ts'
import { labelSelector } from '../label-selector.ts'
import {
  HORIZONTAL_AUTOSCALERS,
  horizontalAutoscalersOf,
  type IndexedObject,
  minimumReplicas,
  replicasOf,
  scaleTargetOf,
  VERTICAL_AUTOSCALER,
} from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

const BUDGET = 'PodDisruptionBudget.policy'
const SCALED_OBJECT = 'ScaledObject.keda.sh'
const SCALABLE = ['Deployment.apps', 'StatefulSet.apps', 'ReplicaSet.apps', 'Rollout.argoproj.io']

/** Autoscalers and disruption budgets: against each other, and against the number of pods. */
export const AVAILABILITY_RULES: readonly ObjectRule[] = [
  {
    rule: 'autoscaler-and-replicas',
    severity: 'error',
    on: 'object',
    kinds: SCALABLE,
    check(object) {
      const [scaler] = horizontalAutoscalersOf(object)
      if (!scaler || object.spec['replicas'] === undefined) return
      const message = `${scaler.fields['kind']} "${scaler.name}" sets the number of pods too`
      return { path: ['spec', 'replicas'], message }
    },
  },
  {
    rule: 'autoscaler-conflict',
    severity: 'error',
    on: 'object',
    kinds: [...HORIZONTAL_AUTOSCALERS, VERTICAL_AUTOSCALER],
    check(scaler) {
      // Another copy of an autoscaler is no other autoscaler.
      if (scaler.first) return
      const target = scaleTargetOf(scaler)
      const object = target && scaler.scope.find(target.kind, scaler.namespace, target.name)
      if (!target || !object) return
      const others = object.scope.autoscalersOf(object)
      const other = others.slice(0, others.indexOf(scaler)).find((one) => areInConflict(one, scaler))
      if (!other) return
      const field = scaler.kind === VERTICAL_AUTOSCALER ? 'targetRef' : 'scaleTargetRef'
      const message = `${other.fields['kind']} "${other.name}" scales ${target.name} too`
      return { path: ['spec', field], message }
    },
  },
  {
    rule: 'autoscaler-minimum',
    severity: 'warning',
    on: 'object',
    kinds: HORIZONTAL_AUTOSCALERS,
    check(scaler) {
      const { minimum } = replicasOf(scaler)
      // KEDA goes to zero on purpose.
      const wanted = scaler.scope.options.rules?.['autoscaler-minimum']?.minimum ?? 2
      if (minimum >= wanted || (minimum === 0 && scaler.kind === SCALED_OBJECT)) return
      const field = scaler.kind === SCALED_OBJECT ? 'minReplicaCount' : 'minReplicas'
      return {
        path: ['spec', field],
        message:
          minimum > 1
            ? `at quiet times there are ${minimum} pods, and modelyard.yaml wants ${wanted}`
            : `at quiet times there ${minimum === 1 ? 'is one pod' : 'are no pods'}: a drain takes it away`,
      }
    },
  },
  {
    rule: 'autoscaler-idle',
    severity: 'info',
    on: 'object',
    kinds: HORIZONTAL_AUTOSCALERS,
    check(scaler) {
      const { minimum, maximum } = replicasOf(scaler)
      if (minimum !== maximum) return
      return { path: ['spec'], message: `minimum and maximum are both ${minimum}: it never scales` }
    },
  },
  {
    rule: 'autoscaler-without-request',
    severity: 'error',
    on: 'object',
    kinds: HORIZONTAL_AUTOSCALERS,
    check(scaler) {
      const target = scaleTargetOf(scaler)
      const pod = target && scaler.scope.find(target.kind, scaler.namespace, target.name)?.pod
      if (!pod) return
      return utilizationsOf(scaler).flatMap(({ resource, path }): Problem[] => {
        const container = pod.containers.find(({ fields, serves }) => {
          const resources = mapAt(fields, 'resources')
          return serves && ['requests', 'limits'].every((key) => mapAt(resources, key)[resource] === undefined)
        })
        if (!container) return []
        const message = `container "${container.name}" of ${target.name} has no ${resource} request to take a share of`
        return [{ path, message }]
      })
    },
  },
  {
    rule: 'keda-scale-to-zero',
    severity: 'error',
    on: 'object',
    kinds: [SCALED_OBJECT],
    check(scaler) {
      const triggers = itemsAt(scaler.spec, 'triggers')
      if (replicasOf(scaler).minimum > 0 || triggers.length === 0) return
      if (!triggers.every(({ type }) => type === 'cpu' || type === 'memory')) return
      return {
        path: ['spec', 'minReplicaCount'],
        message: 'no pod can use the cpu or memory that would start the first',
      }
    },
  },
  {
    rule: 'keda-fallback',
    severity: 'warning',
    on: 'object',
    kinds: [SCALED_OBJECT],
    check({ spec }) {
      const triggers = itemsAt(spec, 'triggers')
      if (spec['fallback'] !== undefined || triggers.every(({ type }) => RESOURCE_TRIGGERS.has(String(type)))) return
      return { path: ['spec', 'triggers'], message: 'while its metrics cannot be read nothing is scaled' }
    },
  },
  {
    rule: 'keda-name',
    severity: 'error',
    on: 'object',
    kinds: [SCALED_OBJECT],
    check({ name }) {
      if (name.length <= 63 - KEDA_PREFIX.length) return
      return { path: ['metadata', 'name'], message: `${KEDA_PREFIX}${name} is longer than 63 characters` }
    },
  },
  {
    rule: 'disruption-budget-missing',
    severity: 'warning',
    on: 'object',
    kinds: ['Deployment.apps', 'StatefulSet.apps', 'Rollout.argoproj.io'],
    check(object) {
      if (!object.pod || (minimumReplicas(object) ?? 0) < 2) return
      if (object.scope.selecting(object.pod, BUDGET).length > 0) return
      return { path: ['spec'], message: 'a drain may take all pods at once: no PodDisruptionBudget selects them' }
    },
  },
  {
    rule: 'disruption-budget-blocks',
    severity: 'error',
    on: 'object',
    kinds: [BUDGET],
    check(budget) {
      const { maxUnavailable, minAvailable } = budget.spec
      if (maxUnavailable === 0 || maxUnavailable === '0%') {
        return { path: ['spec', 'maxUnavailable'], message: 'no pod may ever be evicted: nodes cannot be drained' }
      }
      if (minAvailable === '100%') {
        return { path: ['spec', 'minAvailable'], message: 'all pods must be there: nodes cannot be drained' }
      }
      const pods = minAvailable === undefined ? undefined : podsAtQuietTimes(budget)
      if (pods === undefined || podsOf(minAvailable, pods) < pods) return
      const message = `${minAvailable} pods must be there, and there may be ${pods}: nodes cannot be drained`
      return { path: ['spec', 'minAvailable'], message }
    },
  },
  {
    rule: 'disruption-budget-ambiguous',
    severity: 'error',
    on: 'object',
    kinds: [BUDGET],
    check({ spec }) {
      if (spec['minAvailable'] === undefined || spec['maxUnavailable'] === undefined) return
      return { path: ['spec', 'minAvailable'], message: 'minAvailable and maxUnavailable exclude each other' }
    },
  },
  {
    rule: 'disruption-budget-empty',
    severity: 'error',
    on: 'object',
    kinds: [BUDGET],
    check({ spec }) {
      if (spec['minAvailable'] !== undefined || spec['maxUnavailable'] !== undefined) return
      return { path: ['spec'], message: 'neither minAvailable nor maxUnavailable: no pod may be evicted' }
    },
  },
  {
    rule: 'disruption-budget-unhealthy',
    severity: 'info',
    on: 'object',
    kinds: [BUDGET],
    check({ spec }) {
      if (spec['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return
      return {
        path: ['spec', 'unhealthyPodEvictionPolicy'],
        message: 'a pod that never becomes ready keeps its node from being drained',
      }
    },
  },
]

const KEDA_PREFIX = 'keda-hpa-'
/** KEDA takes no fallback for these. */
const RESOURCE_TRIGGERS = new Set(['cpu', 'memory', 'cron'])

/** Two of one direction always; a vertical one that acts on what the horizontal one measures. */
function areInConflict(one: IndexedObject, other: IndexedObject): boolean {
  const vertical = [one, other].filter(({ kind }) => kind === VERTICAL_AUTOSCALER)
  if (vertical.length === 2) return true
  const [only] = vertical
  if (!only) return !isTransferred(one, other) && !isTransferred(other, one)
  if (mapAt(only.spec, 'updatePolicy')['updateMode'] === 'Off') return false
  const horizontal = only === one ? other : one
  return utilizationsOf(horizontal).length > 0
}

/** KEDA takes over an existing HorizontalPodAutoscaler that it is told to own. */
function isTransferred(scaled: IndexedObject, autoscaler: IndexedObject): boolean {
  const owned = textAt(mapAt(mapAt(scaled.spec, 'advanced'), 'horizontalPodAutoscalerConfig'), 'name')
  const isTold = scaled.annotations['scaledobject.keda.sh/transfer-hpa-ownership'] === 'true'
  return scaled.kind === SCALED_OBJECT && isTold && owned === autoscaler.name
}

/** Resources of which the autoscaler wants a share of the request to be used. */
function utilizationsOf({ kind, spec }: IndexedObject): { resource: string; path: (string | number)[] }[] {
  if (kind === SCALED_OBJECT) {
    return located(spec, ['spec'], 'triggers')
      .filter(({ item }) => item['type'] === 'cpu' || item['type'] === 'memory')
      .filter(({ item }) => (item['metricType'] ?? 'Utilization') === 'Utilization')
      .map(({ item, at }) => ({ resource: String(item['type']), path: [...at, 'type'] }))
  }
  return located(spec, ['spec'], 'metrics').flatMap(({ item, at }) => {
    const resource = mapAt(item, 'resource')
    const name = textAt(resource, 'name')
    if (name === undefined || mapAt(resource, 'target')['averageUtilization'] === undefined) return []
    return [{ resource: name, path: [...at, 'resource', 'name'] }]
  })
}

/** A number of pods, or a share of them, rounded up as the disruption controller does. */
function podsOf(value: unknown, pods: number): number {
  const percent = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined
  return percent === undefined ? Number(value) : Math.ceil((Number(percent) * pods) / 100)
}

/** What the budget selects, counted together as it does; undefined when nothing of it has a number. */
function podsAtQuietTimes({ spec, namespace, scope }: IndexedObject): number | undefined {
  const pods = scope.podsSelectedBy(namespace, labelSelector(mapAt(spec, 'selector')))
  const counts = pods
    .filter(({ object }) => !object.first)
    .map(({ object }) => minimumReplicas(object))
    .filter((count) => count !== undefined)
  return counts.length === 0
    ? undefined
    : Math.max(
        1,
        counts.reduce((sum, count) => sum + count, 0),
      )
}
