#!/usr/bin/env bash
# Builds the API server's own validation (generators/validation/api-server/build.sh) once a version of its sources, compares its
# digest with the committed provenance, and puts it where the layer `api-server` and its tests find it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"
folder="$here/../../generators/validation/api-server"
sources=("$folder/build.sh" "$folder/pack.mjs" "$folder"/go/*)

command -v go >/dev/null || skip "needs go, get it by: apt-get install golang (1.26 or newer)"
built="$cache/api-server-$({ go env GOVERSION && cat "${sources[@]}"; } | sha256sum | cut -c1-16)"
if [ ! -e "$built/complete" ]; then
  nice -n 5 bash "$folder/build.sh" >"$cache/api-server.log" 2>&1 ||
    skip "needs the modules of generators/validation/api-server/go/go.mod, get them by: go mod download (see $cache/api-server.log)"
  mkdir -p "$built"
  cp "$folder"/{api-server.wasm.br,provenance.json,LICENSES.txt} "$built/"
  touch "$built/complete"
fi
cp "$built/api-server.wasm.br" "$folder/"

# Another Go makes other bytes of the same sources.
committed=$(git -C "$folder" show HEAD:./provenance.json)
go=$(node -p 'JSON.parse(process.argv[1]).go' "$committed")
[ "$(go env GOVERSION)" = "$go" ] || skip "needs $go to compare the program with the committed provenance.json, get it from go.dev"
for name in provenance.json LICENSES.txt; do
  if git -C "$folder" show "HEAD:./$name" | cmp -s - "$built/$name"; then
    passed=$((passed + 1))
    echo "ok      what is built gives the committed $name"
  else
    failed=$((failed + 1))
    echo "FAILED  what is built gives another $name than the committed one: commit it with its sources"
  fi
done
report
