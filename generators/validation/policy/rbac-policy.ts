import { type Fields, located, mapAt, textsAt } from '../fields.ts'
import type { IndexedObject } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

const ROLES = ['Role.rbac.authorization.k8s.io', 'ClusterRole.rbac.authorization.k8s.io']
const BINDINGS = ['RoleBinding.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io']

/** Rights that are worth more than they look. */
export const RBAC_RULES: readonly ObjectRule[] = [
  {
    rule: 'rbac-cluster-admin',
    severity: 'error',
    on: 'object',
    kinds: BINDINGS,
    check({ fields }) {
      if (mapAt(fields, 'roleRef')['name'] !== 'cluster-admin') return
      return { path: ['roleRef', 'name'], message: 'its subjects may do everything' }
    },
  },
  {
    rule: 'rbac-wildcard',
    severity: 'error',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(role, ({ verbs, resources }) => verbs.includes('*') && resources.includes('*')).map((path) => ({
        path,
        message: 'every verb on every resource, those of tomorrow too',
      })),
  },
  {
    rule: 'rbac-secrets',
    severity: 'warning',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(
        role,
        ({ verbs, resources, fields }) =>
          resources.includes('secrets') && grants(verbs, READING) && textsAt(fields, 'resourceNames').length === 0,
      ).map((path) => ({ path, message: 'may read every Secret' })),
  },
  {
    rule: 'rbac-pod-exec',
    severity: 'error',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(
        role,
        ({ verbs, resources }) =>
          resources.some((one) => one === 'pods/exec' || one === 'pods/attach') && grants(verbs, ['create', 'get']),
      ).map((path) => ({ path, message: 'may run commands in every pod' })),
  },
  {
    rule: 'rbac-escalation',
    severity: 'error',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(role, ({ verbs, resources, fields }) => {
        if (textsAt(fields, 'resourceNames').length > 0) return false
        const isRole = resources.some((one) => one === 'roles' || one === 'clusterroles')
        return (isRole && grantsNamed(verbs, ['bind', 'escalate'])) || grantsNamed(verbs, ['impersonate'])
      }).map((path) => ({ path, message: 'may give itself rights that it was not given' })),
  },
]

const READING = ['get', 'list', 'watch']

interface RoleRule {
  verbs: readonly string[]
  resources: readonly string[]
  fields: Fields
}

/** Paths of the role's rules that are as `isWrong` says. */
function rulesOf({ fields }: IndexedObject, isWrong: (rule: RoleRule) => boolean): Problem['path'][] {
  return located(fields, [], 'rules')
    .filter(({ item }) =>
      isWrong({ verbs: textsAt(item, 'verbs'), resources: textsAt(item, 'resources'), fields: item }),
    )
    .map(({ at }) => at)
}

function grants(verbs: readonly string[], wanted: readonly string[]): boolean {
  return verbs.includes('*') || grantsNamed(verbs, wanted)
}

function grantsNamed(verbs: readonly string[], wanted: readonly string[]): boolean {
  return wanted.some((verb) => verbs.includes(verb))
}
