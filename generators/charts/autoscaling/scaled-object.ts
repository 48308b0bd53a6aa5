import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import { type Keda, parseDuration, type ScaleToZero } from '../../definitions/index.ts'
import { latencyForScaling, requestRate } from '../monitoring/queries.ts'
import { scaleTarget, type Workload } from '../workload/workload.ts'

const WINDOW = '2m'
const DEFAULT_COOLDOWN_SECONDS = 300

/** https://keda.sh/docs/latest/reference/scaledobject-spec/ */
export function scaledObject(
  scope: Construct,
  workload: Workload,
  targets: Keda,
  labels: Record<string, string>,
): void {
  const { name, model, replicas } = workload
  const { scaleToZero } = model
  const { cooldown } = targets
  new ApiObject(scope, workload.id('scaled-object'), {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: {
      name,
      labels,
      // An environment that had an autoscaler of Kubernetes hands it over: KEDA refuses a second one.
      annotations: { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' },
    },
    spec: {
      scaleTargetRef: scaleTarget(workload),
      minReplicaCount: scaleToZero ? 0 : replicas.min,
      maxReplicaCount: replicas.max,
      cooldownPeriod: cooldown === undefined ? DEFAULT_COOLDOWN_SECONDS : Math.ceil(parseDuration(cooldown) / 1000),
      // Without the behaviour a Prometheus that is away scales a busy model down to `replicas` (keda#6659).
      fallback: { failureThreshold: 3, replicas: replicas.min, behavior: 'currentReplicasIfHigher' },
      advanced: { horizontalPodAutoscalerConfig: { name } },
      triggers: [...measured(workload, targets), ...(scaleToZero ? [awake(targets, scaleToZero, replicas.min)] : [])],
    },
  })
}

function measured({ model }: Workload, { prometheus, latencyP95, requestsPerSecond, cpu }: Keda): object[] {
  const measured = {
    namespace: model.namespace,
    model: model.name,
    version: model.stable.facts.version,
  }
  const trigger = (metricType: string, query: string, threshold: number) => ({
    type: 'prometheus',
    metricType,
    metadata: {
      serverAddress: prometheus,
      query,
      threshold: String(threshold),
      // No value is not zero: it is a Prometheus that scrapes nothing, unless there may be no pods.
      ignoreNullValues: String(model.scaleToZero !== undefined),
    },
  })
  return [
    ...(latencyP95 === undefined
      ? []
      : [trigger('Value', latencyForScaling(0.95, measured, WINDOW), parseDuration(latencyP95) / 1000)]),
    ...(requestsPerSecond === undefined
      ? []
      : [trigger('AverageValue', requestRate(measured, WINDOW), requestsPerSecond)]),
    ...(cpu === undefined ? [] : [{ type: 'cpu', metricType: 'Utilization', metadata: { value: String(cpu) } }]),
  ]
}

/** What starts the first pod. */
function awake({ prometheus }: Keda, scaleToZero: ScaleToZero, pods: number): object {
  if ('wakeOn' in scaleToZero) {
    return {
      type: 'prometheus',
      metricType: 'Value',
      metadata: {
        serverAddress: prometheus,
        query: scaleToZero.wakeOn,
        threshold: '1000000',
        activationThreshold: '0',
        ignoreNullValues: 'true',
      },
    }
  }
  return { type: 'cron', metadata: { ...scaleToZero, desiredReplicas: String(pods) } }
}
