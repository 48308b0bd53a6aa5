#!/usr/bin/env bash
# A real Kubernetes of plain processes: etcd, API server, controllers and scheduler, simulated nodes (kwok) with a metrics API, the
# custom resources of every project whose kinds we generate, and Argo CD against a Git server. Everything listens on 127.0.0.1 at
# ports that were free, except the metrics of Argo CD's controller, which has no setting for it.
#
#     run.sh                   the tier: `npm run e2e -- cluster`; ends with `N passed, N failed`
#     run.sh start <folder>    a control plane without Argo CD, for another test; prints `export KUBECONFIG=<folder>/kubeconfig`
#     run.sh stop <folder>     ends it and removes the folder
#     run.sh kubectl           prints where kubectl is
#
# Every user of the started cluster is a cluster administrator by the token in its kubeconfig, and `kubectl`, `modelyard validate
# --server` or a client library can use it as any other.
#
# KUBECONFIG, when set, names the cluster to use: one for tests, since objects are made and deleted in it. KUBEBUILDER_ASSETS, when
# set, is a folder with etcd, kube-apiserver and kubectl (as `setup-envtest` makes it). What is not there is built from the Go
# modules of go.mod, 15 minutes on two cores, and kept by version in ${MODELYARD_CI_CACHE:-~/.cache/modelyard-ci}.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
# shellcheck source=../lib.sh
source "$here/../lib.sh"
# shellcheck source=programs.sh
source "$here/programs.sh"

typescript() {
  node -C modelyard-source --import tsx "$@"
}
# Without go there is what the environment names.
find_programs() {
  build_programs || [ -n "${KUBECONFIG:-}${KUBEBUILDER_ASSETS:-}" ]
}

case ${1:-} in
stop)
  typescript "$here/cluster.ts" stop "$(realpath "${2:?the folder that was started}")" && rm -rf "$2"
  ;;
start)
  mkdir -p "${2:?a folder}"
  folder=$(realpath "$2")
  find_programs || exit 2
  MODELYARD_CLUSTER_PROGRAMS=$programs typescript "$here/cluster.ts" start "$folder" || exit 2
  echo "export KUBECONFIG=$folder/kubeconfig"
  ;;
kubectl)
  build_programs || exit 2
  echo "$programs/kubectl"
  ;;
'')
  find_programs || {
    echo "0 passed, 0 failed"
    exit 0
  }
  # Argo CD keeps its cache in redis; what pods have loaded is asked of Prometheus. The tier names what is missing.
  install_debian redis-server redis-server
  install_debian prometheus prometheus
  folder=$(mktemp -d "${TMPDIR:-/tmp}/modelyard-cluster-XXXXXX")
  stop() {
    typescript "$here/cluster.ts" stop "$folder"
    if [ -n "${MODELYARD_KEEP_LOGS:-}" ]; then echo "logs: $folder"; else rm -rf "$folder"; fi
  }
  trap stop EXIT
  trap 'exit 130' INT TERM
  MODELYARD_CLUSTER_PROGRAMS=$programs typescript "$here/tier.ts" "$folder"
  ;;
*)
  echo "run.sh knows start, stop and kubectl, not $1" >&2
  exit 2
  ;;
esac
