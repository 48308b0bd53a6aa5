import { byOwner, defineEnvironment, gatewayApi, hpa, https, prometheusOperator } from 'modelyard'
import { argocd, cluster, servingImage } from '../shared.ts'

/** Each team's models in a namespace and a project of their own, behind one Gateway. */
export default defineEnvironment({
  name: 'owners',
  owner: 'platform',
  revision: 2,
  cluster,
  namespace: byOwner({ cellar: 'sink-cellar', kitchen: 'sink-kitchen' }),
  argocd: { ...argocd, verification: true },
  servingImage,
  kubeflowRegistry: { wine: '4', 'wine@1.0.0': '11' },
  artifacts: https('https://models.example.com'),
  traffic: gatewayApi({ gateway: 'gateways/public', host: '{model}.owners.example.com' }),
  network: { from: [{ namespace: 'gateways' }, { namespace: 'monitoring' }], to: ['203.0.113.0/24'] },
  quota: { cpu: '20', memory: '40Gi', pods: 50 },
  limits: { cpu: '4', memory: '8Gi' },
  scheduling: { priorityClass: { name: 'owners-model-serving', value: 90_000 } },
  autoscaling: hpa({ cpu: 70, requestsPerSecond: 150 }),
  monitoring: prometheusOperator({ release: 'kube-prometheus-stack' }),
})
