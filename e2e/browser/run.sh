#!/usr/bin/env bash
# The page and the documentation of every example model in a real Chromium: fill, submit, errors, keyboard only, a phone's width,
# light and dark, axe-core; no console message and no request to another host. Exit 0: nothing failed, or it was skipped.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"

CHROMIUM=$(command -v chromium-browser || command -v google-chrome || true)
[ -n "$CHROMIUM" ] || { install_debian chromium chromium && CHROMIUM=$(command -v chromium); }
[ -n "$CHROMIUM" ] || skip "needs chromium, get it by: apt-get install chromium"
export CHROMIUM
tools="$cache/browser-$(sha256sum "$here/package.json" | cut -c1-16)"
if [ ! -e "$tools/complete" ]; then
  rm -rf "$tools"
  mkdir -p "$tools"
  cp "$here/package.json" "$tools/"
  npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --loglevel=error >"$cache/browser-npm.log" 2>&1 ||
    skip "needs the packages in e2e/browser/package.json, get them by: npm install (see $cache/browser-npm.log)"
  touch "$tools/complete"
fi
counted node "$here/../served/serve-examples.mjs" node "$here/serve-with-key.mjs" node "$here/drive.mjs" "$tools"
counted node "$here/promotion-body.mjs" "$tools" "$here/../../docs/promotion-example.md"
report
