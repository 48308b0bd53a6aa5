#!/usr/bin/env bash
# Validators that are not ours, over every object below a folder (default: dist):
#
#     e2e/manifests/run.sh [folder]
#
# kubernetes-validate (strict, its newest Kubernetes) checks the built-in kinds; kubeconform (strict) checks them again by
# another engine, and Argo CD's kinds against the CRDs of its Go module. One line a failing object, then `N passed, N failed`
# (a verdict is one object by one validator). Exit 0: nothing failed; 1: something did; 2: could not run.
# Tools are kept in ${MODELYARD_CI_CACHE:-~/.cache/modelyard-ci}; a missing one is named with how to get it, and its part skipped.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dist=${1:-"$here/../../dist"}
# shellcheck source=tools.sh
source "$here/tools.sh"

if [ ! -d "$dist" ]; then
  echo "no folder $dist: run synth first, or name the folder to check" >&2
  exit 2
fi
dist=$(cd "$dist" && pwd)

passed=0
failed=0
# Reads a validator's report: its last line is `passed N failed N`, the others are for people.
count() {
  local report=$1 last
  last=$(tail -n 1 "$report")
  sed '$d' "$report"
  if [[ ! $last =~ ^passed\ ([0-9]+)\ failed\ ([0-9]+)$ ]]; then
    echo "a validator did not finish: $last" >&2
    exit 2
  fi
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
}

report=$(mktemp)
trap 'rm -f "$report"' EXIT
if make_python; then
  "$python" "$here/run_kubernetes_validate.py" "$dist" >"$report" || true
  count "$report"
  if make_kubeconform; then
    "$python" "$here/run_kubeconform.py" "$kubeconform" "$schemas" "$dist" >"$report" || true
    count "$report"
  fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
