import { defineEnvironment, imageVolumes, workloadIdentity } from 'modelyard'
import { argocd, cluster, servingImage } from '../shared.ts'

const digest = 'b'.repeat(64)

/** The kubelet mounts the artifacts from OCI images, and the cloud vouches for the pods. */
export default defineEnvironment({
  name: 'volume',
  revision: 2,
  cluster: { ...cluster, kubernetes: '1.36' },
  namespace: 'sink-volume',
  argocd,
  servingImage,
  artifacts: imageVolumes({ 'wine@1.0.0': `registry.example.com/models/wine@sha256:${digest}` }),
  credentials: workloadIdentity({ aws: 'arn:aws:iam::123456789012:role/{model}' }),
})
