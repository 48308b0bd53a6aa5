import { isMap, located, mapAt, ownValue, textAt, textsAt } from '../fields.ts'
import type { IndexedObject } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { ownerOf } from '../references/application-references.ts'

const APPLICATION = 'Application.argoproj.io'
const APPLICATION_SET = 'ApplicationSet.argoproj.io'

/** Traps of Argo CD, Argo Rollouts and of objects that Argo CD syncs; issue numbers are of argoproj/argo-cd unless named. */
export const ARGO_CD_RULES: readonly ObjectRule[] = [
  {
    rule: 'application-empty-allowed',
    severity: 'error',
    on: 'object',
    kinds: [APPLICATION],
    check({ spec }) {
      const automated = mapAt(mapAt(spec, 'syncPolicy'), 'automated')
      if (automated['allowEmpty'] !== true || automated['prune'] !== true) return
      return {
        path: ['spec', 'syncPolicy', 'automated', 'allowEmpty'],
        message: 'a folder that is empty by mistake deletes every object',
      }
    },
  },
  {
    rule: 'ignore-differences-group',
    severity: 'error',
    on: 'object',
    kinds: [APPLICATION],
    check: ({ spec }) =>
      located(spec, ['spec'], 'ignoreDifferences').flatMap(({ item, at }): Problem[] => {
        const group = ownValue(GROUPS, textAt(item, 'kind') ?? '')
        if (group === undefined || (item['group'] ?? '') !== '') return []
        return [{ path: [...at, 'kind'], message: `${item['kind']} without group ${group} matches nothing` }]
      }),
  },
  {
    rule: 'ignore-differences-array',
    severity: 'warning',
    on: 'object',
    kinds: [APPLICATION],
    // #17694: the lists of custom resources have no merge keys, so the whole list is taken from the cluster.
    check: ({ spec }) =>
      located(spec, ['spec'], 'ignoreDifferences').flatMap(({ item, at }): Problem[] => {
        const group = textAt(item, 'group') ?? ''
        if (!group.includes('.') || group.endsWith('.k8s.io')) return []
        return [
          ...textsAt(item, 'jsonPointers').map((pointer, index) => ({
            expression: pointer,
            path: [...at, 'jsonPointers', index],
            inArray: /\/\d+(\/|$)/.test(pointer),
          })),
          ...textsAt(item, 'jqPathExpressions').map((expression, index) => ({
            expression,
            path: [...at, 'jqPathExpressions', index],
            inArray: expression.includes('['),
          })),
        ].flatMap(({ expression, path, inArray }) =>
          inArray ? [{ path, message: `${expression} is inside a list of a custom resource` }] : [],
        )
      }),
  },
  {
    rule: 'application-set-missing-key',
    severity: 'warning',
    on: 'object',
    kinds: [APPLICATION_SET],
    check({ spec }) {
      if (spec['goTemplate'] !== true || textsAt(spec, 'goTemplateOptions').includes('missingkey=error')) return
      return {
        path: ['spec', 'goTemplate'],
        message: 'a key that a generator does not give is written as "<no value>"',
      }
    },
  },
  {
    rule: 'application-set-deletes',
    severity: 'warning',
    on: 'object',
    kinds: [APPLICATION_SET],
    check({ spec }) {
      const policy = mapAt(spec, 'syncPolicy')
      if (policy['preserveResourcesOnDeletion'] === true) return
      // These two never delete; `sync` and `create-delete` do.
      if (policy['applicationsSync'] === 'create-update' || policy['applicationsSync'] === 'create-only') return
      return {
        path: ['spec', 'syncPolicy'],
        message: 'an Application that a generator no longer gives is deleted with all its objects',
      }
    },
  },
  {
    rule: 'prune-unprotected',
    severity: 'warning',
    on: 'object',
    kinds: ['Namespace', 'PersistentVolumeClaim'],
    check(object) {
      const owner = ownerOf(object)
      if (!owner || mapAt(mapAt(owner.spec, 'syncPolicy'), 'automated')['prune'] !== true) return
      const options = String(object.annotations['argocd.argoproj.io/sync-options'] ?? '')
      if (/\bPrune=(confirm|false)\b/.test(options)) return
      const what = object.kind === 'Namespace' ? 'all that is in it' : 'its data'
      const message = `Application "${owner.name}" prunes it, with ${what}, as soon as the file is gone`
      return { path: ['metadata', 'annotations'], message }
    },
  },
  {
    rule: 'route-defaults',
    severity: 'warning',
    on: 'object',
    kinds: ['HTTPRoute.gateway.networking.k8s.io'],
    check: (route) =>
      located(route.spec, ['spec'], 'rules')
        .flatMap(({ item, at }) => located(item, at, 'backendRefs'))
        .flatMap(({ item, at }): Problem[] => {
          const absent = ['group', 'kind', 'weight'].filter((field) => item[field] === undefined)
          if (absent.length === 0) return []
          return [
            { path: at, message: `the API server adds ${absent.join(', ')}: Argo CD shows a difference for ever` },
          ]
        }),
  },
  {
    rule: 'job-recreated',
    severity: 'warning',
    on: 'object',
    kinds: ['Job.batch'],
    check(job) {
      if (job.spec['ttlSecondsAfterFinished'] === undefined || isHook(job)) return
      const message = 'once it is cleaned up, Argo CD finds it missing and runs it again (#8586)'
      return { path: ['spec', 'ttlSecondsAfterFinished'], message }
    },
  },
  {
    rule: 'rollout-plugin',
    severity: 'error',
    on: 'object',
    kinds: ['Rollout.argoproj.io'],
    check({ spec }) {
      const routing = mapAt(mapAt(mapAt(spec, 'strategy'), 'canary'), 'trafficRouting')
      if (routing['gatewayAPI'] === undefined) return
      const path = ['spec', 'strategy', 'canary', 'trafficRouting', 'gatewayAPI']
      return { path, message: 'Argo Rollouts does nothing with it: no traffic is shifted (argo-rollouts#4569)' }
    },
  },
  {
    rule: 'analysis-conditions',
    severity: 'warning',
    on: 'object',
    kinds: ['AnalysisTemplate.argoproj.io', 'ClusterAnalysisTemplate.argoproj.io'],
    check: ({ spec }) =>
      located(spec, ['spec'], 'metrics').flatMap(({ item, at }): Problem[] => {
        const conditions = ['successCondition', 'failureCondition'].map((key) => textAt(item, key) ?? '')
        const name = textAt(item, 'name')
        if (conditions.some((condition) => condition === '')) {
          return [{ path: at, message: `metric "${name}" has no success or no failure condition` }]
        }
        const isPrometheus = isMap(mapAt(item, 'provider')['prometheus'])
        if (
          !isPrometheus ||
          conditions.every((condition) => !/result\[0\]/.test(condition) || /len\(result\)/.test(condition))
        )
          return []
        return [{ path: at, message: `metric "${name}" reads result[0] of a query that may return nothing` }]
      }),
  },
]

/** Kinds that people name without their group. */
const GROUPS: Record<string, string> = {
  DaemonSet: 'apps',
  Deployment: 'apps',
  ReplicaSet: 'apps',
  StatefulSet: 'apps',
  CronJob: 'batch',
  Job: 'batch',
  HorizontalPodAutoscaler: 'autoscaling',
  Ingress: 'networking.k8s.io',
  NetworkPolicy: 'networking.k8s.io',
  PodDisruptionBudget: 'policy',
  HTTPRoute: 'gateway.networking.k8s.io',
  ScaledObject: 'keda.sh',
}

function isHook({ annotations }: IndexedObject): boolean {
  return annotations['argocd.argoproj.io/hook'] !== undefined || annotations['helm.sh/hook'] !== undefined
}
