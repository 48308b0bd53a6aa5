import { defineEnvironment } from 'modelyard'
import { argocd, artifacts, imageRegistries, network } from '../shared.ts'

/** Follows each model.ts: edit it, run `modelyard synth`, see what changes here and nowhere else. */
export default defineEnvironment({
  name: 'development',
  revision: 1,
  cluster: { name: 'development', server: 'https://kubernetes.default.svc' },
  namespace: 'models-development',
  artifacts,
  network,
  imageRegistries,
  argocd,
  // All zero until an image of modelyard-serving is published; `modelyard validate` says so.
  servingImage:
    'ghcr.io/example/modelyard-serving@sha256:0000000000000000000000000000000000000000000000000000000000000000',
})
