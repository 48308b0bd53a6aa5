import type { Schema } from '../schema-tree.ts'

/**
 * What the API server refuses although its OpenAPI document allows it, as far as one field alone shows it. Every entry
 * names the Go function that it restates (Kubernetes 1.36: `pkg/apis/`, and k8s.io/apimachinery `pkg/util/validation`);
 * the maker stops when a definition or a property is not there, so an entry cannot outlive its field. Enumerations that
 * the Go types carry are read from there (go-enums.ts); here are only those that they lack.
 */
export interface Overlay {
  definition: string
  source: string
  required?: string[]
  properties: Record<string, Schema>
}

const port = { minimum: 1, maximum: 65535 }
/** 0 means "none" or "the default" here. */
const portOrZero = { minimum: 0, maximum: 65535 }
const portOrName = { ...port, format: 'port-name' }
const notNegative = { minimum: 0 }
const atLeastOne = { minimum: 1 }
const notEmpty = { minLength: 1 }
const countOrPercent = { minimum: 0, format: 'percent' }
const countOrPercentOfAll = { minimum: 0, format: 'percent-of-all' }
const amounts = {
  propertyNames: { format: 'label-key' },
  additionalProperties: { format: 'quantity-not-negative', minimum: 0 },
}
const labels = { propertyNames: { format: 'label-key' }, additionalProperties: { format: 'label-value' } }
const container = {
  name: { format: 'dns1123-label' },
  image: notEmpty,
  restartPolicy: { enum: ['Always', 'Never', 'OnFailure'] },
}

