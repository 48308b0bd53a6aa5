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
      if (pod.containers.length < 2 && pod.volumes.length < 2) return
      const containers = pod.containers.map(({ fields, path }) => ({ item: fields, at: path }))
      return [...repeated(containers, 'name', 'container'), ...repeated(pod.volumes, 'name', 'volume')]
    },
  },
  {
    rule: 'name-duplicate',
    severity: 'error',
    on: 'container',
    check({ env, ports, mounts }) {
      if (env.length < 2 && ports.length < 2 && mounts.length < 2) return
      return [
        ...repeated(env, 'name', 'variable'),
        ...repeated(ports, 'name', 'port'),
        ...repeated(mounts, 'mountPath', 'mount'),
      ]
    },
  },
  {
    rule: 'name-duplicate',
    severity: 'error',
    on: 'object',
    kinds: ['Service'],
    check: ({ spec }) => repeated(located(spec, ['spec'], 'ports'), 'name', 'port'),
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

function repeated(items: readonly { item: Fields; at: DocumentPath }[], key: string, what: string): Problem[] {
  if (items.length < 2) return []
  const seen = new Set<unknown>()
  const problems: Problem[] = []
  for (const place of items) {
    const name = place.item[key]
    if (name === undefined) continue
    if (seen.has(name)) {
      problems.push({ path: [...place.at, key], message: `there is another ${what} "${name}" before it` })
    } else seen.add(name)
  }
  return problems
}
