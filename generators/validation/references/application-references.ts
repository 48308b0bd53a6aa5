import { type Fields, itemsAt, mapAt, textAt, textsAt } from '../fields.ts'
import type { IndexedObject, Scope } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

const APPLICATION = 'Application.argoproj.io'

/** Who owns what in Argo CD: one Application an object, one owner a namespace, and projects that permit it. */
export const APPLICATION_REFERENCES: readonly ObjectRule[] = [
  {
    rule: 'object-two-owners',
    severity: 'error',
    on: 'object',
    kinds: [APPLICATION],
    check(application) {
      const { path } = sourceOf(application)
      if (path === undefined) return
      // Another copy of an Application is no other owner.
      if (application.first) return
      const isSame = (other: IndexedObject) => sameDestination(application, other)
      const { byPath } = ownersOf(application.scope)
      const equal = byPath.get(path) ?? []
      let other = equal.slice(0, equal.indexOf(application)).find(isSame)
      for (let folder = parentOf(path); folder !== undefined && !other; folder = parentOf(folder)) {
        const above = byPath.get(folder) ?? []
        other = above.find((one) => sourceOf(one).recurse && isSame(one))
      }
      if (!other) return
      return {
        path: ['spec', 'source', 'path'],
        message: `syncs ${path}, which Application "${other.name}" (${other.source.file}) syncs too`,
      }
    },
  },
  {
    rule: 'namespace-two-owners',
    severity: 'error',
    on: 'object',
    kinds: [APPLICATION],
    check({ spec, scope }) {
      const options = textsAt(mapAt(spec, 'syncPolicy'), 'syncOptions')
      const namespace = textAt(mapAt(spec, 'destination'), 'namespace')
      const owner = namespace === undefined ? undefined : scope.find('Namespace', '', namespace)
      const index = options.indexOf('CreateNamespace=true')
      if (!owner || index < 0) return
      return {
        path: ['spec', 'syncPolicy', 'syncOptions', index],
        message: `creates namespace "${namespace}", which ${owner.source.file} defines too`,
        fix: 'Write CreateNamespace=false: the file says what the namespace is.',
      }
    },
  },
  {
    rule: 'application-project-denies',
    severity: 'error',
    on: 'object',
    kinds: [APPLICATION],
    check(application) {
      const project = projectOf(application)
      if (!project) return
      const problems: Problem[] = []
      const name = `AppProject "${project.name}"`
      const source = mapAt(application.spec, 'source')
      const url = textAt(source, 'repoURL')
      const repositories = textsAt(project.spec, 'sourceRepos')
      if (url !== undefined && !permits(repositories.map(withoutGit), withoutGit(url))) {
        problems.push({ path: ['spec', 'source', 'repoURL'], message: `${name} does not permit the source ${url}` })
      }
      const destination = mapAt(application.spec, 'destination')
      if (!itemsAt(project.spec, 'destinations').some((one) => reaches(one, destination))) {
        const where = `${destination['server'] ?? destination['name']}, namespace "${destination['namespace'] ?? ''}"`
        problems.push({ path: ['spec', 'destination'], message: `${name} does not permit the destination ${where}` })
      }
      return problems
    },
  },
  {
    rule: 'application-project-denies',
    severity: 'error',
    on: 'object',
    check(object) {
      const application = ownerOf(object)
      const project = application && projectOf(application)
      if (!application || !project || isPermittedKind(project, object)) return
      const message = `Application "${application.name}" syncs this, and AppProject "${project.name}" does not permit ${object.kind}`
      return { path: ['kind'], message }
    },
  },
]

/** Applications by the folder that they sync, and the one that owns each folder asked for so far. */
interface Owners {
  byPath: Map<string, IndexedObject[]>
  byFolder: Map<string, IndexedObject | undefined>
}

const ownersByScope = new WeakMap<Scope, Owners>()

function ownersOf(scope: Scope): Owners {
  let owners = ownersByScope.get(scope)
  if (!owners) {
    owners = { byPath: new Map(), byFolder: new Map() }
    for (const application of scope.ofKind(APPLICATION)) {
      const { path } = sourceOf(application)
      const applications = path === undefined ? undefined : owners.byPath.get(path)
      if (applications) applications.push(application)
      else if (path !== undefined) owners.byPath.set(path, [application])
    }
    ownersByScope.set(scope, owners)
  }
  return owners
}

