/** Every minor of Kubernetes from the oldest that we promise to the newest, newest first. */
export const KUBERNETES: Record<string, string> = {
  '1.36': 'v1.36.3',
  '1.35': 'v1.35.4',
  '1.34': 'v1.34.4',
  '1.33': 'v1.33.13',
  '1.32': 'v1.32.13',
  '1.31': 'v1.31.14',
  '1.30': 'v1.30.14',
  '1.29': 'v1.29.6',
  '1.28': 'v1.28.15',
}

/** A project whose CustomResourceDefinitions are in its Go module. */
export interface Project {
  /** Of the file that is written, with the version. */
  name: string
  module: string
  version: string
  /** Files, or folders whose YAML files are meant. */
  crds: string[]
}

export const PROJECTS: Project[] = [
  {
    name: 'argo-cd',
    module: 'github.com/argoproj/argo-cd/v3',
    version: 'v3.5.7',
    crds: ['manifests/crds'],
  },
  {
    name: 'argo-rollouts',
    module: 'github.com/argoproj/argo-rollouts',
    version: 'v1.10.1',
    crds: ['manifests/crds'],
  },
  {
    name: 'external-secrets',
    module: 'github.com/external-secrets/external-secrets',
    version: 'v1.3.2',
    crds: ['config/crds/bases'],
  },
  {
    name: 'gateway-api',
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.3',
    crds: ['config/crd/standard'],
  },
  {
    name: 'keda',
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.21.0',
    crds: ['config/crd/bases'],
  },
  {
    name: 'prometheus-operator',
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    crds: ['example/prometheus-operator-crd'],
  },
  {
    name: 'sealed-secrets',
    module: 'github.com/bitnami-labs/sealed-secrets',
    version: 'v0.40.0',
    crds: ['helm/sealed-secrets/crds'],
  },
  {
    name: 'vertical-pod-autoscaler',
    module: 'k8s.io/autoscaler/vertical-pod-autoscaler',
    version: 'v1.8.1',
    crds: ['deploy/vpa-v1-crd-gen.yaml'],
  },
]
