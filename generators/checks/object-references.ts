import type { k8s } from 'cdk8s-plus-28'
import type { DocumentPath, Severity } from '../findings/index.ts'
import { nearest } from '../text/index.ts'
import { kubernetesObject, type ManifestObject } from './manifest-objects.ts'

/** The typed view of one pod template: everything may be missing, since the file may hold anything. */
type PodSpec = Partial<k8s.PodSpec>
type Labels = Record<string, string>

/** Labels of the pods of one workload, and the names of their ports. */
export interface Pods {
  namespace: string
  labels: Labels
  ports: Set<string>
}

/** What the objects of one group (an environment, or all that was given) offer each other. */
export interface Context {
  /**
   * True when the group is all there is, as dist/ is of an environment. Otherwise the cluster may hold what the group does not:
   * a name is missed only when the group has one that is nearly the same, a selector only when the group has pods that it
   * could mean, and both are warnings.
   */
  isClosed: boolean
  /** By `kind/namespace/name`, inside one environment. */
  known: Map<string, ManifestObject>
  /** The pods that each workload of the group makes. */
  podsByNamespace: Map<string, Pods[]>
  report(object: ManifestObject, path: DocumentPath, message: string, fix: string, severity?: Severity): void
}

interface PodTemplate {
  metadata?: { labels?: Labels }
  spec?: PodSpec
}

/** Kinds whose selector must match the labels of their own pod template. */
const SELECTING = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Rollout'])

/** Everything that one object names, or selects, of the others. */
export function checkObject(object: ManifestObject, context: Context): void {
  const value = kubernetesObject(object)
  const spec = mapOf(value['spec'])
  const namespace = value.metadata?.namespace ?? ''
  const found = podTemplateOf(object)
  if (found) {
    const { template, path } = found
    const selector = mapOf(spec['selector'])['matchLabels'] as Labels | undefined
    if (selector && SELECTING.has(value.kind ?? '') && !isSubset(selector, template.metadata?.labels ?? {})) {
      context.report(
        object,
        ['spec', 'selector'],
        'the selector does not match the labels of the pod template',
        'Give the template the labels that the selector names.',
      )
    }
    checkPodSpec(object, [...path, 'spec'], namespace, mapOf(template.spec) as PodSpec, context)
  }
  if (value.kind === 'Service') checkService(object, namespace, spec, context)
  if (value.kind === 'HorizontalPodAutoscaler') {
    const target = spec['scaleTargetRef'] as { kind?: string; name?: string } | undefined
    requireObject(object, ['spec', 'scaleTargetRef', 'name'], target?.kind ?? '', namespace, target?.name, context)
  }
  if (value.kind === 'PodDisruptionBudget') requireSelected(object, 'selector', namespace, context)
  if (value.kind === 'NetworkPolicy') requireSelected(object, 'podSelector', namespace, context)
}

function checkPodSpec(
  object: ManifestObject,
  base: DocumentPath,
  namespace: string,
  spec: PodSpec,
  context: Context,
): void {
  if (spec.serviceAccountName !== undefined) {
    requireObject(
      object,
      [...base, 'serviceAccountName'],
      'ServiceAccount',
      namespace,
      spec.serviceAccountName,
      context,
    )
  }
  const allVolumes = objectsIn(spec.volumes)
  for (const [index, volume] of allVolumes.entries()) {
    const at = [...base, 'volumes', index]
    if (volume.configMap && volume.configMap.optional !== true)
      requireObject(object, [...at, 'configMap', 'name'], 'ConfigMap', namespace, volume.configMap.name, context)
  }
  // A StatefulSet mounts what its claim templates make.
  const claims = mapOf(kubernetesObject(object)['spec'])['volumeClaimTemplates'] as PodTemplate[] | undefined
  const claimed = objectsIn(claims).map((claim) => mapOf(claim.metadata)['name'])
  const volumes = new Set([...allVolumes.map((volume) => volume.name), ...claimed])
  for (const [index, container] of objectsIn(spec.containers).entries()) {
    const at = [...base, 'containers', index]
    for (const [mount, { name }] of objectsIn(container.volumeMounts).entries()) {
      if (!volumes.has(name)) {
        context.report(
          object,
          [...at, 'volumeMounts', mount, 'name'],
          `mounts volume "${name}", which the pod does not have`,
          'Add the volume or correct the name.',
        )
      }
    }
    const ports = new Set(objectsIn(container.ports).flatMap((port) => [port.name ?? '', port.containerPort]))
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      const port = mapOf(mapOf(container[probe])['httpGet'])['port'] as string | number | undefined
      // A number need not be declared; a name must be.
      if (port !== undefined && !ports.has(port) && (typeof port === 'string' || context.isClosed)) {
        context.report(
          object,
          [...at, probe, 'httpGet', 'port'],
          `probes port "${port}", which the container does not open`,
          'Name one of its ports.',
        )
      }
    }
  }
}

