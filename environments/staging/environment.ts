import { defineEnvironment } from 'modelyard'
import development from '../development/environment.ts'
import { argocd, artifacts, imageRegistries, network } from '../shared.ts'

/** Sealed releases run here before production takes them. */
export default defineEnvironment({
  name: 'staging',
  promotesFrom: development,
  revision: 1,
  cluster: { name: 'staging', server: 'https://staging.kubernetes.example.com' },
  namespace: 'models-staging',
  artifacts,
  network,
  imageRegistries,
  argocd,
})
