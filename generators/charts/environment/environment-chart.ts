import { Chart } from 'cdk8s'
import { k8s, Namespace } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { type DefinedEnvironment, namespacesOf, type PlacedNamespace } from '../../definitions/index.ts'
import { formatYaml } from '../../yaml/index.ts'
import { prometheusAdapterRule } from '../autoscaling/index.ts'
import { monitorEnvironment } from '../monitoring/index.ts'
import { idIn, MANAGED } from '../names.ts'

/** Deleting a Namespace deletes all in it, and a claim its data: Argo CD asks a person first. */
const ASK_FIRST = { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' }

export interface EnvironmentChartProps {
  environment: DefinedEnvironment
}

/** What an environment has whichever models run in it: its Namespaces, under Pod Security's strictest profile, and what their models share. */
export class EnvironmentChart extends Chart {
  constructor(scope: Construct, id: string, { environment }: EnvironmentChartProps) {
    super(scope, id, { disableResourceNameHashes: true })
    for (const place of namespacesOf(environment.namespace)) sharedObjects(this, environment, place)
    priorityClass(this, environment)
  }
}

/** A namespace with what its models share. */
function sharedObjects(scope: Construct, environment: DefinedEnvironment, place: PlacedNamespace): void {
  const podSecurity = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
  const { artifacts, autoscaling } = environment
  const { namespace, owner } = place
  const labels = labelsIn(environment, owner)
  new Namespace(scope, idIn(place, 'namespace'), {
    metadata: {
      name: namespace,
      labels: { ...labels, ...Object.fromEntries(podSecurity) },
      annotations: ASK_FIRST,
    },
  })
  monitorEnvironment(scope, environment, place, MANAGED)
  bounds(scope, environment, place, labels)
  if (artifacts.claim !== undefined && artifacts.size !== undefined) {
    new k8s.KubePersistentVolumeClaim(scope, idIn(place, 'artifacts'), {
      metadata: { name: artifacts.claim, namespace, labels, annotations: ASK_FIRST },
      spec: {
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: k8s.Quantity.fromString(artifacts.size) } },
        ...(artifacts.storageClass !== undefined && { storageClassName: artifacts.storageClass }),
      },
    })
  }
  if (autoscaling?.engine === 'hpa' && autoscaling.requestsPerSecond !== undefined) {
    new k8s.KubeConfigMap(scope, idIn(place, 'prometheus-adapter-rule'), {
      metadata: { name: 'prometheus-adapter-rule', namespace, labels },
      data: { 'config.yaml': formatYaml(prometheusAdapterRule()) },
    })
  }
}

function labelsIn({ name }: DefinedEnvironment, owner?: string): Record<string, string> {
  return { ...MANAGED, 'modelyard.dev/environment': name, ...(owner !== undefined && { 'modelyard.dev/owner': owner }) }
}

/** What all pods of the namespace, and each of them, may take. */
function bounds(
  scope: Construct,
  { quota, limits }: DefinedEnvironment,
  place: PlacedNamespace,
  labels: Record<string, string>,
): void {
  const { namespace } = place
  const quantity = (text: string) => k8s.Quantity.fromString(text)
  if (quota) {
    new k8s.KubeResourceQuota(scope, idIn(place, 'resource-quota'), {
      metadata: { name: 'models', namespace, labels },
      spec: {
        hard: {
          'requests.cpu': quantity(quota.cpu),
          'requests.memory': quantity(quota.memory),
          pods: k8s.Quantity.fromString(String(quota.pods)),
        },
      },
    })
  }
  if (limits) {
    const max = { cpu: quantity(limits.cpu), memory: quantity(limits.memory) }
    new k8s.KubeLimitRange(scope, idIn(place, 'limit-range'), {
      metadata: { name: 'models', namespace, labels },
      spec: { limits: [{ type: 'Container', max }] },
    })
  }
}

/** Of the cluster: one for every namespace. */
function priorityClass(scope: Construct, environment: DefinedEnvironment): void {
  const { priorityClass } = environment.scheduling ?? {}
  if (typeof priorityClass !== 'object') return
  new k8s.KubePriorityClass(scope, 'priority-class', {
    metadata: { name: priorityClass.name, labels: labelsIn(environment) },
    value: priorityClass.value,
    description: `Models of ${environment.name}`,
    globalDefault: false,
    preemptionPolicy: 'PreemptLowerPriority',
  })
}
