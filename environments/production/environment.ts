import { defineEnvironment, hpa, override } from 'modelyard'
import housePrice from '../../models/house-price/model.ts'
import { argocd, artifacts, imageRegistries, network } from '../shared.ts'
import staging from '../staging/environment.ts'

/** What runs here is in pins/<model>.yaml; `modelyard promote` edits that line and nothing in this file. */
export default defineEnvironment({
  name: 'production',
  promotesFrom: staging,
  revision: 1,
  cluster: { name: 'eu-west-1', server: 'https://production.kubernetes.example.com' },
  namespace: 'models',
  artifacts,
  network,
  imageRegistries,
  argocd,
  autoscaling: hpa({ cpu: 60 }),
  gates: { approvals: 2 },
  overrides: [
    override(housePrice, { replicas: { min: 3, max: 12 } }), // Monday mornings are four times the mean
  ],
})
