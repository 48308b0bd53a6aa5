import type { DocumentPath } from '../findings/index.ts'
import { type Fields, itemsAt, type Located, located, mapAt, ownValue, textAt } from './fields.ts'
import type { IndexedObject } from './object-index.ts'

/** The pods that one object makes. */
export interface PodTemplate {
  object: IndexedObject
  /** Of the template, or of the Pod itself: `[]`. */
  path: DocumentPath
  /** The template as a whole. */
  fields: Fields
  spec: Fields
  labels: Fields
  annotations: Fields
  volumes: readonly Located[]
  /** Init containers, containers and ephemeral containers, in that order. */
  containers: readonly Container[]
  /** Kept running by its object, as a server is; a Job's pods end. */
  keptRunning: boolean
}

export interface Container {
  pod: PodTemplate
  path: DocumentPath
  fields: Fields
  name: string
  env: readonly Located[]
  ports: readonly Located[]
  mounts: readonly Located[]
  list: 'initContainers' | 'containers' | 'ephemeralContainers'
  /** Runs beside the pod's life: a container, or an init container that is always restarted. */
  serves: boolean
}

/** Where each kind of workload keeps its pods. */
const TEMPLATES: Record<string, DocumentPath> = {
  Pod: [],
  PodTemplate: ['template'],
  ReplicationController: ['spec', 'template'],
  'Deployment.apps': ['spec', 'template'],
  'ReplicaSet.apps': ['spec', 'template'],
  'StatefulSet.apps': ['spec', 'template'],
  'DaemonSet.apps': ['spec', 'template'],
  'Job.batch': ['spec', 'template'],
  'CronJob.batch': ['spec', 'jobTemplate', 'spec', 'template'],
  'Rollout.argoproj.io': ['spec', 'template'],
}

const ENDING = new Set(['Job.batch', 'CronJob.batch'])
const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

/** The template of a workload; undefined for every other object, and for a Rollout that refers to a Deployment. */
export function podTemplate(object: IndexedObject): PodTemplate | undefined {
  const path = ownValue(TEMPLATES, object.kind)
  if (!path) return undefined
  const template = path.reduce((fields, key) => mapAt(fields, String(key)), object.fields)
  if (object.kind === 'Rollout.argoproj.io' && object.spec['template'] === undefined) return undefined
  const metadata = mapAt(template, 'metadata')
  const spec = mapAt(template, 'spec')
  const containers: Container[] = []
  const pod: PodTemplate = {
    object,
    path,
    fields: template,
    spec,
    labels: mapAt(metadata, 'labels'),
    annotations: mapAt(metadata, 'annotations'),
    volumes: located(spec, [...path, 'spec'], 'volumes'),
    containers,
    keptRunning: !ENDING.has(object.kind) && (spec['restartPolicy'] ?? 'Always') === 'Always',
  }
  for (const list of LISTS) {
    const items = itemsAt(spec, list)
    for (let index = 0; index < items.length; index++) {
      const fields = items[index] as Fields
      const at = [...path, 'spec', list, index]
      containers.push({
        pod,
        path: at,
        fields,
        env: located(fields, at, 'env'),
        ports: located(fields, at, 'ports'),
        mounts: located(fields, at, 'volumeMounts'),
        name: textAt(fields, 'name') ?? `${list}[${index}]`,
        list,
        serves: list === 'containers' || (list === 'initContainers' && fields['restartPolicy'] === 'Always'),
      })
    }
  }
  return pod
}

/** The path of a field of the pod's spec. */
export function inSpec(pod: PodTemplate, ...path: DocumentPath): DocumentPath {
  return [...pod.path, 'spec', ...path]
}
