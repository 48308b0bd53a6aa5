import { type Fields, isMap, mapAt, numberAt, textAt, withoutNulls } from './fields.ts'
import { LabelIndex } from './label-index.ts'
import {
  isBeyondTemplates,
  isEmpty,
  type LabelSelector,
  labelSelector,
  mapSelector,
  selectsOrigin,
  templatePart,
} from './label-selector.ts'
import type { ManifestObject } from './manifest-objects.ts'
import { mayMakePods } from './pod-makers.ts'
import { type PodTemplate, podTemplate } from './pod-template.ts'
import type { RuleOptions } from './rule-options.ts'
import { isUnknownKind } from './schema/index.ts'

/** One object, with what every rule reads of it. */
export interface IndexedObject {
  source: ManifestObject
  /** Without those that are null. */
  fields: Fields
  /** `Kind` of the core group, else `Kind.group`; the version is no part of it. */
  kind: string
  apiVersion: string
  name: string
  /** `default` where a namespaced object names none; empty for objects of the cluster. */
  namespace: string
  metadata: Fields
  annotations: Fields
  spec: Fields
  pod: PodTemplate | undefined
  /** No Kubernetes has such a kind: what its fields mean is not known. */
  isUnknown: boolean
  /** The first object of the same kind and name, of which this one is another copy. */
  first: IndexedObject | undefined
  scope: Scope
  /** As selectorOf() read it; null before. */
  selector: LabelSelector | undefined | null
}

/** Groups that were merged into others long ago: the same kinds under another name. */
const MOVED_GROUPS: Record<string, string> = {
  'extensions/Ingress': 'networking.k8s.io',
  'extensions/NetworkPolicy': 'networking.k8s.io',
  'extensions/Deployment': 'apps',
  'extensions/ReplicaSet': 'apps',
  'extensions/DaemonSet': 'apps',
}

/** Kinds without a namespace, of Kubernetes and of what this repository generates. */
const CLUSTER_KINDS = new Set([
  'APIService.apiregistration.k8s.io',
  'CSIDriver.storage.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'ClusterSecretStore.external-secrets.io',
  'ClusterTriggerAuthentication.keda.sh',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'GatewayClass.gateway.networking.k8s.io',
  'IngressClass.networking.k8s.io',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass.scheduling.k8s.io',
  'RuntimeClass.node.k8s.io',
  'StorageClass.storage.k8s.io',
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
])

const NAMESPACE = 'default'

const kinds = new Map<string, Map<string, string>>()

/** `('apps/v1', 'Deployment')` -> `Deployment.apps`. Put together once: there are few kinds and many objects. */
export function kindOf(apiVersion: string, kind: string): string {
  const known = kinds.get(apiVersion)?.get(kind)
  if (known !== undefined) return known
  const slash = apiVersion.lastIndexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const current = MOVED_GROUPS[`${group}/${kind}`] ?? group
  const full = current === '' ? kind : `${kind}.${current}`
  if (kinds.size < MOST_API_VERSIONS) kinds.set(apiVersion, (kinds.get(apiVersion) ?? new Map()).set(kind, full))
  return full
}

/** Beyond these they are nonsense, which must not fill the memory. */
const MOST_API_VERSIONS = 1000

export interface ScopeOptions {
  /** Nothing else exists in these namespaces but Secrets: then what an object names must be here. */
  closed: boolean
  /** Minor version of Kubernetes that the objects are for: 36 for 1.36. */
  minor: number
  /** What the configuration says of single rules. */
  rules?: RuleOptions
}

