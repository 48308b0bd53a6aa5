import { type Fields, mapAt, ownValue, textAt } from '../fields.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'
import type { Container } from '../pod-template.ts'
import { hasExtended, isExtended, resourcesOf, unset } from './container-resources.ts'
import { quantity } from './quantity.ts'

/** Images, resources, probes and file systems of containers. */
export const CONTAINER_RULES: readonly ObjectRule[] = [
  {
    rule: 'image-tag-mutable',
    severity: 'error',
    on: 'container',
    check(container) {
      if (isByDigest(container) || isInjected(container)) return
      const { tag, name } = imageOf(container)
      if (name === '' || (tag !== undefined && tag !== 'latest')) return
      const message = `image ${name} ${tag === undefined ? 'has no tag, which means latest' : 'is whatever latest is today'}`
      return { path: [...container.path, 'image'], message }
    },
  },
  {
    rule: 'image-without-digest',
    severity: 'warning',
    on: 'container',
    check(container) {
      if (isByDigest(container)) return
      const { tag, name } = imageOf(container)
      if (tag === undefined || tag === 'latest') return
      return {
        path: [...container.path, 'image'],
        message: `image ${name}:${tag} is named by a tag, which can be moved`,
      }
    },
  },
  {
    rule: 'image-pull-policy',
    severity: 'warning',
    on: 'container',
    check(container) {
      const policy = textAt(container.fields, 'imagePullPolicy')
      if (policy === undefined || policy === 'Always') return
      const path = [...container.path, 'imagePullPolicy']
      if (policy === 'Never') return { path, message: 'the image is never pulled: the node must have it already' }
      if (policy !== 'IfNotPresent' || isByDigest(container)) return
      const { tag } = imageOf(container)
      if (tag !== undefined && tag !== 'latest') return
      return { path, message: 'a node keeps the image that it pulled first, and others pull another' }
    },
  },
  {
    rule: 'resource-requests',
    severity: 'warning',
    on: 'container',
    check: (container) => unset(container, 'requests', ['cpu', 'memory']),
  },
  {
    rule: 'memory-limit',
    severity: 'warning',
    on: 'container',
    check: (container) => unset(container, 'limits', ['memory']),
  },
  {
    rule: 'limit-below-request',
    severity: 'error',
    on: 'container',
    needs: ['limits'],
    check({ name, fields, path }) {
      const { requests, limits } = resourcesOf(fields)
      const problems: Problem[] = []
      for (const resource in limits) {
        if (!Object.hasOwn(requests, resource) || requests[resource] === limits[resource]) continue
        const [request, limit] = [quantity(requests[resource]), quantity(limits[resource])]
        if (request === undefined || limit === undefined || request <= limit) continue
        const message = `container "${name}" asks for ${requests[resource]} of ${resource} and may use ${limits[resource]}`
        problems.push({ path: [...path, 'resources', 'limits', resource], message })
      }
      return problems
    },
  },
  {
    rule: 'extended-resource',
    severity: 'error',
    on: 'container',
    needs: ['requests', 'limits'],
    check({ name, fields, path }) {
      const { requests, limits } = resourcesOf(fields)
      if (!hasExtended(requests) && !hasExtended(limits)) return
      const resources = new Set([...Object.keys(requests), ...Object.keys(limits)].filter(isExtended))
      return [...resources].flatMap((resource): Problem[] => {
        const [request, limit] = [quantity(ownValue(requests, resource)), quantity(ownValue(limits, resource))]
        // A request above its limit is another rule's; a limit alone is the request as well.
        if (limit !== undefined && (request === undefined || request >= limit)) return []
        const message = `container "${name}" asks for ${requests[resource]} of ${resource}, and its limit is ${limits[resource] ?? 'not set'}`
        return [{ path: [...path, 'resources', 'requests', resource], message }]
      })
    },
  },
  {
    rule: 'ephemeral-storage-unbounded',
    severity: 'warning',
    on: 'pod',
    needs: ['emptyDir'],
    check(pod) {
      if (pod.containers.every(({ fields }) => resourcesOf(fields).limits['ephemeral-storage'] !== undefined)) return
      return pod.volumes
        .filter(({ item }) => isUnbounded(item))
        .map(({ item, at }) => ({
          path: [...at, 'emptyDir'],
          message: `volume "${item['name']}" may fill the disk of its node`,
        }))
    },
  },
  {
    rule: 'read-only-root',
    severity: 'warning',
    on: 'container',
    check({ name, fields, path }) {
      if (mapAt(fields, 'securityContext')['readOnlyRootFilesystem'] === true) return
      const at = [...path, 'securityContext', 'readOnlyRootFilesystem']
      return { path: at, message: `container "${name}" can change its own files` }
    },
  },
  {
    rule: 'user-id-low',
    severity: 'info',
    on: 'container',
    needs: ['runAsUser', 'runAsGroup'],
    check({ name, pod, fields, path }) {
      const [own, shared] = [mapAt(fields, 'securityContext'), mapAt(pod.spec, 'securityContext')]
      const problems: Problem[] = []
      for (const field of ['runAsUser', 'runAsGroup']) {
        const id = own[field] === undefined ? shared[field] : own[field]
        // User 0 is `run-as-root`; an unset one is the image's, of which nothing is known here.
        if (typeof id !== 'number' || id === 0 || id >= LOWEST_FREE_ID) continue
        problems.push({ path: [...path, 'securityContext', field], message: `container "${name}" has ${field} ${id}` })
      }
      return problems
    },
  },
  {
    rule: 'readiness-probe',
    severity: 'warning',
    on: 'container',
    check: (container) => withoutProbe(container, 'readinessProbe', 'is sent requests before it can answer them'),
  },
  {
    rule: 'liveness-probe',
    severity: 'info',
    on: 'container',
    check: (container) => withoutProbe(container, 'livenessProbe', 'is not restarted when it hangs'),
  },
  {
    rule: 'probes-identical',
    severity: 'warning',
    on: 'container',
    needs: ['livenessProbe'],
    check({ name, fields, path }) {
      if (!askTheSame(mapAt(fields, 'livenessProbe'), mapAt(fields, 'readinessProbe'))) return
      const message = `container "${name}" is restarted for what should only take it out of the Service`
      return { path: [...path, 'livenessProbe'], message }
    },
  },
  {
    rule: 'probe-threshold',
    severity: 'error',
    on: 'container',
    needs: ['successThreshold'],
    check: ({ fields, path }) =>
      ['livenessProbe', 'startupProbe'].flatMap((probe): Problem[] => {
        const threshold = mapAt(fields, probe)['successThreshold'] ?? 1
        if (threshold === 1) return []
        return [{ path: [...path, probe, 'successThreshold'], message: `${probe} has successThreshold ${threshold}` }]
      }),
  },
  {
    rule: 'ssh-port',
    severity: 'warning',
    on: 'container',
    needs: ['containerPort'],
    check: ({ name, ports }) =>
      ports
        .filter(({ item }) => item['containerPort'] === 22 && (item['protocol'] ?? 'TCP') === 'TCP')
        .map(({ at }) => ({
          path: [...at, 'containerPort'],
          message: `container "${name}" opens port 22, as SSH does`,
        })),
  },
  {
    rule: 'privileged-port',
    severity: 'info',
    on: 'container',
    needs: ['containerPort'],
    check: ({ name, ports }) =>
      ports
        .filter(({ item }) => isPrivileged(item['containerPort']))
        .map(({ item, at }) => ({
          path: [...at, 'containerPort'],
          message: `container "${name}" opens port ${item['containerPort']}, which some nodes keep for root`,
        })),
  },
  {
    rule: 'sub-path-configuration',
    severity: 'warning',
    on: 'container',
    needs: ['subPath'],
    check({ name, pod, mounts }) {
      const changing = new Set(
        pod.volumes
          .filter(({ item }) => item['configMap'] !== undefined || item['secret'] !== undefined)
          .map(({ item }) => item['name']),
      )
      return mounts
        .filter(({ item }) => item['subPath'] !== undefined && changing.has(item['name']))
        .map(({ item, at }) => ({
          path: [...at, 'subPath'],
          message: `container "${name}" never sees a change of volume "${item['name']}" at ${item['mountPath']}`,
        }))
    },
  },
]

