#!/usr/bin/env bash
# What two programs that are not ours say of the fixtures of every rule and of dist/, against `modelyard validate`: kube-score,
# and Kubernetes' own evaluator of Pod Security. Both are built from their Go modules, once a version. Exit 0: nothing failed, or
# it was skipped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"
KUBE_SCORE=github.com/zegl/kube-score/cmd/kube-score
KUBE_SCORE_VERSION=v1.20.0

command -v go >/dev/null || skip "needs go, get it by: apt-get install golang (1.26 or newer)"
kube_score="$cache/kube-score-$KUBE_SCORE_VERSION"
# Run outside any module, so that no go.mod here is read or changed.
[ -x "$kube_score/kube-score" ] ||
  (cd / && GOBIN="$kube_score" nice -n 5 go install "$KUBE_SCORE@$KUBE_SCORE_VERSION") 2>"$cache/kube-score.log" ||
  skip "needs $KUBE_SCORE@$KUBE_SCORE_VERSION, get it by: go install (see $cache/kube-score.log)"

pod_security="$cache/pod-security-$(cat "$here"/pod-security/{main.go,go.mod,go.sum} | sha256sum | cut -c1-16)"
[ -x "$pod_security" ] ||
  (cd "$here/pod-security" && nice -n 5 go build -o "$pod_security" .) 2>"$cache/pod-security.log" ||
  skip "needs the modules of e2e/linters/pod-security/go.mod, get them by: go mod download (see $cache/pod-security.log)"

cd "$here/../.."
node -C modelyard-source --import tsx e2e/linters/compare.ts "$kube_score/kube-score" "$pod_security"
