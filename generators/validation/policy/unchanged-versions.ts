import { ownValue } from '../fields.ts'
import { CUSTOM_VERSIONS, KUBERNETES_VERSIONS } from './api-versions.ts'

/**
 * Kinds whose next version differs in its name alone, by "no notable changes" of
 * https://kubernetes.io/docs/reference/using-api/deprecation-guide/ and the notes of the projects.
 */
const UNCHANGED: Record<string, readonly string[]> = {
  'apiregistration.k8s.io/v1beta1': ['APIService'],
  'autoscaling/v2beta2': ['HorizontalPodAutoscaler'],
  'batch/v1beta1': ['CronJob'],
  'coordination.k8s.io/v1beta1': ['Lease'],
  'external-secrets.io/v1beta1': ['ExternalSecret', 'SecretStore', 'ClusterSecretStore', 'ClusterExternalSecret'],
  'gateway.networking.k8s.io/v1beta1': ['Gateway', 'GatewayClass', 'HTTPRoute'],
  'networking.k8s.io/v1beta1': ['IngressClass'],
  'node.k8s.io/v1beta1': ['RuntimeClass'],
  'rbac.authorization.k8s.io/v1beta1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
  'scheduling.k8s.io/v1beta1': ['PriorityClass'],
  'storage.k8s.io/v1beta1': ['CSIDriver', 'CSINode', 'CSIStorageCapacity', 'StorageClass', 'VolumeAttachment'],
}

/** The version to write for a kind of an old one, where nothing else changes. */
export function replacementOf(apiVersion: string, kind: string): string | undefined {
  if (!ownValue(UNCHANGED, apiVersion)?.includes(kind)) return undefined
  const versions = [...KUBERNETES_VERSIONS, ...CUSTOM_VERSIONS]
  return versions.find((one) => one.apiVersion === apiVersion && (one.kinds?.includes(kind) ?? true))?.instead
}
