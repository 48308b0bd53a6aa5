import type { DocumentPath } from '../../findings/index.ts'
import { nearest } from '../../text/index.ts'
import { type Fields, mapAt, textAt } from '../fields.ts'
import type { IndexedObject, Scope } from '../object-index.ts'
import type { Problem } from '../object-rule.ts'

/** What every namespace has without a manifest. */
const ALWAYS_THERE = new Set(['ServiceAccount/default', 'ConfigMap/kube-root-ca.crt'])

/** Whether nothing is named, or what is named is among the objects. */
export function isThere(
  object: IndexedObject,
  kind: string,
  name: string | undefined,
  namespace = object.namespace,
): boolean {
  return (
    name === undefined || object.scope.find(kind, namespace, name) !== undefined || ALWAYS_THERE.has(`${kind}/${name}`)
  )
}

/** The problem of naming an object that is not there; undefined when it is, or when nothing is named. */
export function missing(
  object: IndexedObject,
  path: DocumentPath,
  kind: string,
  name: string | undefined,
  namespace = object.namespace,
): Problem | undefined {
  if (name === undefined || isThere(object, kind, name, namespace)) return
  const near = suggestion(name, object.scope.namesOf(kind, namespace))
  const [title = kind] = kind.split('.')
  if (object.scope.options.closed && !object.scope.hasPodMaker(namespace)) {
    const fix = near === undefined ? `Add the ${title} or correct the name.` : `Did you mean "${near}"?`
    return { path, message: `${title} "${name}" does not exist in namespace "${namespace}"`, fix }
  }
  // The cluster may have it, or an operator make it; a name that is nearly the same is a slip all the same.
  if (near === undefined) return
  const message = `${title} "${name}" is not among the given objects, and "${near}" is`
  return { path, message, fix: `Write ${near} if that is meant.` }
}

/** A Secret is made outside of Git as a rule: only a name that looks like a slip of one made here is a problem. */
export function misspeltSecret(object: IndexedObject, path: DocumentPath, name: string | undefined): Problem[] {
  const names = name === undefined ? undefined : secretsOf(object.scope).get(object.namespace)
  if (name === undefined || names === undefined || names.has(name)) return []
  const near = suggestion(name, [...names])
  if (near === undefined) return []
  return [{ path, message: `Secret "${name}" is made by none of these files`, fix: `Did you mean "${near}"?` }]
}

/** Beyond so many names a suggestion would take longer than it is worth. */
const MOST_NAMES = 500

function suggestion(name: string, names: readonly string[]): string | undefined {
  return names.length > MOST_NAMES ? undefined : nearest(name, names)
}

/** What makes a Secret, and under which name if not its own. */
const SECRET_MAKERS: Record<string, (spec: Fields) => string | undefined> = {
  Secret: () => undefined,
  'SealedSecret.bitnami.com': (spec) => textAt(mapAt(mapAt(spec, 'template'), 'metadata'), 'name'),
  'ExternalSecret.external-secrets.io': (spec) => textAt(mapAt(spec, 'target'), 'name'),
  'Certificate.cert-manager.io': (spec) => textAt(spec, 'secretName'),
}

const secretsByScope = new WeakMap<Scope, Map<string, Set<string>>>()

/** Names of the Secrets that the objects of a scope make, by namespace. */
function secretsOf(scope: Scope): Map<string, Set<string>> {
  let secrets = secretsByScope.get(scope)
  if (!secrets) {
    secrets = new Map()
    for (const [kind, nameIn] of Object.entries(SECRET_MAKERS)) {
      for (const { namespace, name, spec } of scope.ofKind(kind)) {
        const names = secrets.get(namespace) ?? new Set()
        secrets.set(namespace, names.add(nameIn(spec) ?? name))
      }
    }
    secretsByScope.set(scope, secrets)
  }
  return secrets
}

/** A key that a ConfigMap of these files does not hold. */
export function missingKey(
  object: IndexedObject,
  path: DocumentPath,
  name: string | undefined,
  key: string | undefined,
): Problem | undefined {
  const map = name === undefined ? undefined : object.scope.find('ConfigMap', object.namespace, name)
  if (!map || key === undefined) return
  const [data, binaryData] = [mapAt(map.fields, 'data'), mapAt(map.fields, 'binaryData')]
  if (Object.hasOwn(data, key) || Object.hasOwn(binaryData, key)) return
  const keys = [...Object.keys(data), ...Object.keys(binaryData)]
  const fix = keys.length === 0 ? 'Add the key.' : `It holds ${keys.slice(0, 5).join(', ')}.`
  return { path, message: `ConfigMap "${name}" has no key "${key}"`, fix }
}

/** Every problem of a list, without the places where there is none. */
export function found(...problems: readonly (Problem | undefined)[]): Problem[] {
  return problems.filter((problem) => problem !== undefined)
}
