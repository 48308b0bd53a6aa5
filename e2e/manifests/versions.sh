# What the second validators are, pinned; sourced by run.sh. The Python side is pinned in requirements.txt.
KUBECONFORM=github.com/yannh/kubeconform/cmd/kubeconform
KUBECONFORM_VERSION=v0.8.0
# Where the schemas come from that kubeconform checks against: the originals, never our own bundle.
KUBERNETES=k8s.io/kubernetes
KUBERNETES_VERSION=v1.36.3
KUBERNETES_SWAGGER=api/openapi-spec/swagger.json
ARGO_CD=github.com/argoproj/argo-cd/v3
ARGO_CD_VERSION=v3.5.7
ARGO_CD_CRDS="manifests/crds/application-crd.yaml manifests/crds/appproject-crd.yaml"