interface KindObjects {
  objects: IndexedObject[]
  /** By keyOf(): the first of each. */
  byName: Map<string, IndexedObject>
  /** By namespace; made when a name is looked for that is not there. */
  names?: Map<string, string[]>
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}\0${name}`
}

/** Objects that see each other: those of one environment, or of one directory. Look-ups are built when first asked for. */
export class Scope {
  readonly options: ScopeOptions
  readonly objects: IndexedObject[] = []
  readonly pods: PodTemplate[] = []
  readonly #byKind = new Map<string, KindObjects>()
  #pods: LabelIndex<PodTemplate> | undefined
  #services: LabelIndex<IndexedObject> | undefined
  #labelDomains: Set<string> | undefined
  #autoscalers: Map<IndexedObject, IndexedObject[]> | undefined
  readonly #podMakers = new Set<string>()
  readonly #selecting = new Map<string, Map<PodTemplate, IndexedObject[]>>()

  constructor(options: ScopeOptions) {
    this.options = options
  }

  add(source: ManifestObject): void {
    const object = this.#indexed(source)
    if (!object) return
    this.objects.push(object)
    let sameKind = this.#byKind.get(object.kind)
    if (!sameKind) {
      sameKind = { objects: [], byName: new Map() }
      this.#byKind.set(object.kind, sameKind)
    }
    if (object.name !== '') {
      const key = keyOf(object.namespace, object.name)
      object.first = sameKind.byName.get(key)
      if (!object.first) sameKind.byName.set(key, object)
    }
    if (!object.first) sameKind.objects.push(object)
    if (object.isUnknown) {
      this.#podMakers.add(object.namespace)
      return
    }
    object.pod = podTemplate(object)
    if (object.pod) this.pods.push(object.pod)
    else if (mayMakePods(object.kind)) this.#podMakers.add(object.namespace)
  }

  #indexed(source: ManifestObject): IndexedObject | undefined {
    const fields = withoutNulls(source.value)
    if (!isMap(fields)) return undefined
    const metadata = mapAt(fields, 'metadata')
    const apiVersion = textAt(fields, 'apiVersion') ?? ''
    const title = textAt(fields, 'kind') ?? ''
    const kind = kindOf(apiVersion, title)
    return {
      source,
      fields,
      kind,
      apiVersion,
      name: textAt(metadata, 'name') ?? '',
      namespace: CLUSTER_KINDS.has(kind) ? '' : (textAt(metadata, 'namespace') ?? NAMESPACE),
      metadata,
      annotations: mapAt(metadata, 'annotations'),
      spec: mapAt(fields, 'spec'),
      pod: undefined,
      isUnknown: isUnknownKind(apiVersion, title),
      first: undefined,
      scope: this,
      selector: null,
    }
  }

  /** Each object once, though it may have been read several times. */
  ofKind(kind: string): readonly IndexedObject[] {
    return this.#byKind.get(kind)?.objects ?? []
  }

  /** The first object of that name. */
  find(kind: string, namespace: string, name: string): IndexedObject | undefined {
    return this.#byKind.get(kind)?.byName.get(keyOf(CLUSTER_KINDS.has(kind) ? '' : namespace, name))
  }

  /** Names of the objects of one kind in one namespace. */
  namesOf(kind: string, namespace: string): readonly string[] {
    const sameKind = this.#byKind.get(kind)
    if (!sameKind) return []
    if (!sameKind.names) {
      sameKind.names = new Map()
      for (const object of sameKind.byName.values()) push(sameKind.names, object.namespace, object.name)
    }
    return sameKind.names.get(namespace) ?? []
  }

  /** Whether an object of the namespace may make pods, and what goes with them, that no file shows: an operator's own. */
  hasPodMaker(namespace: string): boolean {
    return this.#podMakers.has(namespace)
  }

  podsSelectedBy(namespace: string, selector: LabelSelector): readonly PodTemplate[] {
    this.#pods ??= new LabelIndex(
      this.pods,
      ({ object }) => object.namespace,
      ({ labels }) => labels,
    )
    const written = templatePart(selector)
    const pods = this.#pods.selectedBy(namespace, written)
    if (written === selector) return pods
    return isBeyondTemplates(selector, () => true) ? [] : pods.filter(({ object }) => selectsOrigin(selector, object))
  }

  /** Whether pods that the files do not show may have these labels: an operator's, or by labels that no template decides. */
  maySelectOthers(namespace: string, selector: LabelSelector): boolean {
    if (this.#podMakers.has(namespace)) return true
    return isBeyondTemplates(selector, (domain) => {
      this.#labelDomains ??= new Set(
        this.pods.flatMap(({ labels }) =>
          Object.keys(labels).map((key) => key.slice(0, Math.max(0, key.indexOf('/')))),
        ),
      )
      return this.#labelDomains.has(domain)
    })
  }

  servicesSelectedBy(namespace: string, selector: LabelSelector): readonly IndexedObject[] {
    this.#services ??= new LabelIndex(
      this.ofKind('Service'),
      (service) => service.namespace,
      ({ metadata }) => mapAt(metadata, 'labels'),
    )
    return this.#services.selectedBy(namespace, selector)
  }

  /** The objects of one kind whose selector takes the pod. */
  selecting(pod: PodTemplate, kind: string): readonly IndexedObject[] {
    let selecting = this.#selecting.get(kind)
    if (!selecting) {
      selecting = new Map()
      for (const object of this.ofKind(kind)) {
        const selector = selectorOf(object)
        if (!selector) continue
        for (const selected of this.podsSelectedBy(object.namespace, selector)) push(selecting, selected, object)
      }
      this.#selecting.set(kind, selecting)
    }
    return selecting.get(pod) ?? []
  }

  /** What scales the workload: HorizontalPodAutoscalers and KEDA's ScaledObjects, and VerticalPodAutoscalers. */
  autoscalersOf(object: IndexedObject): readonly IndexedObject[] {
    if (!this.#autoscalers) {
      this.#autoscalers = new Map()
      for (const scaler of [...HORIZONTAL_AUTOSCALERS, VERTICAL_AUTOSCALER].flatMap((key) => this.ofKind(key))) {
        const target = scaleTargetOf(scaler)
        const scaled = target && this.find(target.kind, scaler.namespace, target.name)
        if (scaled) push(this.#autoscalers, scaled, scaler)
      }
    }
    return this.#autoscalers.get(object.first ?? object) ?? []
  }
}

export const VERTICAL_AUTOSCALER = 'VerticalPodAutoscaler.autoscaling.k8s.io'
export const HORIZONTAL_AUTOSCALERS = ['HorizontalPodAutoscaler.autoscaling', 'ScaledObject.keda.sh'] as const

/** What an autoscaler scales; KEDA takes a Deployment when no kind is named. */
export function scaleTargetOf({ kind, spec }: IndexedObject): { kind: string; name: string } | undefined {
  const reference = mapAt(spec, kind === VERTICAL_AUTOSCALER ? 'targetRef' : 'scaleTargetRef')
  const name = textAt(reference, 'name')
  if (name === undefined) return undefined
  return { kind: kindOf(textAt(reference, 'apiVersion') ?? 'apps/v1', textAt(reference, 'kind') ?? 'Deployment'), name }
}

/** Undefined where the object selects no pods: a Service without a selector has its endpoints from elsewhere. */
export function selectorOf(object: IndexedObject): LabelSelector | undefined {
  if (object.selector === null) object.selector = readSelector(object)
  return object.selector
}

function readSelector({ kind, spec }: IndexedObject): LabelSelector | undefined {
  if (kind === 'Service') {
    const selector = mapSelector(mapAt(spec, 'selector'))
    return isEmpty(selector) ? undefined : selector
  }
  if (kind === 'NetworkPolicy.networking.k8s.io') return labelSelector(mapAt(spec, 'podSelector'))
  return isMap(spec['selector']) ? labelSelector(spec['selector']) : undefined
}

/** Pods at quiet times: the autoscaler's minimum, else `replicas`; undefined for a kind that has no number of its own. */
export function minimumReplicas(object: IndexedObject): number | undefined {
  if (!SCALED_KINDS.has(object.kind)) return undefined
  const [scaler] = horizontalAutoscalersOf(object)
  if (!scaler) return numberAt(object.spec, 'replicas') ?? 1
  return replicasOf(scaler).minimum
}

/** The bounds of an autoscaler, with the defaults of Kubernetes and of KEDA. */
export function replicasOf({ kind, spec }: IndexedObject): { minimum: number; maximum: number | undefined } {
  if (kind === 'ScaledObject.keda.sh')
    return { minimum: numberAt(spec, 'minReplicaCount') ?? 0, maximum: numberAt(spec, 'maxReplicaCount') ?? 100 }
  return { minimum: numberAt(spec, 'minReplicas') ?? 1, maximum: numberAt(spec, 'maxReplicas') }
}

export function horizontalAutoscalersOf(object: IndexedObject): readonly IndexedObject[] {
  return object.scope.autoscalersOf(object).filter(({ kind }) => kind !== VERTICAL_AUTOSCALER)
}

const SCALED_KINDS = new Set([
  'Deployment.apps',
  'StatefulSet.apps',
  'ReplicaSet.apps',
  'ReplicationController',
  'Rollout.argoproj.io',
])

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}
