# shellcheck shell=bash
# Builds the programs of a cluster from go.mod, once a version; sourced by run.sh. $here and $cache are set.

# Kubernetes' own version stamp: without it the API server calls itself v0.0.0.
kubernetes_version() {
  sed -nE 's#^\tk8s.io/kubernetes (v[0-9.]+)( .*)?$#\1#p' "$here/go.mod"
}

# Sets $programs to a folder with every program and, in share/, the files of the same modules that they are run with;
# false when they cannot be built.
build_programs() {
  local root="$here/../.." key
  key=$(cat "$here"/{go.mod,go.sum,programs.sh,custom-resources.ts} "$root/generators/validation/schema/bundle/projects.ts" | sha256sum | cut -c1-16)
  programs="$cache/cluster-$key"
  [ -e "$programs/complete" ] && return 0
  if ! command -v go >/dev/null; then
    echo "skipped: needs go, get it by: apt-get install golang (1.26 or newer), or set KUBEBUILDER_ASSETS or KUBECONFIG"
    return 1
  fi
  echo "building Kubernetes, kwok, metrics-server and Argo CD from e2e/cluster/go.mod: 15 minutes on two cores, once" >&2
  rm -rf "$programs"
  mkdir -p "$programs/share"
  if ! make_programs "$root" >"$cache/cluster-build.log" 2>&1; then
    echo "skipped: needs the Go modules of e2e/cluster/go.mod built (see $cache/cluster-build.log)"
    return 1
  fi
  touch "$programs/complete"
}

make_programs() {
  local version minor package argo_cd kwok
  version=$(kubernetes_version)
  minor=${version#v1.}
  # Many packages take over a GiB of memory to compile: as many at once as there are processors, and no more.
  build() {
    (cd "$here" && nice -n 15 go build -buildvcs=false -trimpath -o "$programs/$1" -ldflags "-s -w \
      -X k8s.io/component-base/version.gitVersion=$version \
      -X k8s.io/component-base/version.gitMajor=1 \
      -X k8s.io/component-base/version.gitMinor=${minor%%.*}" "$2")
  }
  build etcd go.etcd.io/etcd/server/v3 || return 1
  for package in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    build "$package" "k8s.io/kubernetes/cmd/$package" || return 1
  done
  build kwok sigs.k8s.io/kwok/cmd/kwok &&
    build metrics-server sigs.k8s.io/metrics-server/cmd/metrics-server &&
    build argocd github.com/argoproj/argo-cd/v3/cmd || return 1

  kwok=$(cd "$here" && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok) &&
    argo_cd=$(cd "$here" && go list -m -f '{{.Dir}}' github.com/argoproj/argo-cd/v3) || return 1
  # How a simulated node and its pods behave, and what they say that they use.
  mkdir -p "$programs/share/kwok" "$programs/share/argo-cd" "$programs/share/bin"
  cp "$kwok"/kustomize/stage/node/{fast,heartbeat-with-lease}/node-*.yaml "$kwok"/kustomize/stage/pod/fast/pod-*.yaml \
    "$kwok"/kustomize/metrics/{resource/metrics-resource,usage/usage-from-annotation}.yaml "$programs/share/kwok/" &&
    cp "$argo_cd"/manifests/base/config/argocd-*.yaml "$programs/share/argo-cd/" &&
    cp "$argo_cd/hack/git-verify-wrapper.sh" "$programs/share/bin/" &&
    chmod -R u+wx "$programs/share" &&
    (cd "$root" && node -C modelyard-source --import tsx "$here/custom-resources.ts" "$programs/share/custom-resources")
}
