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
      WIDE_GROUPS.flatMap(([group, message]) =>
        rulesOf(role, ({ verbs, resources, groups }) => {
          const widest = groups.includes('*') ? '*' : ''
          return verbs.includes('*') && resources.includes('*') && widest === group && groups.includes(group)
        }).map((path) => ({ path, message })),
      ),
  },
  {
    rule: 'rbac-secrets',
    severity: 'warning',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(role, (rule) => names(rule, '', 'secrets') && grants(rule.verbs, READING) && !isNamed(rule)).map(
        (path) => ({ path, message: 'may read every Secret' }),
      ),
  },
  {
    rule: 'rbac-pod-exec',
    severity: 'error',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(
        role,
        (rule) =>
          ['pods/exec', 'pods/attach'].some((one) => names(rule, '', one)) && grants(rule.verbs, ['create', 'get']),
      ).map((path) => ({ path, message: 'may run commands in every pod' })),
  },
  {
    rule: 'rbac-escalation',
    severity: 'error',
    on: 'object',
    kinds: ROLES,
    check: (role) =>
      rulesOf(role, (rule) => {
        if (isNamed(rule)) return false
        const isOfRoles = ['roles', 'clusterroles'].some((one) => names(rule, RBAC, one))
        return (
          (isOfRoles && grantsNamed(rule.verbs, ['bind', 'escalate'])) ||
          (isOfUsers(rule) && grantsNamed(rule.verbs, ['impersonate']))
        )
      }).map((path) => ({ path, message: 'may give itself rights that it was not given' })),
  },
]

/** A wildcard of resources is of the groups beside it alone. */
const WIDE_GROUPS = [
  ['*', 'every verb on every resource, those of tomorrow too'],
  ['', 'every verb on every resource of the core group: pods and Secrets are among them'],
] as const
const READING = ['get', 'list', 'watch']
const RBAC = 'rbac.authorization.k8s.io'
/** What can be impersonated: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/ */
const IDENTITIES = ['users', 'groups', 'serviceaccounts', '*']

interface RoleRule {
  verbs: readonly string[]
  groups: readonly string[]
  resources: readonly string[]
  fields: Fields
}

/** Whether a rule names a resource of a group: the same name in another group is another resource. */
function names({ groups, resources }: RoleRule, group: string, resource: string): boolean {
  const [, subresource] = resource.split('/')
  const isListed = resources.includes(resource) || (subresource !== undefined && resources.includes(`*/${subresource}`))
  return isListed && (groups.includes('*') || groups.includes(group))
}

function isOfUsers({ groups, resources }: RoleRule): boolean {
  return (groups.includes('*') || groups.includes('')) && IDENTITIES.some((one) => resources.includes(one))
}

function isNamed({ fields }: RoleRule): boolean {
  return textsAt(fields, 'resourceNames').length > 0
}

/** Paths of the role's rules that are as `isWrong` says. */
function rulesOf({ fields }: IndexedObject, isWrong: (rule: RoleRule) => boolean): Problem['path'][] {
  return located(fields, [], 'rules')
    .filter(({ item }) =>
      isWrong({
        verbs: textsAt(item, 'verbs'),
        groups: textsAt(item, 'apiGroups'),
        resources: textsAt(item, 'resources'),
        fields: item,
      }),
    )
    .map(({ at }) => at)
}

function grants(verbs: readonly string[], wanted: readonly string[]): boolean {
  return verbs.includes('*') || grantsNamed(verbs, wanted)
}

function grantsNamed(verbs: readonly string[], wanted: readonly string[]): boolean {
  return wanted.some((verb) => verbs.includes(verb))
}