function checkService(
  object: ManifestObject,
  namespace: string,
  spec: Record<string, unknown>,
  context: Context,
): void {
  const selector = spec['selector'] as Labels | undefined
  if (!selector) return
  const pods = requirePods(object, ['spec', 'selector'], namespace, selector, context)
  if (pods.length === 0) return
  const ports = objectsIn(spec['ports'] as { port: number; targetPort?: string | number }[] | undefined)
  for (const [index, { port, targetPort = port }] of ports.entries()) {
    if (typeof targetPort === 'string' && !pods.some((pod) => pod.ports.has(targetPort))) {
      context.report(
        object,
        ['spec', 'ports', index, 'targetPort'],
        `no selected pod has a port named "${targetPort}"`,
        'Name a container port.',
      )
    }
  }
}

/** An empty selector is every pod of the namespace, as in a policy that denies by default. */
function requireSelected(object: ManifestObject, field: string, namespace: string, context: Context): void {
  const spec = (kubernetesObject(object)['spec'] ?? {}) as Record<string, { matchLabels?: Labels } | undefined>
  const labels = spec[field]?.matchLabels
  if (labels) requirePods(object, ['spec', field], namespace, labels, context)
}

function requireObject(
  object: ManifestObject,
  path: DocumentPath,
  kind: string,
  namespace: string,
  name: string | undefined,
  context: Context,
): void {
  if (context.known.has(`${kind}/${namespace}/${name}`)) return
  const message = `${kind} "${name}" does not exist in namespace "${namespace}"`
  if (context.isClosed) {
    context.report(object, path, message, `Add the ${kind} or correct the name.`)
    return
  }
  const near = nearest(`${name}`, namesOf(kind, namespace, context))
  if (near === undefined) return
  const given = `${kind} "${name}" is not among the given objects, and "${near}" is`
  context.report(object, path, given, `Write ${near} if that is meant.`, 'warning')
}

function requirePods(
  object: ManifestObject,
  path: DocumentPath,
  namespace: string,
  selector: Labels,
  context: Context,
): Pods[] {
  const candidates = context.podsByNamespace.get(namespace) ?? []
  const selected = candidates.filter((pod) => isSubset(selector, pod.labels))
  if (selected.length === 0 && (context.isClosed || candidates.length > 0)) {
    context.report(
      object,
      path,
      'the selector matches the pods of no workload',
      'Give it the labels of a pod template.',
      context.isClosed ? 'error' : 'warning',
    )
  }
  return selected
}

/** The pods that a workload makes; undefined for any other object. */
export function podsOf(object: ManifestObject): Pods | undefined {
  const found = podTemplateOf(object)
  if (!found) return undefined
  const { metadata, spec } = found.template
  const ports = objectsIn(mapOf(spec)['containers'] as PodSpec['containers']).flatMap((container) =>
    objectsIn(container.ports),
  )
  return {
    namespace: kubernetesObject(object).metadata?.namespace ?? '',
    labels: mapOf(metadata?.labels) as Labels,
    ports: new Set(ports.map((port) => port.name ?? '')),
  }
}

/** Where an object says what its pods are: itself, its template, or its job's template. */
function podTemplateOf(object: ManifestObject): { template: PodTemplate; path: DocumentPath } | undefined {
  const value = kubernetesObject(object)
  if (value.kind === 'Pod') return { template: value as PodTemplate, path: [] }
  const path = value.kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template']
  const template = path.reduce<unknown>((at, key) => mapOf(at)[key], value)
  // Other kinds (an ApplicationSet) have templates of something else.
  const isPodTemplate = Array.isArray(mapOf(mapOf(template)['spec'])['containers'])
  return isPodTemplate ? { template: template as PodTemplate, path } : undefined
}

function namesOf(kind: string, namespace: string, { known }: Context): string[] {
  const prefix = `${kind}/${namespace}/`
  return [...known.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
}

/** A map, or an empty one: a file may hold anything. */
function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function isSubset(wanted: Labels, labels: Labels): boolean {
  const entries = Object.entries(wanted)
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value)
}

/** The objects of a list. A file may hold anything, which the schema check tells: here it only must not stand in the way. */
function objectsIn<T extends object>(list: readonly T[] | undefined): Partial<T>[] {
  if (!Array.isArray(list)) return []
  return list.map((item: T | null) => (item !== null && typeof item === 'object' ? item : {}))
}
