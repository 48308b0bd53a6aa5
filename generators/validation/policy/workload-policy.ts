import { type Fields, itemsAt, mapAt, textAt, textsAt } from '../fields.ts'
import { horizontalAutoscalersOf, type IndexedObject, minimumReplicas, type Scope } from '../object-index.ts'
import type { ObjectRule } from '../object-rule.ts'
import { inSpec, type PodTemplate } from '../pod-template.ts'

const REPLICATED = ['Deployment.apps', 'StatefulSet.apps', 'Rollout.argoproj.io']

/** How many pods there are, where they run, how they are replaced, and as whom. */
export const WORKLOAD_RULES: readonly ObjectRule[] = [
  {
    rule: 'single-replica',
    severity: 'warning',
    on: 'object',
    kinds: ['Deployment.apps', 'Rollout.argoproj.io'],
    check(object) {
      const count = minimumReplicas(object) ?? 0
      const wanted = object.scope.options.rules?.['single-replica']?.minimum ?? 2
      if (horizontalAutoscalersOf(object).length > 0 || count === 0 || count >= wanted) return
      const few = `${count} pods, and modelyard.yaml wants ${wanted}`
      return {
        path: ['spec', 'replicas'],
        message: count === 1 ? 'one pod: it is away whenever its node is drained' : few,
      }
    },
  },
  {
    rule: 'replicas-not-spread',
    severity: 'warning',
    on: 'object',
    kinds: REPLICATED,
    check(object) {
      const { pod } = object
      if (!pod || (minimumReplicas(object) ?? 0) < 2 || isSpread(pod)) return
      return { path: inSpec(pod), message: 'nothing keeps the pods from sharing one node' }
    },
  },
  {
    rule: 'rollout-takes-pods-down',
    severity: 'warning',
    on: 'object',
    kinds: ['Deployment.apps'],
    check(object) {
      const { spec } = object
      const strategy = mapAt(spec, 'strategy')
      if (strategy['type'] === 'Recreate') {
        return { path: ['spec', 'strategy', 'type'], message: 'every rollout ends all pods before it starts new ones' }
      }
      const { maxUnavailable } = mapAt(strategy, 'rollingUpdate')
      const replicas = minimumReplicas(object) ?? 1
      const isAll =
        maxUnavailable === '100%' ||
        (typeof maxUnavailable === 'number' && maxUnavailable > 0 && maxUnavailable >= replicas)
      if (!isAll) return
      const message = `every rollout may end ${maxUnavailable === '100%' ? 'all' : `${maxUnavailable} of ${replicas}`} pods at once`
      return { path: ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'], message }
    },
  },
  {
    rule: 'rollout-stuck',
    severity: 'error',
    on: 'object',
    kinds: ['Deployment.apps'],
    check({ spec }) {
      const { maxUnavailable, maxSurge } = mapAt(mapAt(spec, 'strategy'), 'rollingUpdate')
      if (!isNone(maxUnavailable) || !isNone(maxSurge)) return
      return { path: ['spec', 'strategy', 'rollingUpdate', 'maxSurge'], message: 'no pod may be ended and none added' }
    },
  },
  {
    rule: 'restart-policy',
    severity: 'error',
    on: 'pod',
    check(pod) {
      const { kind } = pod.object
      if (kind === 'Pod' || kind === 'PodTemplate') return
      const policy = textAt(pod.spec, 'restartPolicy') ?? 'Always'
      const isEnding = kind === 'Job.batch' || kind === 'CronJob.batch'
      if (isEnding ? policy !== 'Always' : policy === 'Always') return
      const wanted = isEnding ? 'OnFailure or Never' : 'Always'
      const message = `restartPolicy is ${policy}; a ${pod.object.fields['kind']} takes ${wanted}`
      return { path: inSpec(pod, 'restartPolicy'), message, fix: `Write ${wanted}.` }
    },
  },
  {
    rule: 'cron-job-deadline',
    severity: 'warning',
    on: 'object',
    kinds: ['CronJob.batch'],
    check({ spec }) {
      if (spec['startingDeadlineSeconds'] !== undefined) return
      return { path: ['spec', 'startingDeadlineSeconds'], message: 'after 100 missed starts it never starts again' }
    },
  },
  {
    rule: 'cron-job-overlap',
    severity: 'info',
    on: 'object',
    kinds: ['CronJob.batch'],
    check({ spec }) {
      if ((spec['concurrencyPolicy'] ?? 'Allow') !== 'Allow') return
      return { path: ['spec', 'concurrencyPolicy'], message: 'a run that is late meets the next one' }
    },
  },
  {
    rule: 'service-account-default',
    severity: 'info',
    on: 'pod',
    check(pod) {
      const name = accountOf(pod)
      if (name !== undefined && name !== 'default') return
      return { path: inSpec(pod, 'serviceAccountName'), message: 'the pods act as the account that every pod has' }
    },
  },
  {
    rule: 'service-account-token',
    severity: 'warning',
    on: 'pod',
    check(pod) {
      const { object, spec } = pod
      const account = object.scope.find('ServiceAccount', object.namespace, accountOf(pod) ?? 'default')
      if ((spec['automountServiceAccountToken'] ?? account?.fields['automountServiceAccountToken']) === false) return
      // An account that is bound to a role is meant to talk to the API server.
      if (account && isBound(account)) return
      const message = 'the pods hold a token of the API server that they may not need'
      return { path: inSpec(pod, 'automountServiceAccountToken'), message }
    },
  },
  {
    rule: 'service-account-field',
    severity: 'warning',
    on: 'pod',
    needs: ['serviceAccount'],
    check(pod) {
      const name = textAt(pod.spec, 'serviceAccount')
      if (name === undefined || name === textAt(pod.spec, 'serviceAccountName')) return
      return { path: inSpec(pod, 'serviceAccount'), message: 'serviceAccount is the old name of serviceAccountName' }
    },
  },
  {
    rule: 'network-policy-missing',
    severity: 'warning',
    on: 'pod',
    check(pod) {
      if (pod.object.kind === 'PodTemplate' || pod.spec['hostNetwork'] === true) return
      const policies = pod.object.scope.selecting(pod, 'NetworkPolicy.networking.k8s.io')
      const open = ['Ingress', 'Egress'].filter(
        (type) => !policies.some(({ spec }) => policyTypes(spec).includes(type)),
      )
      if (open.length === 0) return
      const message = `no NetworkPolicy limits the ${open.join(' and ').toLowerCase()} of these pods`
      return { path: [...pod.path, 'metadata', 'labels'], message }
    },
  },
]

function accountOf({ spec }: PodTemplate): string | undefined {
  return textAt(spec, 'serviceAccountName') ?? textAt(spec, 'serviceAccount')
}

const boundByScope = new WeakMap<Scope, Set<string>>()

function isBound({ scope, namespace, name }: IndexedObject): boolean {
  let bound = boundByScope.get(scope)
  if (!bound) {
    const bindings = ['RoleBinding', 'ClusterRoleBinding'].flatMap((kind) =>
      scope.ofKind(`${kind}.rbac.authorization.k8s.io`),
    )
    bound = new Set(
      bindings.flatMap((binding) =>
        itemsAt(binding.fields, 'subjects')
          .filter(({ kind }) => kind === 'ServiceAccount')
          .map((subject) => `${textAt(subject, 'namespace') ?? binding.namespace}/${subject['name']}`),
      ),
    )
    boundByScope.set(scope, bound)
  }
  return bound.has(`${namespace}/${name}`)
}

/** A constraint without labelSelector counts no pods, and so keeps none apart. */
function isSpread({ spec }: PodTemplate): boolean {
  const antiAffinity = mapAt(mapAt(spec, 'affinity'), 'podAntiAffinity')
  return (
    itemsAt(spec, 'topologySpreadConstraints').some(({ labelSelector }) => labelSelector !== undefined) ||
    itemsAt(antiAffinity, 'requiredDuringSchedulingIgnoredDuringExecution').length > 0 ||
    itemsAt(antiAffinity, 'preferredDuringSchedulingIgnoredDuringExecution').length > 0
  )
}

function isNone(count: unknown): boolean {
  return count === 0 || count === '0' || count === '0%'
}

/** Types that a policy says, or that follow from what it holds. */
function policyTypes(spec: Fields): readonly string[] {
  const types = textsAt(spec, 'policyTypes')
  if (types.length > 0) return types
  return itemsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}
