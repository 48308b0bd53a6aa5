import { type DocumentPath, type Finding, formatPath, RULES, type RuleId, type Severity } from '../findings/index.ts'
import type { World } from './cluster-scope.ts'
import { numberAt } from './fields.ts'
import { immutableChanges } from './immutable-fields.ts'
import { about, type ManifestObject } from './manifest-objects.ts'
import { type IndexedObject, Scope } from './object-index.ts'

/** Kinds whose removal takes data with it: what is in a namespace, on a volume, or of a kind. */
const HOLDING_DATA = new Set(['Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition.apiextensions.k8s.io'])

/**
 * What a change of manifests does to a cluster that runs what they were: objects that go, replicas that fall, fields that the API
 * server refuses to change. `before` are the objects of the base, `after` those that are there now; pure.
 */
export function checkBlastRadius(
  before: readonly ManifestObject[],
  after: readonly ManifestObject[],
  world: World,
): Finding[] {
  const now = scopesOf(after, world)
  const findings: Finding[] = []
  for (const [group, scope] of scopesOf(before, world)) {
    for (const old of scope.objects) {
      if (old.name === '' || old.first) continue
      const current = now.get(group)?.find(old.kind, old.namespace, old.name)
      if (current) compare(old, current, findings)
      else removed(old, now.get(group), findings)
    }
  }
  return findings
}

function scopesOf(objects: readonly ManifestObject[], world: World): Map<string, Scope> {
  const groupOf = world.grouping(objects)
  const scopes = new Map<string, Scope>()
  for (const object of objects) {
    const group = groupOf(object.file)
    const scope = scopes.get(group) ?? new Scope({ closed: world.isClosed, minor: 0 })
    scopes.set(group, scope)
    scope.add(object)
  }
  return scopes
}

function removed(old: IndexedObject, scope: Scope | undefined, findings: Finding[]): void {
  const title = `${old.fields['kind']} "${old.name}"${old.namespace === '' ? '' : ` of namespace "${old.namespace}"`}`
  if (HOLDING_DATA.has(old.kind)) {
    findings.push(
      finding('data-removed', 'error', old, ['metadata', 'name'], `${title} is gone, and what it holds with it`),
    )
  } else if (!isRenewed(old, scope)) {
    findings.push(finding('object-removed', 'warning', old, ['metadata', 'name'], `${title} is gone`))
  }
}

/** `settings-5026ef30b4` is gone and `settings-8d1c22a9f0` is there: configuration that is named by its content. */
function isRenewed({ kind, namespace, name }: IndexedObject, scope: Scope | undefined): boolean {
  const stem = /^(.+-)[0-9a-z]{8,64}$/.exec(name)?.[1]
  if (stem === undefined || (kind !== 'ConfigMap' && kind !== 'Secret')) return false
  return scope?.namesOf(kind, namespace).some((other) => other.startsWith(stem)) ?? false
}

function compare(old: IndexedObject, current: IndexedObject, findings: Finding[]): void {
  const [was, is] = [numberAt(old.spec, 'replicas'), numberAt(current.spec, 'replicas')]
  if (was !== undefined && was > 1 && current.spec['replicas'] === undefined && old.pod) {
    const message = `replicas were ${was}: without the field a running workload falls to one pod before an autoscaler raises it`
    findings.push(finding('replicas-removed', 'warning', current, ['spec'], message))
  } else if (was !== undefined && is !== undefined && was > 0 && is === 0) {
    findings.push(
      finding('replicas-removed', 'warning', current, ['spec', 'replicas'], `replicas were ${was}: all pods end`),
    )
  }
  if (isRecreated(current)) return
  for (const path of immutableChanges(old, current)) {
    const message = `${formatPath(path)} of a ${current.fields['kind']} cannot be changed`
    findings.push(finding('immutable-field-changed', 'error', current, path, message))
  }
}

/** Argo CD deletes the object and creates it anew: hooks before each run, and what is told to be replaced by force. */
function isRecreated({ annotations }: IndexedObject): boolean {
  const options = String(annotations['argocd.argoproj.io/sync-options'] ?? '')
  return annotations['argocd.argoproj.io/hook'] !== undefined || /\bForce=true\b/.test(options)
}

function finding(
  rule: RuleId,
  severity: Severity,
  { source }: IndexedObject,
  path: DocumentPath,
  message: string,
): Finding {
  const line = source.lineOf(path) ?? 1
  return {
    rule,
    severity,
    message,
    file: source.file,
    line,
    path: formatPath(path),
    ...about(source),
    fix: RULES[rule].repair,
  }
}
