import { formatPath } from '../../findings/index.ts'
import { type Fields, itemsAt, located, mapAt, textsAt } from '../fields.ts'
import { isEmpty, type LabelSelector, labelSelector } from '../label-selector.ts'
import { type IndexedObject, selectorOf } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import type { PodTemplate } from '../pod-template.ts'

const NOTHING_SELECTED = 'matches no pod in the input'

/** What selects pods or Services, and the ports that it expects of them. */
export const SERVICE_REFERENCES: readonly ObjectRule[] = [
  {
    rule: 'selector-matches-nothing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: [
      'Service',
      'PodDisruptionBudget.policy',
      'NetworkPolicy.networking.k8s.io',
      'PodMonitor.monitoring.coreos.com',
    ],
    check(object) {
      const selector = selectorOf(object)
      // An empty selector is every pod of the namespace, as in a policy that denies by default.
      if (!selector || isEmpty(selector) || namespacesOf(object) === undefined) return
      if (podsOf(object).length > 0 || !couldSelect(object, selector)) return
      const field = object.kind === 'NetworkPolicy.networking.k8s.io' ? 'podSelector' : 'selector'
      return { path: ['spec', field], message: `spec.${field} ${shownSelector(selector)} ${NOTHING_SELECTED}` }
    },
  },
  {
    rule: 'selector-matches-nothing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['NetworkPolicy.networking.k8s.io'],
    check: peersWithoutPods,
  },
  {
    rule: 'selector-matches-nothing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['ServiceMonitor.monitoring.coreos.com'],
    check(object) {
      const { scope, namespace, spec } = object
      const selector = labelSelector(mapAt(spec, 'selector'))
      if (namespacesOf(object) === undefined || monitoredServices(object).length > 0) return
      if (scope.hasPodMaker(namespace)) return
      if (!scope.options.closed && scope.namesOf('Service', namespace).length === 0) return
      return {
        path: ['spec', 'selector'],
        message: `spec.selector ${shownSelector(selector)} matches no Service in the input`,
      }
    },
  },
  {
    rule: 'port-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['Service'],
    check: (service) => targetPorts(service, 'string'),
  },
  {
    rule: 'port-undeclared',
    severity: 'warning',
    on: 'object',
    kinds: ['Service'],
    check: (service) => targetPorts(service, 'number'),
  },
  {
    rule: 'port-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['ServiceMonitor.monitoring.coreos.com'],
    check(object) {
      const names = new Set(
        monitoredServices(object).flatMap(({ spec }) => itemsAt(spec, 'ports').map((port) => port['name'])),
      )
      return names.size === 0 ? undefined : endpointsWithout(object, 'endpoints', names, 'no selected Service')
    },
  },
  {
    rule: 'port-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['PodMonitor.monitoring.coreos.com'],
    check(object) {
      const pods = podsOf(object)
      const names = new Set(pods.flatMap(portsOf).map((port) => port['name']))
      return pods.length === 0 ? undefined : endpointsWithout(object, 'podMetricsEndpoints', names, 'no selected pod')
    },
  },
  {
    rule: 'port-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['NetworkPolicy.networking.k8s.io'],
    check(object) {
      const pods = podsOf(object)
      const selector = selectorOf(object)
      // Every pod of the namespace, of which there may be others.
      const isAll = selector !== undefined && isEmpty(selector) && !object.scope.options.closed
      if (pods.length === 0 || isAll) return
      const names = new Set(pods.flatMap(portsOf).map((port) => port['name']))
      return located(object.spec, ['spec'], 'ingress')
        .flatMap(({ item, at }) => located(item, at, 'ports'))
        .filter(({ item }) => typeof item['port'] === 'string' && !names.has(item['port']))
        .map(({ item, at }) => ({
          path: [...at, 'port'],
          message: `no selected pod has a port named "${item['port']}"`,
        }))
    },
  },
]

