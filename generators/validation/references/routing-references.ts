import type { DocumentPath } from '../../findings/index.ts'
import { type Fields, itemsAt, located, mapAt, textAt } from '../fields.ts'
import { type IndexedObject, kindOf, scaleTargetOf, VERTICAL_AUTOSCALER } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { found, missing, misspeltSecret } from './existence.ts'

const ROUTES = ['HTTPRoute.gateway.networking.k8s.io', 'GRPCRoute.gateway.networking.k8s.io']
const SCALERS = ['HorizontalPodAutoscaler.autoscaling', 'ScaledObject.keda.sh', VERTICAL_AUTOSCALER]

/** What routes, autoscalers, rollouts and bindings name. */
export const ROUTING_REFERENCES: readonly ObjectRule[] = [
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: SCALERS,
    check(object) {
      const target = scaleTargetOf(object)
      const field = object.kind === VERTICAL_AUTOSCALER ? 'targetRef' : 'scaleTargetRef'
      return target && missing(object, ['spec', field, 'name'], target.kind, target.name)
    },
  },
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ROUTES,
    check: (route) =>
      backendsOf(route).flatMap(({ at, name, namespace }) =>
        found(missing(route, [...at, 'name'], 'Service', name, namespace)),
      ),
  },
  {
    rule: 'port-missing',
    severity: 'error',
    on: 'object',
    kinds: ROUTES,
    check: (route) =>
      backendsOf(route).flatMap(({ item, at, name, namespace }) =>
        withoutPort(route, namespace, name, item['port'], [...at, 'port']),
      ),
  },
  {
    rule: 'reference-not-granted',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ROUTES,
    check: (route) =>
      backendsOf(route)
        .filter(({ namespace, name }) => namespace !== route.namespace && !isGranted(route, namespace, name))
        .map(({ at, namespace }) => ({
          path: [...at, 'namespace'],
          message: `namespace "${namespace}" grants no reference from a ${route.fields['kind']} of "${route.namespace}"`,
        })),
  },
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['Ingress.networking.k8s.io'],
    check: (ingress) => [
      ...ingressBackends(ingress).flatMap(({ at, name }) => found(missing(ingress, [...at, 'name'], 'Service', name))),
      ...located(ingress.spec, ['spec'], 'tls').flatMap(({ item, at }) =>
        misspeltSecret(ingress, [...at, 'secretName'], textAt(item, 'secretName')),
      ),
    ],
  },
  {
    rule: 'port-missing',
    severity: 'error',
    on: 'object',
    kinds: ['Ingress.networking.k8s.io'],
    check: (ingress) =>
      ingressBackends(ingress).flatMap(({ at, name, item }) => {
        const { number, name: named } = mapAt(item, 'port')
        const path = [...at, 'port', number === undefined ? 'name' : 'number']
        return withoutPort(ingress, ingress.namespace, name, number ?? named, path)
      }),
  },
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['Rollout.argoproj.io'],
    check: namedByRollout,
  },
  {
    rule: 'reference-missing',
    severity: 'error',
    mayBeElsewhere: true,
    on: 'object',
    kinds: ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'],
    check(object) {
      const role = mapAt(object.fields, 'roleRef')
      const isRole = role['kind'] === 'Role' && object.kind.startsWith('RoleBinding')
      const kind = 'Role.rbac.authorization.k8s.io'
      const unknown = isRole ? missing(object, ['roleRef', 'name'], kind, textAt(role, 'name')) : undefined
      const subjects = located(object.fields, [], 'subjects').filter(({ item }) => item['kind'] === 'ServiceAccount')
      return found(
        unknown,
        ...subjects.map(({ item, at }) => {
          const namespace = textAt(item, 'namespace') ?? object.namespace
          // A namespace of which these files hold no account belongs to somebody else.
          const accounts = object.scope.namesOf('ServiceAccount', namespace)
          if (namespace !== object.namespace && accounts.length === 0) return undefined
          return missing(object, [...at, 'name'], 'ServiceAccount', textAt(item, 'name'), namespace)
        }),
      )
    },
  },
]

