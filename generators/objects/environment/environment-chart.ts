import { Chart } from 'cdk8s'
import { k8s, Namespace } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { DefinedEnvironment } from '../../define/index.ts'
import { formatYaml } from '../../text/index.ts'
import { prometheusAdapterRule } from '../autoscaling/index.ts'
import { monitorEnvironment } from '../monitoring/index.ts'
import { MANAGED } from '../names.ts'

/** Deleting a Namespace deletes all in it, and a claim its data: Argo CD asks a person first. */
const ASK_FIRST = { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' }

export interface EnvironmentChartProps {
  environment: DefinedEnvironment
}

/** What an environment has once, whichever models run in it: its Namespace, under Pod Security's strictest profile, and what its models share. */
export class EnvironmentChart extends Chart {
  constructor(scope: Construct, id: string, { environment }: EnvironmentChartProps) {
    super(scope, id, { disableResourceNameHashes: true })
    const podSecurity = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
    const { name: place, namespace, artifacts, autoscaling } = environment
    const labels = { ...MANAGED, 'modelyard.dev/environment': place }
    new Namespace(this, 'namespace', {
      metadata: {
        name: namespace,
        labels: { ...labels, ...Object.fromEntries(podSecurity) },
        annotations: ASK_FIRST,
      },
    })
    monitorEnvironment(this, environment, MANAGED)
    bounds(this, environment, labels)
    if (artifacts.claim !== undefined && artifacts.size !== undefined) {
      new k8s.KubePersistentVolumeClaim(this, 'artifacts', {
        metadata: { name: artifacts.claim, namespace, labels, annotations: ASK_FIRST },
        spec: {
          accessModes: ['ReadWriteMany'],
          resources: { requests: { storage: k8s.Quantity.fromString(artifacts.size) } },
          ...(artifacts.storageClass !== undefined && { storageClassName: artifacts.storageClass }),
        },
      })
    }
    if (autoscaling?.engine === 'hpa' && autoscaling.requestsPerSecond !== undefined) {
      new k8s.KubeConfigMap(this, 'prometheus-adapter-rule', {
        metadata: { name: 'prometheus-adapter-rule', namespace, labels },
        data: { 'config.yaml': formatYaml(prometheusAdapterRule()) },
      })
    }
  }
}

/** What all pods of the namespace, and each of them, may take. */
function bounds(scope: Construct, environment: DefinedEnvironment, labels: Record<string, string>): void {
  const { namespace, quota, limits, scheduling } = environment
  const quantity = (text: string) => k8s.Quantity.fromString(text)
  if (quota) {
    new k8s.KubeResourceQuota(scope, 'resource-quota', {
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
    new k8s.KubeLimitRange(scope, 'limit-range', {
      metadata: { name: 'models', namespace, labels },
      spec: { limits: [{ type: 'Container', max }] },
    })
  }
  const { priorityClass } = scheduling ?? {}
  if (typeof priorityClass === 'object') {
    new k8s.KubePriorityClass(scope, 'priority-class', {
      metadata: { name: priorityClass.name, labels },
      value: priorityClass.value,
      description: `Models of ${environment.name}`,
      globalDefault: false,
      preemptionPolicy: 'PreemptLowerPriority',
    })
  }
}
