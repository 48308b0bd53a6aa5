# shellcheck shell=bash
# Gets the second validators, for the tiers that source this: make_python, make_kubeconform, module_folder.
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$tools/../lib.sh"
# shellcheck source=versions.sh
source "$tools/versions.sh"

# The schemas could not be made: neither a verdict on an object nor a missing tool.
stop() {
  echo "could not make the schemas for kubeconform: see the message above" >&2
  exit 2
}

# Sets $python to an interpreter with the pinned requirements; false when that cannot be had.
make_python() {
  make_venv venv "$tools/requirements.txt" || { echo "skipped: $missing"; return 1; }
  python="$venv/bin/python"
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
  key=$(cat "$tools"/*_to_json_schema.py "$tools/versions.sh" | sha256sum | cut -c1-16)
  schemas="$cache/schemas-$key"
  [ -e "$schemas/complete" ] && return 0
  rm -rf "$schemas"
  local module crd
  module=$(module_folder "$KUBERNETES@$KUBERNETES_VERSION") || return 1
  "$python" "$tools/swagger_to_json_schema.py" "$module/$KUBERNETES_SWAGGER" "$schemas/core" || stop
  module=$(module_folder "$ARGO_CD@$ARGO_CD_VERSION") || return 1
  for crd in $ARGO_CD_CRDS; do
    "$python" "$tools/crd_to_json_schema.py" "$module/$crd" "$schemas/custom" || stop
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