interface Backend {
  item: Fields
  at: DocumentPath
  name: string | undefined
  namespace: string
}

/** Services that a route sends requests to, or mirrors them to. */
function backendsOf(route: IndexedObject): Backend[] {
  return located(route.spec, ['spec'], 'rules').flatMap(({ item: rule, at }) => [
    ...located(rule, at, 'backendRefs').flatMap((found) => serviceBackend(route, found)),
    ...located(rule, at, 'filters')
      .filter(({ item }) => item['requestMirror'] !== undefined)
      .flatMap(({ item, at: filter }) =>
        serviceBackend(route, {
          item: mapAt(mapAt(item, 'requestMirror'), 'backendRef'),
          at: [...filter, 'requestMirror', 'backendRef'],
        }),
      ),
  ])
}

function serviceBackend({ namespace }: IndexedObject, { item, at }: { item: Fields; at: DocumentPath }): Backend[] {
  if ((item['kind'] ?? 'Service') !== 'Service' || (item['group'] ?? '') !== '') return []
  return [{ item, at, name: textAt(item, 'name'), namespace: textAt(item, 'namespace') ?? namespace }]
}

function isGranted(
  { scope, namespace: from, fields }: IndexedObject,
  namespace: string,
  name: string | undefined,
): boolean {
  return scope
    .ofKind('ReferenceGrant.gateway.networking.k8s.io')
    .some(
      (grant) =>
        grant.namespace === namespace &&
        itemsAt(grant.spec, 'from').some((one) => one['namespace'] === from && one['kind'] === fields['kind']) &&
        itemsAt(grant.spec, 'to').some((one) => one['kind'] === 'Service' && (one['name'] ?? name) === name),
    )
}

function ingressBackends({ spec }: IndexedObject): Omit<Backend, 'namespace'>[] {
  const backends = located(spec, ['spec'], 'rules').flatMap(({ item, at }) =>
    located(mapAt(item, 'http'), [...at, 'http'], 'paths').map((path) => ({
      item: mapAt(path.item, 'backend'),
      at: [...path.at, 'backend'] as DocumentPath,
    })),
  )
  return [{ item: mapAt(spec, 'defaultBackend'), at: ['spec', 'defaultBackend'] as DocumentPath }, ...backends].map(
    ({ item, at }) => {
      const service = mapAt(item, 'service')
      return { item: service, at: [...at, 'service'], name: textAt(service, 'name') }
    },
  )
}

function withoutPort(
  { scope }: IndexedObject,
  namespace: string,
  name: string | undefined,
  port: unknown,
  path: DocumentPath,
): Problem[] {
  const service = name === undefined ? undefined : scope.find('Service', namespace, name)
  if (!service || port === undefined) return []
  const ports = itemsAt(service.spec, 'ports')
  if (ports.some((one) => one['port'] === port || one['name'] === port)) return []
  const open = ports.map((one) => one['port']).join(', ')
  return [{ path, message: `Service "${name}" has no port ${port}`, fix: `It has ${open === '' ? 'none' : open}.` }]
}

function namedByRollout(object: IndexedObject): Problem[] {
  const strategy = mapAt(object.spec, 'strategy')
  const services = [
    ['canary', 'stableService'],
    ['canary', 'canaryService'],
    ['blueGreen', 'activeService'],
    ['blueGreen', 'previewService'],
  ] as const
  const workload = mapAt(object.spec, 'workloadRef')
  const kind = kindOf(textAt(workload, 'apiVersion') ?? 'apps/v1', textAt(workload, 'kind') ?? 'Deployment')
  return found(
    ...services.map(([key, field]) =>
      missing(object, ['spec', 'strategy', key, field], 'Service', textAt(mapAt(strategy, key), field)),
    ),
    missing(object, ['spec', 'workloadRef', 'name'], kind, textAt(workload, 'name')),
  )
}
