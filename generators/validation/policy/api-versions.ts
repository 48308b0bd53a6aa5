/** Versions of an API for some kinds: since which minor of Kubernetes they are deprecated, and from which they are gone. */
export interface ApiVersion {
  apiVersion: string
  /** Every kind of the version when left out. */
  kinds?: readonly string[]
  deprecated: number
  removed?: number
  instead: string
}

/** Of Kubernetes 1.36: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ */
export const KUBERNETES_VERSIONS: readonly ApiVersion[] = [
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['Ingress'],
    deprecated: 14,
    removed: 22,
    instead: 'networking.k8s.io/v1',
  },
  {
    apiVersion: 'extensions/v1beta1',
    kinds: ['NetworkPolicy'],
    deprecated: 9,
    removed: 16,
    instead: 'networking.k8s.io/v1',
  },
  { apiVersion: 'extensions/v1beta1', deprecated: 9, removed: 16, instead: 'apps/v1' },
  { apiVersion: 'apps/v1beta1', deprecated: 9, removed: 16, instead: 'apps/v1' },
  { apiVersion: 'apps/v1beta2', deprecated: 9, removed: 16, instead: 'apps/v1' },
  {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kinds: ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    deprecated: 16,
    removed: 22,
    instead: 'admissionregistration.k8s.io/v1',
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1beta1',
    kinds: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
    deprecated: 31,
    removed: 34,
    instead: 'admissionregistration.k8s.io/v1',
  },
  { apiVersion: 'apiextensions.k8s.io/v1beta1', deprecated: 16, removed: 22, instead: 'apiextensions.k8s.io/v1' },
  { apiVersion: 'apiregistration.k8s.io/v1beta1', deprecated: 19, removed: 22, instead: 'apiregistration.k8s.io/v1' },
  {
    apiVersion: 'authentication.k8s.io/v1beta1',
    kinds: ['TokenReview'],
    deprecated: 19,
    removed: 22,
    instead: 'authentication.k8s.io/v1',
  },
  { apiVersion: 'authorization.k8s.io/v1beta1', deprecated: 19, removed: 22, instead: 'authorization.k8s.io/v1' },
  { apiVersion: 'autoscaling/v2beta1', deprecated: 22, removed: 25, instead: 'autoscaling/v2' },
  { apiVersion: 'autoscaling/v2beta2', deprecated: 23, removed: 26, instead: 'autoscaling/v2' },
  { apiVersion: 'batch/v1beta1', deprecated: 21, removed: 25, instead: 'batch/v1' },
  { apiVersion: 'batch/v2alpha1', deprecated: 8, removed: 21, instead: 'batch/v1' },
  {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kinds: ['CertificateSigningRequest'],
    deprecated: 19,
    removed: 22,
    instead: 'certificates.k8s.io/v1',
  },
  {
    apiVersion: 'coordination.k8s.io/v1beta1',
    kinds: ['Lease'],
    deprecated: 19,
    removed: 22,
    instead: 'coordination.k8s.io/v1',
  },
  { apiVersion: 'discovery.k8s.io/v1beta1', deprecated: 21, removed: 25, instead: 'discovery.k8s.io/v1' },
  { apiVersion: 'events.k8s.io/v1beta1', deprecated: 19, removed: 25, instead: 'events.k8s.io/v1' },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta1',
    deprecated: 23,
    removed: 26,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta2',
    deprecated: 26,
    removed: 29,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1beta3',
    deprecated: 29,
    removed: 32,
    instead: 'flowcontrol.apiserver.k8s.io/v1',
  },
  {
    apiVersion: 'networking.k8s.io/v1beta1',
    kinds: ['Ingress', 'IngressClass'],
    deprecated: 19,
    removed: 22,
    instead: 'networking.k8s.io/v1',
  },
  { apiVersion: 'node.k8s.io/v1beta1', deprecated: 20, removed: 25, instead: 'node.k8s.io/v1' },
  { apiVersion: 'policy/v1beta1', kinds: ['PodDisruptionBudget'], deprecated: 21, removed: 25, instead: 'policy/v1' },
  {
    apiVersion: 'policy/v1beta1',
    kinds: ['PodSecurityPolicy'],
    deprecated: 21,
    removed: 25,
    instead: 'labels of Pod Security on the namespace',
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1alpha1',
    deprecated: 17,
    removed: 22,
    instead: 'rbac.authorization.k8s.io/v1',
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1beta1',
    deprecated: 17,
    removed: 22,
    instead: 'rbac.authorization.k8s.io/v1',
  },
  {
    apiVersion: 'scheduling.k8s.io/v1alpha1',
    kinds: ['PriorityClass'],
    deprecated: 14,
    removed: 17,
    instead: 'scheduling.k8s.io/v1',
  },
  {
    apiVersion: 'scheduling.k8s.io/v1beta1',
    kinds: ['PriorityClass'],
    deprecated: 14,
    removed: 22,
    instead: 'scheduling.k8s.io/v1',
  },
  {
    apiVersion: 'storage.k8s.io/v1beta1',
    kinds: ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'],
    deprecated: 19,
    removed: 22,
    instead: 'storage.k8s.io/v1',
  },
  {
    apiVersion: 'storage.k8s.io/v1beta1',
    kinds: ['CSIStorageCapacity'],
    deprecated: 24,
    removed: 27,
    instead: 'storage.k8s.io/v1',
  },
  { apiVersion: 'v1', kinds: ['ComponentStatus'], deprecated: 19, instead: 'the health endpoints of each component' },
  { apiVersion: 'v1', kinds: ['Endpoints'], deprecated: 33, instead: 'EndpointSlice of discovery.k8s.io/v1' },
]

/** Of projects with a life of their own: what they stopped serving, or say that they will. */
export const CUSTOM_VERSIONS: readonly Omit<ApiVersion, 'deprecated' | 'removed'>[] = [
  { apiVersion: 'cert-manager.io/v1alpha2', instead: 'cert-manager.io/v1' },
  { apiVersion: 'cert-manager.io/v1alpha3', instead: 'cert-manager.io/v1' },
  { apiVersion: 'cert-manager.io/v1beta1', instead: 'cert-manager.io/v1' },
  { apiVersion: 'external-secrets.io/v1alpha1', instead: 'external-secrets.io/v1' },
  { apiVersion: 'external-secrets.io/v1beta1', instead: 'external-secrets.io/v1' },
  {
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kinds: ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute'],
    instead: 'gateway.networking.k8s.io/v1',
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kinds: ['Gateway', 'GatewayClass', 'HTTPRoute'],
    instead: 'gateway.networking.k8s.io/v1',
  },
  { apiVersion: 'autoscaling.k8s.io/v1beta1', instead: 'autoscaling.k8s.io/v1' },
  { apiVersion: 'autoscaling.k8s.io/v1beta2', instead: 'autoscaling.k8s.io/v1' },
  { apiVersion: 'serving.kserve.io/v1alpha2', kinds: ['InferenceService'], instead: 'serving.kserve.io/v1beta1' },
]
