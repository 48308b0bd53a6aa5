#!/usr/bin/env bash
# What a stranger does, with the npm of Node 20 (10) and the present one (11): clone, then one command; each by itself.
set -uo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

attempt() { # NAME COMMAND...: in a clone of its own
  local name=$1
  shift
  git clone --quiet . "$work/$name"
  if (cd "$work/$name" && "$@") >"$work/$name.log" 2>&1 </dev/null && [ -z "$(git -C "$work/$name" status --porcelain)" ]; then
    passed=$((passed + 1))
    echo "ok      $name: $*"
  else
    failed=$((failed + 1))
    echo "FAILED  $name: $*"
    tail -40 "$work/$name.log"
    git -C "$work/$name" status --short
  fi
  rm -rf "${work:?}/$name"
}

# A shim, so that `npm` inside the scripts is the same version again.
use_npm() {
  npm install --silent --prefix "$work/npm$1" "npm@$1" >/dev/null 2>&1 || { echo "skipped: needs npm@$1, get it by a reachable npm registry"; return 1; }
  export PATH="$work/npm$1/node_modules/.bin:$original"
}

original=$PATH
for version in 10 11; do
  use_npm "$version" || continue
  attempt "demo-npm$version" npm run demo -- --once
  attempt "test-npm$version" npm test
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
