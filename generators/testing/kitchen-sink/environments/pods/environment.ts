import { defineEnvironment, files, ingress, replicas } from 'modelyard'
import { argocd, cluster, servingImage } from '../shared.ts'

/** Nine pods of the stable version to one of the candidate, artifacts on a volume, an Ingress in front. */
export default defineEnvironment({
  name: 'pods',
  revision: 1,
  cluster,
  namespace: 'sink-pods',
  argocd,
  servingImage,
  artifacts: files('/models', { claim: 'models', size: '20Gi', storageClass: 'shared' }),
  traffic: replicas({ total: 10 }),
  ingress: ingress({
    className: 'haproxy',
    host: '{model}.pods.example.com',
    secret: 'pods-tls',
    issuer: 'letsencrypt',
  }),
})
