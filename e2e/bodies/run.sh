#!/usr/bin/env bash
# Pull requests of seeded candidates, each in a repository of its own with real models and evaluation rows: every sentence, cell, bar and
# diff is derived again from what the candidate was made of, and each body with one number or word changed has to be refused.
# run.sh [seeds] [kind]. Needs Node, Git and the packages in package.json. Exit 0: nothing failed, or it was skipped.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"

tools="$cache/bodies-$(sha256sum "$here/package.json" | cut -c1-16)"
if [ ! -e "$tools/complete" ]; then
  rm -rf "$tools"
  mkdir -p "$tools"
  cp "$here/package.json" "$tools/"
  npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error >"$cache/bodies-npm.log" 2>&1 ||
    skip "needs the packages in e2e/bodies/package.json, get them by: npm install (see $cache/bodies-npm.log)"
  touch "$tools/complete"
fi
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
counted node -C modelyard-source --import tsx "$here/main.ts" "$tools" "${1:-2}" "${2:-}"
report
