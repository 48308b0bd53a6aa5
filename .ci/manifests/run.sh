#!/usr/bin/env bash
# Validators that are not ours, over every object below a folder (default: dist):
#
#     .ci/manifests/run.sh [folder]
#
# kubernetes-validate (strict, its newest Kubernetes) checks the built-in kinds; kubeconform (strict) checks them again by
# another engine, and Argo CD's kinds against the CRDs of its Go module. One line a failing object, then `N passed, N failed`
# (a verdict is one object by one validator). Exit 0: nothing failed; 1: something did; 2: could not run.
# Tools are kept in ${MODELYARD_CI_CACHE:-~/.cache/modelyard-ci}; a missing one is named with how to get it, and its part skipped.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dist=${1:-"$here/../../dist"}
cache=${MODELYARD_CI_CACHE:-"$HOME/.cache/modelyard-ci"}
# shellcheck source=versions.sh
source "$here/versions.sh"

if [ ! -d "$dist" ]; then
  echo "no folder $dist: run synth first, or name the folder to check" >&2
  exit 2
fi
dist=$(cd "$dist" && pwd)
mkdir -p "$cache"

# The schemas could not be made: neither a verdict on an object nor a missing tool.
stop() {
  echo "could not make the schemas for kubeconform: see the message above" >&2
  exit 2
}

# Sets $python to an interpreter with the pinned requirements; false when that cannot be had.
make_venv() {
  if ! command -v python3 >/dev/null; then
    echo "skipped: needs python3, get it by: apt-get install python3 python3-venv"
    return 1
  fi
  local key
  key=$({ python3 --version && cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)
  local venv="$cache/venv-$key"
  python="$venv/bin/python"
  [ -e "$venv/complete" ] && return 0
  rm -rf "$venv"
  if ! python3 -m venv "$venv" >/dev/null 2>"$cache/venv.log"; then
    echo "skipped: needs Python's venv module, get it by: apt-get install python3-venv (see $cache/venv.log)"
    return 1
  fi
  if ! "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" 2>"$cache/pip.log"; then
    echo "skipped: needs the packages in .ci/manifests/requirements.txt, get them by: pip install -r (see $cache/pip.log)"
    return 1
  fi
  touch "$venv/complete"
}

# Sets $kubeconform and $schemas; false when that cannot be had.
make_kubeconform() {
  if ! command -v go >/dev/null; then
    echo "skipped: kubeconform needs go, get it by: apt-get install golang (1.24 or newer)"
    return 1
  fi
  local bin="$cache/kubeconform-$KUBECONFORM_VERSION"
  kubeconform="$bin/kubeconform"
  # Run outside any module, so that no go.mod here is read or changed.
  if [ ! -x "$kubeconform" ] && ! (cd / && GOBIN="$bin" go install "$KUBECONFORM@$KUBECONFORM_VERSION") 2>"$cache/go-install.log"; then
    echo "skipped: needs $KUBECONFORM@$KUBECONFORM_VERSION, get it by: go install (see $cache/go-install.log)"
    return 1
  fi
  local key
  key=$(cat "$here"/*_to_json_schema.py "$here/versions.sh" | sha256sum | cut -c1-16)
  schemas="$cache/schemas-$key"
  [ -e "$schemas/complete" ] && return 0
  rm -rf "$schemas"
  local module crd
  module=$(module_folder "$KUBERNETES@$KUBERNETES_VERSION") || return 1
  "$python" "$here/swagger_to_json_schema.py" "$module/$KUBERNETES_SWAGGER" "$schemas/core" || stop
  module=$(module_folder "$ARGO_CD@$ARGO_CD_VERSION") || return 1
  for crd in $ARGO_CD_CRDS; do
    "$python" "$here/crd_to_json_schema.py" "$module/$crd" "$schemas/custom" || stop
  done
  touch "$schemas/complete"
}

# Prints the folder of a Go module in the module cache, downloaded when it is missing.
module_folder() {
  local folder
  folder=$(cd / && go mod download -json "$1" 2>"$cache/go-download.log" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  if [ -z "$folder" ]; then
    echo "skipped: needs the Go module $1, get it by: go mod download (see $cache/go-download.log)" >&2
    return 1
  fi
  echo "$folder"
}

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
if make_venv; then
  "$python" "$here/run_kubernetes_validate.py" "$dist" >"$report" || true
  count "$report"
  if make_kubeconform; then
    "$python" "$here/run_kubeconform.py" "$kubeconform" "$schemas" "$dist" >"$report" || true
    count "$report"
  fi
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
