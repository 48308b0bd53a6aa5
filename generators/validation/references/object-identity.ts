import type { DocumentPath } from '../../findings/index.ts'
import { type Fields, located, numberAt, textAt } from '../fields.ts'
import { HORIZONTAL_AUTOSCALERS, replicasOf } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

/** Names that must be unique, and bounds that must not cross. */
export const IDENTITY_RULES: readonly ObjectRule[] = [
  {
    rule: 'object-defined-twice',
    severity: 'error',
    on: 'object',
    check({ kind, name, first, metadata, source }) {
      if (name === '' || first === undefined) return
      const key = `${kind.split('.')[0]}/${textAt(metadata, 'namespace') ?? ''}/${name}`
      const where = first.source.file === source.file ? 'this file twice' : `${first.source.file} too`
      return { path: ['metadata', 'name'], message: `${key} stands in ${where}` }
    },
  },
  {
    rule: 'name-duplicate',
    severity: 'error',
    on: 'pod',
    check(pod) {
      const { spec, path } = pod
      const containers = pod.containers.map(({ fields, path }) => ({ item: fields, at: path }))
      const list = (key: string) => located(spec, [...path, 'spec'], key)
      return [
        ...repeated(containers, ['name'], 'container'),
        ...repeated(pod.volumes, ['name'], 'volume'),
        ...repeated(list('imagePullSecrets'), ['name'], 'pull secret'),
        ...repeated(list('hostAliases'), ['ip'], 'alias of'),
        ...repeated(list('topologySpreadConstraints'), ['topologyKey', 'whenUnsatisfiable'], 'constraint of'),
      ]
    },
  },
  {
    rule: 'name-duplicate',
    severity: 'error',
    on: 'container',
    check({ env, ports, mounts, fields, path }) {
      return [
        ...repeated(env, ['name'], 'variable'),
        ...repeatedPorts(ports, 'containerPort'),
        ...repeated(mounts, ['mountPath'], 'mount'),
        ...repeated(located(fields, path, 'volumeDevices'), ['devicePath'], 'device'),
      ]
    },
  },
  {
    rule: 'name-duplicate',
    severity: 'error',
    on: 'object',
    kinds: ['Service'],
    check: ({ spec }) => repeatedPorts(located(spec, ['spec'], 'ports'), 'port'),
  },
  {
    rule: 'autoscaler-range',
    severity: 'error',
    on: 'object',
    kinds: HORIZONTAL_AUTOSCALERS,
    check(object) {
      const { minimum, maximum } = replicasOf(object)
      if (maximum === undefined || minimum <= maximum) return
      const field = numberAt(object.spec, 'maxReplicas') === undefined ? 'maxReplicaCount' : 'maxReplicas'
      return { path: ['spec', field], message: `the maximum, ${maximum}, is below the minimum, ${minimum}` }
    },
  },
]

type Places = readonly { item: Fields; at: DocumentPath }[]

/** Protocol of a port that names none. */
const TCP = { protocol: 'TCP' }

/** By name, and by number and protocol: server-side apply, by which Argo CD syncs, refuses the second of each. */
function repeatedPorts(ports: Places, number: string): Problem[] {
  if (ports.length < 2) return []
  const named = repeated(ports, ['name'], 'port')
  const told = new Set(named.map(({ path }) => path.at(-2)))
  const numbered = repeated(ports, [number, 'protocol'], 'port', TCP).filter(({ path }) => !told.has(path.at(-2)))
  return [...named, ...numbered]
}

/**
 * Items of one list with the same keys, as `x-kubernetes-list-map-keys` names them; an item that lacks one has no name yet.
 * @param defaults of keys, as the API server fills them in
 */
function repeated(items: Places, keys: readonly string[], what: string, defaults: Fields = {}): Problem[] {
  if (items.length < 2) return []
  const [first = ''] = keys
  const seen = new Set<unknown>()
  const problems: Problem[] = []
  for (const place of items) {
    const values = keys.map((key) => place.item[key] ?? defaults[key])
    if (values.includes(undefined)) continue
    const name = values.length === 1 ? values[0] : JSON.stringify(values)
    if (!seen.has(name)) seen.add(name)
    else {
      const shown = values.length === 1 ? JSON.stringify(name) : values.join('/')
      problems.push({ path: [...place.at, first], message: `there is another ${what} ${shown} before it` })
    }
  }
  return problems
}
