export interface KindRule {
  /** The format of `metadata.name`. */
  name: string
  /** What the name must be in minors before one: a rule that was relaxed. */
  before?: { minor: number; name: string }
  required?: string[]
  source: string
}

/** What `metadata.name` must be, and what else the API server asks of the whole object. */
export const kindRules: Record<string, KindRule> = {
  'v1/Namespace': { name: 'dns1123-label', source: 'core ValidateNamespaceName' },
  'v1/ServiceAccount': { name: 'dns1123-subdomain', source: 'core ValidateServiceAccountName' },
  'v1/ConfigMap': { name: 'dns1123-subdomain', source: 'core ValidateConfigMapName' },
  'v1/Service': {
    name: 'dns1123-label',
    // The feature RelaxedServiceNameValidation is on by default from 1.36.
    before: { minor: 36, name: 'dns1035-label' },
    required: ['spec'],
    source: 'core ValidateServiceName',
  },
  'apps/v1/Deployment': { name: 'dns1123-subdomain', required: ['spec'], source: 'apps ValidateDeploymentName' },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    name: 'dns1123-subdomain',
    required: ['spec'],
    source: 'autoscaling ValidateHorizontalPodAutoscalerName',
  },
  'policy/v1/PodDisruptionBudget': {
    name: 'dns1123-subdomain',
    source: 'policy: generic ValidatePodDisruptionBudgetName',
  },
  'networking.k8s.io/v1/NetworkPolicy': { name: 'dns1123-subdomain', source: 'networking ValidateNetworkPolicyName' },
}

const PATH_SEGMENT: KindRule = {
  name: 'path-segment',
  source: 'apimachinery ValidatePathSegmentName, asked of every name',
}
const CUSTOM_RESOURCE: KindRule = { name: 'dns1123-subdomain', source: 'apiextensions: custom resource names' }
const SUBDOMAIN: KindRule = { name: 'dns1123-subdomain', source: 'NameIsDNSSubdomain of its validation' }

/** Kinds of the core that are only asked for, never kept: they need no name. */
const NAMELESS = /Review$|^TokenRequest$|^Eviction$|^Binding$/

/** Kinds whose names the API server wants to be DNS subdomains; roles and bindings may have colons. */
const SUBDOMAIN_KINDS = new Set(
  `ControllerRevision CronJob DaemonSet Endpoints EndpointSlice Ingress IngressClass Job LimitRange Node PersistentVolume
   PersistentVolumeClaim Pod PodTemplate PriorityClass ReplicaSet ReplicationController ResourceQuota RuntimeClass Secret
   StatefulSet StorageClass MutatingWebhookConfiguration ValidatingWebhookConfiguration CSIDriver Lease`.split(/\s+/),
)

/** The rule of any kind; undefined for one that has no name. */
export function kindRule(key: string): KindRule | undefined {
  const [kind = '', group = ''] = key
    .split('/')
    .reverse()
    .filter((_, index, { length }) => index !== 1 || length === 2)
  const isCustom = group.includes('.') && !group.endsWith('k8s.io')
  if (kindRules[key]) return kindRules[key]
  if (NAMELESS.test(kind)) return undefined
  if (isCustom || group.endsWith('.x-k8s.io')) return CUSTOM_RESOURCE
  return SUBDOMAIN_KINDS.has(kind) ? SUBDOMAIN : PATH_SEGMENT
}
