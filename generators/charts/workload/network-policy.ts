import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import { POD } from 'modelyard-serving/contract'
import type { DefinedEnvironment, NetworkPeer } from '../../definitions/index.ts'
import { verificationLabels } from '../argocd/verification-labels.ts'
import { selectorLabels } from '../names.ts'
import { portsOf } from './artifact-store.ts'
import { identityEgress } from './credentials.ts'
import { predictionLogPorts } from './prediction-log.ts'
import { serverPorts } from './server-settings.ts'
import type { Workload } from './workload.ts'

const NAMESPACE = 'kubernetes.io/metadata.name'
const EVERY_POD: k8s.NetworkPolicyPeer = { namespaceSelector: {} }
/** As Prometheus' operator labels its pods. */
const PROMETHEUS = { 'app.kubernetes.io/name': 'prometheus' }

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
 * In: the server's ports, from the pods that the environment names or from all of the cluster; from revision 3 on predictions from
 * the Gateway and who is named, metrics from Prometheus. Probes come from the node and are always let in. Out: DNS, the store of artifacts where
 * it is not in the pod, the sink of the prediction log. Nothing else.
 */
export function networkPolicy(scope: Construct, workload: Workload, labels: Record<string, string>): void {
  const { model, name, component, id } = workload
  const { artifacts, predictionLog, network = {}, argocd } = model.environment
  const numbers = new Set([...portsOf(artifacts), ...predictionLogPorts(predictionLog)])
  const elsewhere = [...numbers].map((number) => policyPort(number))
  const to = network.to?.map((one) => (typeof one === 'string' ? { ipBlock: { cidr: one } } : peer(one)))
  const verifier = argocd.verification ? [{ podSelector: { matchLabels: verificationLabels(model.name) } }] : []
  new k8s.KubeNetworkPolicy(scope, id('network-policy'), {
    metadata: { name, labels },
    spec: {
      podSelector: { matchLabels: selectorLabels(model.name, component) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: ingressRules(model.environment, verifier),
      // Without a rule nothing goes out. The API server drops an empty list, so that each apply of one would be a change.
      ...(elsewhere.length > 0 && {
        egress: [DNS, { ...(to && { to }), ports: elsewhere }, ...identityEgress(model)],
      }),
    },
  })
}

function ingressRules(
  environment: DefinedEnvironment,
  verifier: k8s.NetworkPolicyPeer[],
): k8s.NetworkPolicyIngressRule[] {
  const { network: { from, metricsFrom } = {}, server, revision } = environment
  const ports = serverPorts(server)
  const named = Array.isArray(from) ? [...from.map(peer), ...verifier] : undefined
  if (revision < 3) {
    return [{ from: named ?? [EVERY_POD], ports: ports.map(({ port }) => policyPort(port)) }]
  }
  const callers = from === 'cluster' ? [EVERY_POD] : [...(named ?? verifier), ...gatewayPeers(environment)]
  const isManagement = ({ name }: { name: string }) => name === POD.managementPortName
  const scrapers = metricsFrom?.map(peer) ?? [{ namespaceSelector: {}, podSelector: { matchLabels: PROMETHEUS } }]
  return [
    // Without a peer the rule would let everybody in.
    ...(callers.length === 0
      ? []
      : [{ from: callers, ports: ports.filter((port) => !isManagement(port)).map(({ port }) => policyPort(port)) }]),
    { from: [...scrapers, ...verifier], ports: ports.filter(isManagement).map(({ port }) => policyPort(port)) },
  ]
}

/** The namespace of the Gateway that routes to the models. */
function gatewayPeers({ traffic }: DefinedEnvironment): k8s.NetworkPolicyPeer[] {
  const route = traffic?.engine === 'gateway-api' ? traffic : traffic?.engine === 'rollouts' ? traffic.route : undefined
  const [namespace] = route?.gateway.split('/') ?? []
  return namespace === undefined ? [] : [peer({ namespace })]
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
