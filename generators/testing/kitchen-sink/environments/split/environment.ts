import { defineEnvironment, externalSecret, hpa, prometheusOperator, s3, serverSplit } from 'modelyard'
import { argocd, cluster, servingImage } from '../shared.ts'

/** Both versions in one pod, credentials from a vault, predictions logged. */
export default defineEnvironment({
  name: 'split',
  revision: 2,
  cluster,
  namespace: 'sink-split',
  argocd: { ...argocd, applicationSet: true },
  servingImage,
  artifacts: s3('models/wine', { endpoint: 'https://objects.example.com' }),
  credentials: externalSecret({ store: 'vault', entry: 'models/{model}' }),
  server: { tls: 'models-tls' },
  traffic: serverSplit(),
  autoscaling: hpa({ cpu: 60, memory: 80 }),
  predictionLog: {
    sink: 'https://events.example.com/predictions',
    secret: { name: 'events', keys: ['salt', 'token'] },
  },
  monitoring: prometheusOperator({
    release: 'kube-prometheus-stack',
    labels: { team: 'platform' },
    interval: '15s',
    runbooks: 'https://git.example.com/models/docs/runbooks',
    folder: 'Models',
    drift: { psi: 0.25, window: '12h', values: 500 },
  }),
})