/** Below are the users of nodes. */
const LOWEST_FREE_ID = 10_000

function isByDigest({ fields }: Container): boolean {
  return textAt(fields, 'image')?.includes('@') === true
}

/** Istio's injector writes the image of its own gateways: https://istio.io/latest/docs/setup/additional-setup/gateway/ */
function isInjected({ fields, pod }: Container): boolean {
  if (fields['image'] !== 'auto') return false
  return [...Object.keys(pod.annotations), ...Object.keys(pod.labels)].some((key) => INJECTED.test(key))
}

const INJECTED = /^(?:inject\.istio\.io\/|sidecar\.istio\.io\/inject$|istio\.io\/rev$)/

function imageOf({ fields }: Container): { name: string; tag: string | undefined } {
  const image = textAt(fields, 'image') ?? ''
  // A colon before the last slash is the registry's port.
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1)
  if (colon < 0) return { name: image, tag: undefined }
  return { name: image.slice(0, colon), tag: image.slice(colon + 1) }
}

function withoutProbe({ name, pod, fields, path, list, serves }: Container, probe: string, what: string) {
  if (!pod.keptRunning || !serves || list === 'initContainers' || fields[probe] !== undefined) return undefined
  // Without a port it serves nobody who could be told to wait.
  if (probe === 'readinessProbe' && fields['ports'] === undefined) return undefined
  return { path: [...path, probe], message: `container "${name}" ${what}` }
}

const HANDLERS = ['httpGet', 'tcpSocket', 'grpc', 'exec']

function askTheSame(one: Fields, other: Fields): boolean {
  let isAsking = false
  for (const handler of HANDLERS) {
    if (one[handler] === undefined && other[handler] === undefined) continue
    if (JSON.stringify(one[handler]) !== JSON.stringify(other[handler])) return false
    isAsking = true
  }
  return isAsking
}

function isPrivileged(port: unknown): boolean {
  return typeof port === 'number' && port > 0 && port < 1024 && port !== 22
}

/** On the node's disk: what is kept in memory counts as memory. */
function isUnbounded(volume: Fields): boolean {
  const { sizeLimit, medium } = mapAt(volume, 'emptyDir')
  return volume['emptyDir'] !== undefined && sizeLimit === undefined && medium !== 'Memory'
}