export const overlays: Overlay[] = [
  {
    definition: 'meta.v1.ObjectMeta',
    source: 'apimachinery ValidateObjectMetaAccessor, ValidateLabels, ValidateAnnotations',
    properties: {
      namespace: { format: 'dns1123-label' },
      labels,
      annotations: { propertyNames: { format: 'annotation-key' } },
    },
  },
  {
    definition: 'meta.v1.LabelSelector',
    source: 'apimachinery ValidateLabelSelector',
    properties: { matchLabels: labels },
  },
  {
    definition: 'meta.v1.LabelSelectorRequirement',
    source: 'apimachinery ValidateLabelSelectorRequirement',
    properties: { key: { format: 'label-key' }, operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] } },
  },
  {
    definition: 'batch.v1.CronJobSpec',
    source: 'batch validateScheduleFormat, validateTimeZone',
    properties: { schedule: { format: 'cron-schedule' }, timeZone: { format: 'time-zone' } },
  },
  {
    definition: 'core.v1.ObjectFieldSelector',
    source: 'core validateObjectFieldSelector',
    properties: { fieldPath: { format: 'field-path' } },
  },
  {
    definition: 'core.v1.PodSpec',
    source: 'core ValidatePodSpec',
    properties: {
      containers: { minItems: 1 },
      nodeSelector: labels,
      serviceAccountName: { format: 'optional-dns1123-subdomain' },
      hostname: { format: 'optional-dns1123-label' },
    },
  },
  { definition: 'core.v1.PodOS', source: 'core validateOS', properties: { name: { enum: ['linux', 'windows'] } } },
  {
    definition: 'core.v1.Container',
    source: 'core validateContainerCommon',
    required: ['image'],
    properties: container,
  },
  {
    definition: 'core.v1.EphemeralContainer',
    source: 'core validateContainerCommon',
    required: ['image'],
    properties: { name: container.name, image: container.image },
  },
  {
    definition: 'core.v1.ContainerPort',
    source: 'core validateContainerPorts',
    properties: { containerPort: port, hostPort: portOrZero, name: { format: 'port-name' } },
  },
  {
    definition: 'core.v1.ContainerResizePolicy',
    source: 'core validateResizePolicy',
    properties: {
      resourceName: { enum: ['cpu', 'memory'] },
      restartPolicy: { enum: ['NotRequired', 'RestartContainer'] },
    },
  },
  {
    definition: 'core.v1.EnvVar',
    source: 'core ValidateEnv (relaxed: printable ASCII without "=")',
    properties: { name: { format: 'environment-variable' } },
  },
  {
    definition: 'core.v1.ResourceRequirements',
    source: 'core ValidateContainerResourceRequirements',
    properties: { requests: amounts, limits: amounts },
  },
  {
    definition: 'core.v1.Probe',
    source: 'core validateProbe',
    properties: {
      initialDelaySeconds: notNegative,
      timeoutSeconds: notNegative,
      periodSeconds: notNegative,
      successThreshold: notNegative,
      failureThreshold: notNegative,
      terminationGracePeriodSeconds: atLeastOne,
    },
  },
  {
    definition: 'core.v1.ExecAction',
    source: 'core validateExecAction',
    required: ['command'],
    properties: { command: { minItems: 1 } },
  },
  {
    definition: 'core.v1.HTTPGetAction',
    source: 'core validateHTTPGetAction',
    properties: { port: portOrName },
  },
  { definition: 'core.v1.TCPSocketAction', source: 'core ValidatePortNumOrName', properties: { port: portOrName } },
  { definition: 'core.v1.GRPCAction', source: 'core validateGRPCAction', properties: { port } },
  {
    definition: 'core.v1.SecurityContext',
    source: 'core ValidateSecurityContext',
    properties: { runAsUser: notNegative, runAsGroup: notNegative },
  },
  {
    definition: 'core.v1.PodSecurityContext',
    source: 'core validatePodSpecSecurityContext',
    properties: { runAsUser: notNegative, runAsGroup: notNegative, fsGroup: notNegative },
  },
  { definition: 'core.v1.Volume', source: 'core ValidateVolumes', properties: { name: { format: 'dns1123-label' } } },
  {
    definition: 'core.v1.VolumeMount',
    source: 'core ValidateVolumeMounts, validateMountRecursiveReadOnly',
    properties: {
      name: notEmpty,
      mountPath: notEmpty,
      recursiveReadOnly: { enum: ['Disabled', 'Enabled', 'IfPossible'] },
    },
  },
  {
    definition: 'core.v1.TopologySpreadConstraint',
    source: 'core validateTopologySpreadConstraints',
    properties: { maxSkew: atLeastOne, minDomains: atLeastOne, topologyKey: { format: 'label-key' } },
  },
  {
    definition: 'core.v1.ServiceSpec',
    source: 'core ValidateService, validateServiceTrafficDistribution',
    properties: {
      selector: labels,
      trafficDistribution: { enum: ['PreferClose', 'PreferSameZone', 'PreferSameNode'] },
      ipFamilies: { items: { enum: ['IPv4', 'IPv6'] } },
    },
  },
  {
    definition: 'core.v1.ServicePort',
    source: 'core validateServicePort (a name of a Service port may have 63 characters, of a container port 15)',
    properties: {
      name: { format: 'optional-dns1123-label' },
      port,
      targetPort: { ...portOrZero, format: 'port-name' },
      nodePort: portOrZero,
      appProtocol: { format: 'label-key' },
    },
  },
  {
    definition: 'core.v1.ConfigMap',
    source: 'core ValidateConfigMap',
    properties: {
      data: { propertyNames: { format: 'config-map-key' } },
      binaryData: { propertyNames: { format: 'config-map-key' } },
    },
  },
  {
    definition: 'apps.v1.DeploymentSpec',
    source: 'apps ValidateDeploymentSpec, ValidatePodTemplateSpecForReplicaSet',
    properties: {
      replicas: notNegative,
      minReadySeconds: notNegative,
      revisionHistoryLimit: notNegative,
      progressDeadlineSeconds: notNegative,
      selector: { type: 'object', minProperties: 1 },
      template: {
        type: 'object',
        required: ['spec'],
        properties: { spec: { type: 'object', properties: { restartPolicy: { const: 'Always' } } } },
      },
    },
  },
  {
    definition: 'apps.v1.RollingUpdateDeployment',
    source: 'apps ValidateRollingUpdateDeployment',
    properties: { maxSurge: countOrPercent, maxUnavailable: countOrPercentOfAll },
  },
  {
    definition: 'autoscaling.v2.HorizontalPodAutoscalerSpec',
    source:
      'autoscaling validateHorizontalPodAutoscalerSpec (minReplicas 0 is beta-gated and wants an object or external metric)',
    properties: { minReplicas: notNegative, maxReplicas: atLeastOne },
  },
  {
    definition: 'autoscaling.v2.MetricSpec',
    source: 'autoscaling validateMetricSpec',
    properties: { type: { enum: ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'] } },
  },
  {
    definition: 'autoscaling.v2.MetricTarget',
    source: 'autoscaling validateMetricTarget',
    properties: { type: { enum: ['AverageValue', 'Utilization', 'Value'] }, averageUtilization: atLeastOne },
  },
  {
    definition: 'autoscaling.v2.HPAScalingRules',
    source: 'autoscaling validateScalingRules',
    properties: {
      selectPolicy: { enum: ['Disabled', 'Max', 'Min'] },
      stabilizationWindowSeconds: { minimum: 0, maximum: 3600 },
      tolerance: { format: 'quantity-not-negative', minimum: 0 },
    },
  },
  {
    definition: 'autoscaling.v2.HPAScalingPolicy',
    source: 'autoscaling validateScalingPolicy',
    properties: {
      type: { enum: ['Percent', 'Pods'] },
      value: atLeastOne,
      periodSeconds: { minimum: 1, maximum: 1800 },
    },
  },
  {
    definition: 'policy.v1.PodDisruptionBudgetSpec',
    source: 'policy ValidatePodDisruptionBudgetSpec',
    properties: { minAvailable: countOrPercentOfAll, maxUnavailable: countOrPercentOfAll },
  },
  {
    definition: 'networking.v1.NetworkPolicyPort',
    source: 'networking ValidateNetworkPolicyPort',
    properties: { port: portOrName, endPort: port },
  },
  {
    definition: 'networking.v1.IPBlock',
    source: 'networking ValidateIPBlock',
    properties: { cidr: { format: 'cidr' }, except: { items: { format: 'cidr' } } },
  },
  {
    definition: 'networking.v1.NetworkPolicySpec',
    source: 'networking ValidateNetworkPolicySpec',
    properties: { policyTypes: { maxItems: 2 } },
  },
]
