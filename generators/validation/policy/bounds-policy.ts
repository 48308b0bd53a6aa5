import { itemsAt, mapAt, textAt } from '../fields.ts'
import { type IndexedObject, minimumReplicas } from '../object-index.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import { quantity } from './quantity.ts'

const WORKLOADS = ['Deployment.apps', 'StatefulSet.apps', 'Rollout.argoproj.io']

/** What the workloads of a namespace take at quiet times, against what the namespace may give. */
export const BOUNDS_RULES: readonly ObjectRule[] = [
  {
    rule: 'quota-too-small',
    severity: 'error',
    on: 'object',
    kinds: ['ResourceQuota'],
    check: (quota) =>
      Object.entries(mapAt(quota.spec, 'hard')).flatMap(([name, hard]): Problem[] => {
        const bound = quantity(hard)
        const needed = bound === undefined ? undefined : takenAtQuietTimes(quota, name)
        if (bound === undefined || needed === undefined || needed <= bound) return []
        const message = `${hard} is less than the ${readable(needed)} that the workloads take at quiet times`
        return [{ path: ['spec', 'hard', name], message }]
      }),
  },
  {
    rule: 'limit-range-exceeded',
    severity: 'error',
    on: 'container',
    check({ fields, path, pod }) {
      const { namespace, scope } = pod.object
      const resources = mapAt(fields, 'resources')
      const ranges = scope.ofKind('LimitRange').filter((range) => range.namespace === namespace)
      return ranges
        .flatMap(({ spec }) => itemsAt(spec, 'limits'))
        .filter((limit) => textAt(limit, 'type') === 'Container')
        .flatMap((limit) => Object.entries(mapAt(limit, 'max')))
        .flatMap(([resource, max]): Problem[] => {
          const used = mapAt(resources, 'limits')[resource]
          const [bound, asked] = [quantity(max), quantity(used)]
          if (bound === undefined || asked === undefined || asked <= bound) return []
          const message = `a container of this namespace may use ${max} ${resource}, and this one asks for ${used}`
          return [{ path: [...path, 'resources', 'limits', resource], message }]
        })
    },
  },
]

/** `requests.cpu`, `limits.memory`, `pods` and the like, of all workloads; undefined for what is not counted here. */
function takenAtQuietTimes({ namespace, scope }: IndexedObject, name: string): number | undefined {
  const [group = '', resource] = name.includes('.') ? name.split(/\.(.*)/) : ['requests', name]
  if (name !== 'pods' && (!['requests', 'limits'].includes(group) || !['cpu', 'memory'].includes(resource ?? ''))) {
    return undefined
  }
  const workloads = WORKLOADS.flatMap((kind) => scope.ofKind(kind)).filter((one) => one.namespace === namespace)
  return workloads.reduce((sum, workload) => {
    const pods = minimumReplicas(workload) ?? 1
    const each =
      name === 'pods'
        ? 1
        : (workload.pod?.containers ?? []).reduce((total, { fields }) => {
            return total + (quantity(mapAt(mapAt(fields, 'resources'), group)[resource ?? '']) ?? 0)
          }, 0)
    return sum + pods * each
  }, 0)
}

function readable(value: number): string {
  return value >= 2 ** 20 ? `${Number((value / 2 ** 20).toFixed(1))}Mi` : String(Number(value.toFixed(3)))
}
