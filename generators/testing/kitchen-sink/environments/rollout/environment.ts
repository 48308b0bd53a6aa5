import { defineEnvironment, gpu, hpa, oci, prometheusOperator, rollouts, sealedSecrets } from 'modelyard'
import { argocd, cluster, prometheus, servingImage } from '../shared.ts'

/** Argo Rollouts brings in each stable version by steps, measured on the way. */
export default defineEnvironment({
  name: 'rollout',
  revision: 2,
  cluster,
  namespace: 'sink-rollout',
  argocd,
  servingImage,
  artifacts: oci('registry.example.com/models'),
  credentials: sealedSecrets({
    wine: { '.dockerconfigjson': 'AgBy3i4OJSWK' },
    vision: { '.dockerconfigjson': 'AgBy3i4OJSWK' },
  }),
  traffic: rollouts({
    steps: [{ weight: 5, pause: '10m' }, { weight: 25, pause: '10m' }, { weight: 50 }],
    analysis: { prometheus },
    route: { gateway: 'gateways/public', host: '{model}.example.com' },
  }),
  gpu: gpu({ nodeSelector: { accelerator: 'l4' }, tolerations: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] }),
  autoscaling: hpa({ cpu: 70, requestsPerSecond: 150 }),
  monitoring: prometheusOperator({ release: 'kube-prometheus-stack' }),
})
