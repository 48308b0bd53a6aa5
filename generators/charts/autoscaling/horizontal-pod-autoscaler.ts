import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { HorizontalPodAutoscaling } from '../../definitions/index.ts'
import { scaleTarget, type Workload } from '../workload/workload.ts'
import { REQUESTS_PER_SECOND } from './prometheus-adapter.ts'

export function horizontalPodAutoscaler(
  scope: Construct,
  workload: Workload,
  { cpu, memory, requestsPerSecond }: HorizontalPodAutoscaling,
  labels: Record<string, string>,
): void {
  const resource = (name: string, averageUtilization: number | undefined): k8s.MetricSpecV2[] =>
    averageUtilization === undefined
      ? []
      : [{ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }]
  const requests: k8s.MetricSpecV2[] =
    requestsPerSecond === undefined
      ? []
      : [
          {
            type: 'Pods',
            pods: {
              metric: { name: REQUESTS_PER_SECOND },
              target: { type: 'AverageValue', averageValue: k8s.Quantity.fromString(quantity(requestsPerSecond)) },
            },
          },
        ]
  new k8s.KubeHorizontalPodAutoscalerV2(scope, workload.id('horizontal-pod-autoscaler'), {
    metadata: { name: workload.name, labels },
    spec: {
      scaleTargetRef: scaleTarget(workload),
      minReplicas: workload.replicas.min,
      maxReplicas: workload.replicas.max,
      metrics: [...resource('cpu', cpu), ...resource('memory', memory), ...requests],
    },
  })
}

/** As the API server gives it back: `0.5` is `500m`. */
function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`
}
