import { defineEnvironment, gatewayApi, https, keda, prometheusOperator, vpa } from 'modelyard'
import { argocd, cluster, prometheus, servingImage } from '../shared.ts'

/** A candidate has pods of its own behind a Gateway. */
export default defineEnvironment({
  name: 'gateway',
  revision: 1,
  cluster,
  namespace: 'sink-gateway',
  argocd,
  servingImage,
  artifacts: https('https://models.example.com'),
  traffic: gatewayApi({ gateway: 'gateways/public', host: 'predictions.example.com', listener: 'https' }),
  autoscaling: keda({ prometheus, latencyP95: '30ms', requestsPerSecond: 200, cpu: 80, cooldown: '10m' }),
  monitoring: prometheusOperator({ release: 'kube-prometheus-stack' }),
  verticalScaling: vpa({ mode: 'Off' }),
})
