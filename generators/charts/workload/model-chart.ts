import { Chart } from 'cdk8s'
import { k8s, ServiceAccount } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import type { PlannedModel } from '../../repository/index.ts'
import { contentDigest } from '../../text/index.ts'
import { autoscaling } from '../autoscaling/index.ts'
import { monitorModel } from '../monitoring/index.ts'
import { modelLabels, selectorLabels } from '../names.ts'
import { traffic } from '../traffic/index.ts'
import { bootConfiguration, routingConfiguration } from './configuration.ts'
import { credentialsObject, identityOf } from './credentials.ts'
import { deployment } from './deployment.ts'
import { networkPolicy } from './network-policy.ts'
import { verification } from './verification.ts'
import { type Workload, workloadsOf } from './workload.ts'

export interface ModelChartProps {
  /** From a plan: `loadPlan(root)`. */
  model: PlannedModel
}

/** Every object that one model needs in one environment, all in one namespace. */
export class ModelChart extends Chart {
  constructor(scope: Construct, id: string, { model }: ModelChartProps) {
    super(scope, id, { namespace: model.namespace, disableResourceNameHashes: true })
    const { name, effectiveSettings } = model
    const labels = modelLabels(name, effectiveSettings.owner)
    const { annotations } = identityOf(model)
    new ServiceAccount(this, 'service-account', {
      metadata: { name, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
      automountToken: false,
    })
    credentialsObject(this, model, labels)
    for (const workload of workloadsOf(model)) pods(this, workload)
    traffic(this, model)
    if (model.environment.argocd.verification) verification(this, model, labels)
    monitorModel(this, model, labels)
  }
}

/** The pods of one version, with what configures, scales and protects them. */
function pods(scope: Construct, workload: Workload): void {
  const { model, name, component, id } = workload
  const labels = modelLabels(model.name, model.effectiveSettings.owner, component)
  const boot = bootConfiguration(model)
  const mounts = {
    serviceAccountName: model.name,
    bootConfigMap: `${name}-boot-${contentDigest(boot).slice(0, 10)}`,
    routingConfigMap: `${name}-routing`,
  }
  new k8s.KubeConfigMap(scope, id('boot-config-map'), {
    metadata: { name: mounts.bootConfigMap, labels },
    data: { [POD.bootFile]: JSON.stringify(boot, null, 2) },
    immutable: true,
  })
  new k8s.KubeConfigMap(scope, id('routing-config-map'), {
    metadata: { name: mounts.routingConfigMap, labels },
    data: { [POD.routingFile]: JSON.stringify(routingConfiguration(model), null, 2) },
  })
  deployment(scope, workload, mounts)
  autoscaling(scope, workload, labels)
  // One pod at a time may go, whatever the number of pods: a drain always proceeds, and pods that never became ready do not hold it up.
  new k8s.KubePodDisruptionBudget(scope, id('pod-disruption-budget'), {
    metadata: { name, labels },
    spec: {
      maxUnavailable: k8s.IntOrString.fromNumber(1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(model.name, component) },
    },
  })
  networkPolicy(scope, workload, labels)
}
