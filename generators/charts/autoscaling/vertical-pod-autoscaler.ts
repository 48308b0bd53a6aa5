import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { VerticalScaling } from '../../definitions/index.ts'
import { scaleTarget, type Workload } from '../workload/workload.ts'

/** Of CPU and memory: a definition may not let it act on what a horizontal autoscaler measures. */
export function verticalPodAutoscaler(
  scope: Construct,
  workload: Workload,
  { mode = 'Off', max }: VerticalScaling,
  labels: Record<string, string>,
): void {
  new ApiObject(scope, workload.id('vertical-pod-autoscaler'), {
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: { name: workload.name, labels },
    spec: {
      targetRef: scaleTarget(workload),
      updatePolicy: { updateMode: mode },
      resourcePolicy: {
        containerPolicies: [
          {
            containerName: 'server',
            controlledResources: ['cpu', 'memory'],
            controlledValues: 'RequestsAndLimits',
            ...(max && { maxAllowed: max }),
          },
        ],
      },
    },
  })
}
