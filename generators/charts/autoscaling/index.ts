import type { Construct } from 'constructs'
import type { Workload } from '../workload/workload.ts'
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts'
import { scaledObject } from './scaled-object.ts'
import { verticalPodAutoscaler } from './vertical-pod-autoscaler.ts'

export { prometheusAdapterRule } from './prometheus-adapter.ts'

/** What sets the number of a workload's pods, and what watches their size: one master of each. */
export function autoscaling(scope: Construct, workload: Workload, labels: Record<string, string>): void {
  const { model, replicas, component } = workload
  const { autoscaling: engine = { engine: 'hpa', cpu: 70 }, verticalScaling } = model.environment
  if (replicas.min < replicas.max) {
    if (engine.engine === 'keda') scaledObject(scope, workload, engine, labels)
    else horizontalPodAutoscaler(scope, workload, engine, labels)
  }
  if (verticalScaling && component === 'model-server') verticalPodAutoscaler(scope, workload, verticalScaling, labels)
}
