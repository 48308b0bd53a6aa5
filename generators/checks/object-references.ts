import type { k8s } from 'cdk8s-plus-28'
import type { DocumentPath } from '../findings/index.ts'
import { kubernetesObject, type ManifestObject } from './manifest-objects.ts'

/** The typed view of one pod template: everything may be missing, since the file may hold anything. */
type PodSpec = Partial<k8s.PodSpec>
type Labels = Record<string, string>

/** What the objects of one environment offer each other. */
export interface Context {
  /** By `kind/namespace/name`, inside one environment. */
  known: Map<string, ManifestObject>
  /** Labels and names of ports of the pods that each workload of the environment makes, with its namespace. */
  pods: { namespace: string; labels: Labels; ports: Set<string> }[]
  report(object: ManifestObject, path: DocumentPath, message: string, fix: string): void
}

/** Everything that one object names, or selects, of the others. */
export function checkObject(object: ManifestObject, context: Context): void {
  const value = kubernetesObject(object)
  const spec = (value['spec'] ?? {}) as Record<string, unknown>
  const namespace = value.metadata?.namespace ?? ''
  if (value.kind === 'Deployment') {
    const template = spec['template'] as { metadata?: { labels?: Labels }; spec?: PodSpec } | undefined
    const selector = (spec['selector'] as { matchLabels?: Labels } | undefined)?.matchLabels ?? {}
    if (!isSubset(selector, template?.metadata?.labels ?? {})) {
      context.report(
        object,
        ['spec', 'selector'],
        'the selector does not match the labels of the pod template',
        'Give the template the labels that the selector names.',
      )
    }
    checkPodSpec(object, namespace, template?.spec ?? {}, context)
  }
  if (value.kind === 'Service') checkService(object, namespace, spec, context)
  if (value.kind === 'HorizontalPodAutoscaler') {
    const target = spec['scaleTargetRef'] as { kind?: string; name?: string } | undefined
    requireObject(object, ['spec', 'scaleTargetRef', 'name'], target?.kind ?? '', namespace, target?.name, context)
  }
  if (value.kind === 'PodDisruptionBudget') requireSelected(object, 'selector', namespace, context)
  if (value.kind === 'NetworkPolicy') requireSelected(object, 'podSelector', namespace, context)
}

function checkPodSpec(object: ManifestObject, namespace: string, spec: PodSpec, context: Context): void {
  const base = ['spec', 'template', 'spec']
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
    if (volume.configMap)
      requireObject(object, [...at, 'configMap', 'name'], 'ConfigMap', namespace, volume.configMap.name, context)
  }
  const volumes = new Set(allVolumes.map((volume) => volume.name))
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
      const port = container[probe]?.httpGet?.port as unknown as string | number | undefined
      if (port !== undefined && !ports.has(port)) {
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
  context.report(
    object,
    path,
    `${kind} "${name}" does not exist in namespace "${namespace}"`,
    `Add the ${kind} or correct the name.`,
  )
}

function requirePods(
  object: ManifestObject,
  path: DocumentPath,
  namespace: string,
  selector: Labels,
  context: Context,
): Context['pods'] {
  const selected = context.pods.filter((pod) => pod.namespace === namespace && isSubset(selector, pod.labels))
  if (selected.length === 0) {
    context.report(
      object,
      path,
      'the selector matches the pods of no workload',
      'Give it the labels of a pod template.',
    )
  }
  return selected
}

/** The pods that a workload makes; none for any other object. */
export function podsOf(object: ManifestObject): Context['pods'] {
  const value = kubernetesObject(object)
  const spec = value['spec'] as { template?: { metadata?: { labels?: Labels }; spec?: PodSpec } } | undefined
  if (!spec?.template) return []
  const ports = objectsIn(spec.template.spec?.containers).flatMap((container) => objectsIn(container.ports))
  return [
    {
      namespace: value.metadata?.namespace ?? '',
      labels: spec.template.metadata?.labels ?? {},
      ports: new Set(ports.map((port) => port.name ?? '')),
    },
  ]
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
