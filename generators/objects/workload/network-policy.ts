import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import { selectorLabels } from '../names.ts'
import { portsOf } from './artifact-store.ts'
import { predictionLogPorts } from './prediction-log.ts'
import type { Workload } from './workload.ts'

/** In: the server's port, from pods of this cluster. Out: DNS, the store of artifacts where it is not in the pod, the sink of the prediction log. Nothing else. */
export function networkPolicy(scope: Construct, workload: Workload, labels: Record<string, string>): void {
  const { model, name, component, id } = workload
  const port = (number: number, protocol = 'TCP'): k8s.NetworkPolicyPort => ({
    port: k8s.IntOrString.fromNumber(number),
    protocol,
  })
  const dns: k8s.NetworkPolicyEgressRule = {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    ports: [port(53, 'UDP'), port(53)],
  }
  const { artifacts, predictionLog } = model.environment
  const numbers = new Set([...portsOf(artifacts), ...predictionLogPorts(predictionLog)])
  const elsewhere = [...numbers].map((number) => port(number))
  new k8s.KubeNetworkPolicy(scope, id('network-policy'), {
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selectorLabels(model.name, component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [port(POD.port)] }],
      egress: elsewhere.length === 0 ? [] : [dns, { ports: elsewhere }],
    },
  })
}
