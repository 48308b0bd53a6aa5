import { defineEnvironment, gatewayApi, gpu, https, keda, override, prometheusOperator, vpa } from 'modelyard'
import vision from '../../models/vision/model.ts'
import { argocd, cluster, prometheus, servingImage } from '../shared.ts'

/** A candidate has pods of its own behind a Gateway. */
export default defineEnvironment({
  name: 'gateway',
  revision: 2,
  cluster: { ...cluster, kubernetes: '1.36' },
  namespace: 'sink-gateway',
  argocd: { ...argocd, verification: true, notifications: { 'on-sync-failed': { slack: 'ml-alerts' } } },
  servingImage,
  artifacts: https('https://models.example.com'),
  traffic: gatewayApi({ gateway: 'gateways/public', host: 'predictions.example.com', listener: 'https' }),
  network: {
    from: [{ namespace: 'gateways' }, { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } }],
    to: ['203.0.113.0/24', '2001:db8::/32'],
  },
  quota: { cpu: '40', memory: '80Gi', pods: 100 },
  limits: { cpu: '4', memory: '8Gi' },
  scheduling: {
    priorityClass: { name: 'model-serving', value: 100_000 },
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    tolerations: [{ key: 'models', value: 'only', effect: 'NoSchedule' }],
    spread: 'required',
  },
  server: { managementPort: true, grpc: true, apiKeys: 'model-keys', accessLog: 0.01, preStopSleepSeconds: 5 },
  autoscaling: keda({ prometheus, latencyP95: '30ms', requestsPerSecond: 200, cpu: 80, cooldown: '10m' }),
  monitoring: prometheusOperator({ release: 'kube-prometheus-stack' }),
  gpu: gpu(),
  verticalScaling: vpa({ mode: 'Off' }),
  overrides: [
    override(vision, { scaleToZero: { start: '0 7 * * 1-5', end: '0 19 * * 1-5', timezone: 'Europe/Berlin' } }),
  ],
})
