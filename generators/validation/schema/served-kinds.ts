import { nearest } from '../../text/index.ts'
import { KUBERNETES_VERSIONS } from '../policy/api-versions.ts'
import { kubernetesMinors, servedKinds } from './validators.ts'

/** Why the API server of a minor does not know a kind, and what was meant, perhaps. */
export interface UnservedKind {
  message: string
  fix: string
}

const byMinor = new Map<string, Map<string, UnservedKind | undefined>>()

/**
 * Says why no API server of this minor serves a kind: a kind or version that its group does not have, or a group that nobody can
 * define, since those of CustomResourceDefinitions and of aggregated APIs have a dot. Undefined for a kind that is served, and for
 * one of which that cannot be known: a custom resource.
 */
export function unservedKind(apiVersion: string, kind: string, minor: string): UnservedKind | undefined {
  let known = byMinor.get(minor)
  if (!known) {
    known = new Map()
    byMinor.set(minor, known)
  }
  const key = `${apiVersion}/${kind}`
  if (!known.has(key)) {
    // Names come from files: what is nonsense must not fill the memory.
    if (known.size > MAX_KINDS) known.clear()
    known.set(key, explained(apiVersion, kind, minor))
  }
  return known.get(key)
}

const MAX_KINDS = 1000

/** Whether no Kubernetes serves or served the kind, so that nothing can be said of the fields of such an object. */
export function isUnknownKind(apiVersion: string, kind: string): boolean {
  const [newest = ''] = kubernetesMinors()
  if (unservedKind(apiVersion, kind, newest) === undefined) return false
  return removedVersion(apiVersion, kind) === undefined && minorsWith(`${apiVersion}/${kind}`).length === 0
}

function explained(apiVersion: string, kind: string, minor: string): UnservedKind | undefined {
  const key = `${apiVersion}/${kind}`
  const served = servedKinds(minor)
  if (served.has(key)) return undefined
  const group = groupOf(apiVersion)
  if (group.includes('.') && !groups().has(group)) return undefined
  const elsewhere = minorsWith(key)
  const [newest] = elsewhere
  const oldest = elsewhere.at(-1)
  if (newest !== undefined && oldest !== undefined) {
    const range = newest === oldest ? newest : `${oldest} to ${newest}`
    return {
      message: `Kubernetes ${minor} does not serve ${apiVersion} ${kind}; Kubernetes ${range} does`,
      fix:
        replacement(kind, group, served) ??
        'Use a version that this Kubernetes serves, or name another with --kubernetes-version.',
    }
  }
  const removed = removedVersion(apiVersion, kind)
  if (removed) {
    const message = `Kubernetes ${minor} does not serve ${apiVersion} ${kind}: removed in 1.${removed.removed}`
    return { message, fix: `Write ${removed.instead}.` }
  }
  return misspelt(apiVersion, kind, served)
}

function misspelt(apiVersion: string, kind: string, served: ReadonlySet<string>): UnservedKind {
  const group = groupOf(apiVersion)
  const sameKind = [...served].filter((key) => key.endsWith(`/${kind}`)).map(versionOf)
  const meant = sameKind.sort(newestFirst).find((one) => groupOf(one) === group) ?? sameKind[0]
  if (meant !== undefined) {
    const what =
      groupOf(meant) === group ? `unknown version ${apiVersion} of ${kind}` : `unknown kind ${kind} in ${apiVersion}`
    return { message: `${what}; did you mean ${meant}?`, fix: `Write apiVersion: ${meant}.` }
  }
  const kinds = [...served].filter((key) => versionOf(key) === apiVersion).map(kindOf)
  const sameWord = kinds.find((one) => one.toLowerCase() === kind.toLowerCase())
  const near = sameWord ?? nearest(kind, kinds)
  if (near !== undefined) {
    return { message: `unknown kind ${kind} in ${apiVersion}; did you mean ${near}?`, fix: `Write kind: ${near}.` }
  }
  const other = nearest(`${apiVersion}/${kind}`, [...served]) ?? nearestKind(kind, served)
  if (other !== undefined) {
    const [version, name] = [versionOf(other), kindOf(other)]
    return {
      message: `unknown kind ${kind} in ${apiVersion}; did you mean ${version} ${name}?`,
      fix: `Write apiVersion: ${version} and kind: ${name}.`,
    }
  }
  const message = groups().has(group) ? `unknown kind ${kind} in ${apiVersion}` : `unknown API group ${group}`
  return { message, fix: 'Correct apiVersion and kind; kubectl api-resources lists what a cluster serves.' }
}

function nearestKind(kind: string, served: ReadonlySet<string>): string | undefined {
  const near = nearest(kind, [...new Set([...served].map(kindOf))])
  return near === undefined ? undefined : [...served].sort(newestFirst).find((key) => kindOf(key) === near)
}

function replacement(kind: string, group: string, served: ReadonlySet<string>): string | undefined {
  const versions = [...served].filter((key) => kindOf(key) === kind && groupOf(versionOf(key)) === group)
  const [newest] = versions.map(versionOf).sort(newestFirst)
  return newest === undefined ? undefined : `Write apiVersion: ${newest}.`
}

/** `autoscaling/v2` before `autoscaling/v1` before `autoscaling/v2beta2`, as Kubernetes orders versions. */
export function newestFirst(a: string, b: string): number {
  const rank = (version: string) => {
    const [, major = '0', stage, minor = '0'] = /\bv(\d+)(?:(alpha|beta)(\d+))?(?:\/[^/]*)?$/.exec(version) ?? []
    return (stage === undefined ? 2e6 : stage === 'beta' ? 1e6 : 0) + Number(major) * 1000 + Number(minor)
  }
  return rank(b) - rank(a)
}

function removedVersion(apiVersion: string, kind: string) {
  return KUBERNETES_VERSIONS.find(
    (one) =>
      one.apiVersion === apiVersion &&
      one.removed !== undefined &&
      (one.kinds?.includes(kind) ?? isOfOldGroup(one.instead, kind)),
  )
}

/** A version that is gone with every kind has no other kinds than the version that came after it. */
function isOfOldGroup(instead: string, kind: string): boolean {
  return kubernetesMinors().some((minor) => servedKinds(minor).has(`${instead}/${kind}`))
}

/** Newest first. */
function minorsWith(key: string): string[] {
  return kubernetesMinors().filter((minor) => servedKinds(minor).has(key))
}

let knownGroups: Set<string> | undefined

/** Groups of Kubernetes itself, those that are gone included. */
function groups(): Set<string> {
  knownGroups ??= new Set([
    ...kubernetesMinors().flatMap((minor) => [...servedKinds(minor)].map((key) => groupOf(versionOf(key)))),
    ...KUBERNETES_VERSIONS.map(({ apiVersion }) => groupOf(apiVersion)),
  ])
  return knownGroups
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

function versionOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'))
}

function kindOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