/** The Application whose folder holds the object's file. */
export function ownerOf({ scope, source }: IndexedObject): IndexedObject | undefined {
  const { byPath, byFolder } = ownersOf(scope)
  const folder = byPath.size === 0 ? undefined : parentOf(source.file)
  if (folder === undefined) return undefined
  if (!byFolder.has(folder)) byFolder.set(folder, byPath.get(folder)?.[0] ?? ownerAbove(folder, byPath))
  return byFolder.get(folder)
}

function ownerAbove(folder: string, byPath: Owners['byPath']): IndexedObject | undefined {
  for (let above = parentOf(folder); above !== undefined; above = parentOf(above)) {
    const application = byPath.get(above)?.find((one) => sourceOf(one).recurse)
    if (application) return application
  }
  return undefined
}

function sourceOf({ spec }: IndexedObject): { path: string | undefined; recurse: boolean } {
  const source = mapAt(spec, 'source')
  const path = textAt(source, 'path')
  // Paths are written plainly as a rule; a pattern costs more than the look.
  const plain = path?.startsWith('.//') || path?.endsWith('/') ? path.replace(/^\.\/|\/$/g, '') : path
  return { path: plain, recurse: mapAt(source, 'directory')['recurse'] === true }
}

function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? undefined : path.slice(0, slash)
}

function sameDestination(one: IndexedObject, other: IndexedObject): boolean {
  const [a, b] = [mapAt(one.spec, 'destination'), mapAt(other.spec, 'destination')]
  return ['server', 'name', 'namespace'].every((key) => a[key] === b[key])
}

function projectOf({ spec, scope, namespace }: IndexedObject): IndexedObject | undefined {
  return scope.find('AppProject.argoproj.io', namespace, textAt(spec, 'project') ?? 'default')
}

function reaches(permitted: Fields, destination: Fields): boolean {
  const key = destination['server'] === undefined ? 'name' : 'server'
  const cluster = textAt(permitted, key)
  return (
    cluster !== undefined &&
    matches(cluster, String(destination[key])) &&
    matches(textAt(permitted, 'namespace') ?? '', textAt(destination, 'namespace') ?? '')
  )
}

const permittedByProject = new WeakMap<IndexedObject, Map<string, boolean>>()

/** Objects of the cluster need to be listed; those of a namespace only where there is a list. */
function isPermittedKind(project: IndexedObject, { kind, namespace }: IndexedObject): boolean {
  const permitted = permittedByProject.get(project) ?? new Map<string, boolean>()
  permittedByProject.set(project, permitted)
  const known = permitted.get(kind)
  if (known !== undefined) return known
  const [name = '', ...group] = kind.split('.')
  const isListed = (key: string) =>
    itemsAt(project.spec, key).some(
      (one) => matches(String(one['kind']), name) && matches(String(one['group'] ?? ''), group.join('.')),
    )
  const scope = namespace === '' ? 'cluster' : 'namespace'
  const list = `${scope}ResourceWhitelist`
  const isOpen = scope === 'namespace' && project.spec[list] === undefined
  const isPermitted = !isListed(`${scope}ResourceBlacklist`) && (isOpen || isListed(list))
  permitted.set(kind, isPermitted)
  return isPermitted
}

/** Argo CD takes repository addresses as equal with and without `.git`, and in any case of letters. */
function withoutGit(url: string): string {
  return url.toLowerCase().replace(/(\.git)?\/*$/, '')
}

function permits(patterns: readonly string[], value: string): boolean {
  const isDenied = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), value))
  return !isDenied && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern, value))
}

/** A glob of `*` and `?`, as projects have them; at most the product of both lengths in steps. */
function matches(pattern: string, value: string): boolean {
  let [p, v, star, mark] = [0, 0, -1, 0]
  while (v < value.length) {
    if (p < pattern.length && (pattern[p] === '?' || pattern[p] === value[v]) && pattern[p] !== '*') {
      p++
      v++
    } else if (pattern[p] === '*') {
      star = p++
      mark = v
    } else if (star >= 0) {
      p = star + 1
      v = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
