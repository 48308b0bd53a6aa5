#!/usr/bin/env bash
# The OpenTelemetry layer of the image against an OTLP receiver that is not ours (rotel, a collector): spans of requests, queues and
# model runs, parents, the log, gRPC, shutdown. Exit 0: nothing failed, or it was skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=e2e/tracing layer=serving/opentelemetry
# shellcheck source=../lib.sh
source e2e/lib.sh

make_venv tracing "$here/requirements.txt" || skip "$missing"
collector=$(find "$venv" -name rotel-agent -type f 2>/dev/null | head -1)
[ -n "$collector" ] || skip "needs the collector in $here/requirements.txt, get it by pip install for this machine"

packages="$cache/opentelemetry-$(sha256sum "$layer/package-lock.json" | cut -c1-16)"
if [ ! -e "$packages/complete" ]; then
  rm -rf "$packages"
  mkdir -p "$packages"
  cp "$layer/package.json" "$layer/package-lock.json" "$packages/"
  npm ci --prefix "$packages" --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error && touch "$packages/complete"
fi >"$cache/npm-tracing.log" 2>&1
[ -e "$packages/complete" ] || skip "needs the packages in $layer/package-lock.json, get them by npm ci (see $cache/npm-tracing.log)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/layer"
cp "$layer"/*.mjs "$layer/package.json" "$work/layer/"
ln -s "$packages/node_modules" "$work/layer/node_modules"
node -C modelyard-source --import tsx e2e/image/pod.ts "$work/pod" >/dev/null || { echo 'FAILED: a pod configuration' && echo '0 passed, 1 failed' && exit 1; }
COLLECTOR=$collector node "$here/trace.mjs" "$work"