/** Named target ports are of the pods; a number reaches whatever listens there, so one that nobody declares is doubtful only. */
function targetPorts(service: IndexedObject, type: 'string' | 'number'): Problem[] | undefined {
  const targets = located(service.spec, ['spec'], 'ports').filter(({ item }) => typeof item[portKey(item)] === type)
  if (targets.length === 0) return
  const pods = podsOf(service)
  const open = pods.flatMap(portsOf)
  if (pods.length === 0 || (type === 'number' && open.length === 0)) return
  const known = new Set(open.map((port) => port[type === 'string' ? 'name' : 'containerPort']))
  return targets
    .filter(({ item }) => !known.has(item[portKey(item)]))
    .map(({ item, at }) => {
      const port = item[portKey(item)]
      const named = type === 'string' ? `a port named "${port}"` : `port ${port}`
      return { path: [...at, portKey(item)], message: `no selected pod has ${named}` }
    })
}

/** Where a port of a Service says which port of the pods it means. */
function portKey(port: Fields): 'port' | 'targetPort' {
  return port['targetPort'] === undefined ? 'port' : 'targetPort'
}

function endpointsWithout(object: IndexedObject, key: string, names: ReadonlySet<unknown>, who: string): Problem[] {
  return located(object.spec, ['spec'], key)
    .filter(({ item }) => typeof item['port'] === 'string' && !names.has(item['port']))
    .map(({ item, at }) => ({ path: [...at, 'port'], message: `${who} has a port named "${item['port']}"` }))
}

/** Peers of the policy's own namespace that are the pods of no workload; other namespaces are not ours to know. */
function peersWithoutPods(policy: IndexedObject): Problem[] {
  const { spec, namespace, scope } = policy
  const rules = [...located(spec, ['spec'], 'ingress'), ...located(spec, ['spec'], 'egress')]
  return rules
    .flatMap(({ item, at }) => [...located(item, at, 'from'), ...located(item, at, 'to')])
    .flatMap(({ item, at }): Problem[] => {
      if (item['podSelector'] === undefined || item['namespaceSelector'] !== undefined) return []
      const selector = labelSelector(mapAt(item, 'podSelector'))
      if (isEmpty(selector) || scope.podsSelectedBy(namespace, selector).length > 0) return []
      if (!couldSelect(policy, selector)) return []
      const path = [...at, 'podSelector']
      return [{ path, message: `${formatPath(path)} ${shownSelector(selector)} ${NOTHING_SELECTED}` }]
    })
}

/** Where more than these objects may exist, a selector is doubtful only if its namespace has pods that it passes by. */
function couldSelect({ scope, namespace }: IndexedObject, selector: LabelSelector): boolean {
  if (scope.maySelectOthers(namespace, selector)) return false
  return scope.options.closed || scope.podsSelectedBy(namespace, EVERYTHING).length > 0
}

const EVERYTHING = labelSelector({})

/** `{app: web}`; expressions as kubectl writes them. */
function shownSelector({ pairs, expressions }: LabelSelector): string {
  const parts = [
    ...pairs.map(([key, value]) => `${key}: ${value}`),
    ...expressions.map(({ key, operator, values }) => {
      return values.length === 0 ? `${key} ${operator}` : `${key} ${operator} (${values.join(', ')})`
    }),
  ]
  return `{${parts.join(', ')}}`
}

/** The namespaces that an object looks into; undefined when it is not known which. */
function namespacesOf({ spec, namespace }: IndexedObject): readonly string[] | undefined {
  const selector = mapAt(spec, 'namespaceSelector')
  if (selector['any'] === true) return undefined
  const names = textsAt(selector, 'matchNames')
  return names.length > 0 ? names : [namespace]
}

function podsOf(object: IndexedObject): readonly PodTemplate[] {
  const selector = selectorOf(object)
  const namespaces = selector && namespacesOf(object)
  if (!namespaces) return []
  const [first = '', ...others] = namespaces
  const pods = object.scope.podsSelectedBy(first, selector)
  if (others.length === 0) return pods
  return [...pods, ...others.flatMap((namespace) => object.scope.podsSelectedBy(namespace, selector))]
}

function monitoredServices(monitor: IndexedObject): IndexedObject[] {
  const selector = labelSelector(mapAt(monitor.spec, 'selector'))
  return (namespacesOf(monitor) ?? []).flatMap((namespace) => monitor.scope.servicesSelectedBy(namespace, selector))
}

function portsOf(pod: PodTemplate): readonly Fields[] {
  return pod.containers.flatMap(({ fields }) => itemsAt(fields, 'ports'))
}
