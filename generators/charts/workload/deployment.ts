import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { PlannedModel } from '../../repository/index.ts'
import { ANNOTATIONS, modelLabels, selectorLabels } from '../names.ts'
import { canary } from '../traffic/rollout.ts'
import { identityOf } from './credentials.ts'
import { type Mounts, podTemplate } from './pod.ts'
import { hasGpu } from './resources.ts'
import type { Workload } from './workload.ts'

/** The pods of one workload, as a Deployment or, where Argo Rollouts moves the traffic, a Rollout. Without `replicas` where an autoscaler owns them. */
export function deployment(scope: Construct, workload: Workload, mounts: Mounts): void {
  const { model, name, component, id, replicas } = workload
  const { effectiveSettings, stable } = model
  const labels = {
    ...modelLabels(model.name, effectiveSettings.owner, component),
    'app.kubernetes.io/version': stable.facts.version,
  }
  const annotations = {
    [ANNOTATIONS.artifact]: stable.facts.bundle.model.sha256,
    ...(stable.release !== undefined && { [ANNOTATIONS.release]: stable.release }),
  }
  // Not of the pods: an id that is added later restarts none.
  const metadata = { name, labels: { ...labels, ...kubeflowLabels(model) }, annotations }
  const common = {
    ...(replicas.min === replicas.max && { replicas: replicas.min }),
    revisionHistoryLimit: 3,
    selector: { matchLabels: selectorLabels(model.name, component) },
  }
  const podLabels = { ...labels, ...identityOf(model).podLabels }
  const template = podTemplate(workload, mounts, { labels: podLabels, annotations })
  const traffic = model.environment.traffic
  if (traffic?.engine === 'rollouts') {
    new ApiObject(scope, 'rollout', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata,
      spec: { ...common, strategy: { canary: { ...canary(model, traffic), ...surge(model) } }, template },
    })
    return
  }
  new ApiObject(scope, id('deployment'), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { ...common, strategy: { type: 'RollingUpdate', rollingUpdate: surge(model) }, template },
  })
}

/** Of Kubeflow's Model Registry: https://github.com/kubeflow/model-registry, its controller of inference services. */
function kubeflowLabels({ name, stable, environment }: PlannedModel): Record<string, string> {
  const { [name]: model, [`${name}@${stable.facts.version}`]: version } = environment.kubeflowRegistry ?? {}
  return {
    ...(model !== undefined && { 'modelregistry.kubeflow.org/registered-model-id': model }),
    ...(version !== undefined && { 'modelregistry.kubeflow.org/model-version-id': version }),
  }
}

/** Pods come before others go. Where no GPU is to spare, a pod that waits for one would hold the rollout up for ever. */
function surge(model: PlannedModel): { maxSurge: number | string; maxUnavailable: number } {
  return hasGpu(model) ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: '25%', maxUnavailable: 0 }
}
