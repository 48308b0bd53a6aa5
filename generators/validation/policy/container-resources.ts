import { type Fields, mapAt } from '../fields.ts'
import type { Problem } from '../object-rule.ts'
import type { Container } from '../pod-template.ts'

/** What a container, or a whole pod, asks for and may use, by resource. */
export function resourcesOf(fields: Fields): { requests: Fields; limits: Fields } {
  const resources = mapAt(fields, 'resources')
  return { requests: mapAt(resources, 'requests'), limits: mapAt(resources, 'limits') }
}

/** A request that is not set is its limit; what the pod asks for as a whole counts for each container. */
export function unset(
  { name, pod, fields, path, list }: Container,
  key: 'requests' | 'limits',
  resources: string[],
): Problem[] {
  // An ephemeral container may not have any.
  if (list === 'ephemeralContainers') return []
  const problems: Problem[] = []
  for (const resource of resources) {
    if (isSet(fields, key, resource) || isSet(pod.spec, key, resource)) continue
    const what = key === 'requests' ? 'request' : 'limit'
    problems.push({
      path: [...path, 'resources', key, resource],
      message: `container "${name}" has no ${resource} ${what}`,
    })
  }
  return problems
}

function isSet(fields: Fields, key: 'requests' | 'limits', resource: string): boolean {
  const { requests, limits } = resourcesOf(fields)
  return limits[resource] !== undefined || (key === 'requests' && requests[resource] !== undefined)
}

export function hasExtended(resources: Fields): boolean {
  for (const resource in resources) if (isExtended(resource)) return true
  return false
}

/** `nvidia.com/gpu` and the like, which cannot be overcommitted. */
export function isExtended(resource: string): boolean {
  return resource.includes('/') && !/^(?:[^/]*\.)?kubernetes\.io\//.test(resource)
}
