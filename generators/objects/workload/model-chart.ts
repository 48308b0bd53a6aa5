import { Chart } from 'cdk8s'
import { k8s, ServiceAccount } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import type { PlannedModel } from '../../plan/index.ts'
import { contentDigest } from '../../text/index.ts'
import { monitorModel } from '../monitoring/index.ts'
import { modelLabels, selectorLabels } from '../names.ts'
import { bootConfiguration, routingConfiguration } from './configuration.ts'
import { deployment } from './deployment.ts'
import { networkPolicy } from './network-policy.ts'

export interface ModelChartProps {
  /** From a plan: `loadPlan(root)`. */
  model: PlannedModel
}

/** Every object that one model needs in one environment, in the environment's namespace. */
export class ModelChart extends Chart {
  constructor(scope: Construct, id: string, { model }: ModelChartProps) {
    super(scope, id, { namespace: model.environment.namespace, disableResourceNameHashes: true })
    const { name, settings } = model
    const labels = modelLabels(name, settings.owner)
    const boot = bootConfiguration(model)
    const mounts = {
      serviceAccountName: name,
      bootConfigMap: `${name}-boot-${contentDigest(boot).slice(0, 10)}`,
      routingConfigMap: `${name}-routing`,
    }
    new ServiceAccount(this, 'service-account', { metadata: { name, labels }, automountToken: false })
    new k8s.KubeConfigMap(this, 'boot-config-map', {
      metadata: { name: mounts.bootConfigMap, labels },
      data: { [POD.bootFile]: JSON.stringify(boot, null, 2) },
      immutable: true,
    })
    new k8s.KubeConfigMap(this, 'routing-config-map', {
      metadata: { name: mounts.routingConfigMap, labels },
      data: { [POD.routingFile]: JSON.stringify(routingConfiguration(model), null, 2) },
    })
    deployment(this, model, mounts)
    new k8s.KubeService(this, 'service', {
      metadata: { name, labels },
      spec: {
        type: 'ClusterIP',
        selector: selectorLabels(name),
        ports: [
          { name: POD.portName, port: 80, targetPort: k8s.IntOrString.fromString(POD.portName), protocol: 'TCP' },
        ],
      },
    })
    if (settings.replicas.min < settings.replicas.max) autoscaler(this, model, labels)
    // One pod at a time may go, whatever the number of pods: a drain always proceeds, and pods that never became ready do not hold it up.
    new k8s.KubePodDisruptionBudget(this, 'pod-disruption-budget', {
      metadata: { name, labels },
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: selectorLabels(name) },
      },
    })
    networkPolicy(this, model, labels)
    monitorModel(this, model, labels)
  }
}

function autoscaler(scope: Construct, model: PlannedModel, labels: Record<string, string>): void {
  const { cpu = 70, memory } = model.environment.autoscaling ?? {}
  const resource = (name: string, averageUtilization: number): k8s.MetricSpecV2 => ({
    type: 'Resource',
    resource: { name, target: { type: 'Utilization', averageUtilization } },
  })
  new k8s.KubeHorizontalPodAutoscalerV2(scope, 'horizontal-pod-autoscaler', {
    metadata: { name: model.name, labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: model.name },
      minReplicas: model.settings.replicas.min,
      maxReplicas: model.settings.replicas.max,
      metrics: [resource('cpu', cpu), ...(memory === undefined ? [] : [resource('memory', memory)])],
    },
  })
}
