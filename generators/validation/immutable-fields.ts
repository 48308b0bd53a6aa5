import { isDeepStrictEqual } from 'node:util'
import type { DocumentPath } from '../findings/index.ts'
import { type Fields, mapAt, ownValue } from './fields.ts'
import type { IndexedObject } from './object-index.ts'
import { quantity } from './policy/quantity.ts'

type Changes = (old: IndexedObject, current: IndexedObject) => DocumentPath[]

/** Fields of `spec` that the API server refuses to change, with the value that it fills in where they are left out. */
const FIXED: Record<string, Record<string, unknown>> = {
  'Deployment.apps': { selector: undefined },
  'ReplicaSet.apps': { selector: undefined },
  'DaemonSet.apps': { selector: undefined },
  'Job.batch': {
    selector: undefined,
    template: undefined,
    completionMode: 'NonIndexed',
    podFailurePolicy: undefined,
    successPolicy: undefined,
    backoffLimitPerIndex: undefined,
    managedBy: undefined,
  },
  PersistentVolume: { volumeMode: 'Filesystem' },
}

/** Of a StatefulSet everything is fixed but these. */
const STATEFUL_SET_FREE = new Set([
  'minReadySeconds',
  'ordinals',
  'persistentVolumeClaimRetentionPolicy',
  'replicas',
  'revisionHistoryLimit',
  'template',
  'updateStrategy',
])

const OTHERS: Record<string, Changes> = {
  Service: serviceChanges,
  PersistentVolumeClaim: claimChanges,
  'StatefulSet.apps': statefulSetChanges,
  ConfigMap: sealedChanges,
  Secret: (old, current) => [...sealedChanges(old, current), ...atTop(old, current, 'type', 'Opaque')],
  'RoleBinding.rbac.authorization.k8s.io': (old, current) => atTop(old, current, 'roleRef'),
  'ClusterRoleBinding.rbac.authorization.k8s.io': (old, current) => atTop(old, current, 'roleRef'),
  'PriorityClass.scheduling.k8s.io': (old, current) => atTop(old, current, 'value'),
  'StorageClass.storage.k8s.io': (old, current) =>
    ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'].flatMap((key) => atTop(old, current, key)),
}

/** Paths of what differs and may not, in an object of one kind and name. */
export function immutableChanges(old: IndexedObject, current: IndexedObject): DocumentPath[] {
  const fixed = Object.entries(ownValue(FIXED, current.kind) ?? {}).filter(([key, absent]) =>
    differs(old.spec, current.spec, key, absent),
  )
  return [...fixed.map(([key]) => ['spec', key]), ...(ownValue(OTHERS, current.kind)?.(old, current) ?? [])]
}

function differs(old: Fields, current: Fields, key: string, absent?: unknown): boolean {
  return !isDeepStrictEqual(old[key] ?? absent, current[key] ?? absent)
}

function atTop(old: IndexedObject, current: IndexedObject, key: string, absent?: unknown): DocumentPath[] {
  return differs(old.fields, current.fields, key, absent) ? [[key]] : []
}

/** An address, once given, stays; one that the cluster chose is not in the file. */
function serviceChanges({ spec: old }: IndexedObject, { spec }: IndexedObject): DocumentPath[] {
  if (old['type'] === 'ExternalName' || spec['type'] === 'ExternalName') return []
  const isHeadless = (service: Fields) => service['clusterIP'] === 'None'
  const isFixed =
    isHeadless(old) !== isHeadless(spec) || (old['clusterIP'] !== undefined && spec['clusterIP'] !== undefined)
  return isFixed && differs(old, spec, 'clusterIP') ? [['spec', 'clusterIP']] : []
}

/** A claim may only grow, and change its class of attributes. */
function claimChanges({ spec: old }: IndexedObject, { spec }: IndexedObject): DocumentPath[] {
  const fixed = ['accessModes', 'selector', 'storageClassName', 'volumeName', 'dataSource', 'dataSourceRef']
  const changed: DocumentPath[] = fixed.filter((key) => differs(old, spec, key)).map((key) => ['spec', key])
  if (differs(old, spec, 'volumeMode', 'Filesystem')) changed.push(['spec', 'volumeMode'])
  const storage = (claim: Fields) => quantity(mapAt(mapAt(claim, 'resources'), 'requests')['storage']) ?? 0
  return storage(spec) < storage(old) ? [...changed, ['spec', 'resources', 'requests', 'storage']] : changed
}

function statefulSetChanges({ spec: old }: IndexedObject, { spec }: IndexedObject): DocumentPath[] {
  const absent: Record<string, unknown> = { podManagementPolicy: 'OrderedReady' }
  const keys = new Set([...Object.keys(old), ...Object.keys(spec)])
  return [...keys]
    .filter((key) => !STATEFUL_SET_FREE.has(key) && differs(old, spec, key, absent[key]))
    .map((key) => ['spec', key])
}

/** A ConfigMap or Secret that says it is immutable. */
function sealedChanges(old: IndexedObject, current: IndexedObject): DocumentPath[] {
  if (old.fields['immutable'] !== true) return []
  const content = ['immutable', 'data', 'binaryData', 'stringData']
  return content.filter((key) => differs(old.fields, current.fields, key)).map((key) => [key])
}
