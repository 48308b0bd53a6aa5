import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { NetworkPeer } from '../../definitions/index.ts'
import { verificationLabels } from '../argocd/verification-labels.ts'
import { selectorLabels } from '../names.ts'
import { portsOf } from './artifact-store.ts'
import { identityEgress } from './credentials.ts'
import { predictionLogPorts } from './prediction-log.ts'
import { serverPorts } from './server-settings.ts'
import type { Workload } from './workload.ts'

const NAMESPACE = 'kubernetes.io/metadata.name'

/** Names of the cluster. */
export const DNS: k8s.NetworkPolicyEgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { [NAMESPACE]: 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [policyPort(53, 'UDP'), policyPort(53)],
}

/**
 * In: the server's ports, from the pods that the environment names or from all of the cluster. Out: DNS, the store of artifacts where
 * it is not in the pod, the sink of the prediction log. Nothing else.
 */
export function networkPolicy(scope: Construct, workload: Workload, labels: Record<string, string>): void {
  const { model, name, component, id } = workload
  const { artifacts, predictionLog, network = {}, server, argocd } = model.environment
  const numbers = new Set([...portsOf(artifacts), ...predictionLogPorts(predictionLog)])
  const elsewhere = [...numbers].map((number) => policyPort(number))
  const to = network.to?.map((one) => (typeof one === 'string' ? { ipBlock: { cidr: one } } : peer(one)))
  const verifier = argocd.verification ? [{ podSelector: { matchLabels: verificationLabels(model.name) } }] : []
  const from = network.from ? [...network.from.map(peer), ...verifier] : [{ namespaceSelector: {} }]
  new k8s.KubeNetworkPolicy(scope, id('network-policy'), {
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selectorLabels(model.name, component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from, ports: serverPorts(server).map(({ port }) => policyPort(port)) }],
      // Without a rule nothing goes out. The API server drops an empty list, so that each apply of one would be a change.
      ...(elsewhere.length > 0 && {
        egress: [DNS, { ...(to && { to }), ports: elsewhere }, ...identityEgress(model)],
      }),
    },
  })
}

export function policyPort(number: number, protocol = 'TCP'): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(number), protocol }
}

function peer({ namespace, labels }: NetworkPeer): k8s.NetworkPolicyPeer {
  return {
    namespaceSelector: { matchLabels: { [NAMESPACE]: namespace } },
    ...(labels && { podSelector: { matchLabels: labels } }),
  }
}
