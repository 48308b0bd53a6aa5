#!/usr/bin/env bash
# A real Prometheus scrapes the real server under load, and every query of every rule, alert, autoscaler, analysis and dashboard is
# asked; promtool checks the rules and runs a test of each alert, firing and not; dashboards are held against the types that Grafana
# publishes; gates, status, verify and retire read it. With an argument, that part alone: rules, dashboards, live or gates.
# Exit 0: nothing failed, or it was skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=e2e/prometheus
# shellcheck source=../lib.sh
source e2e/lib.sh

for program in prometheus promtool; do
  install_debian "$program" prometheus ||
    skip "needs $program, get it by: apt-get install --no-install-recommends prometheus"
done
packages="$cache/prometheus-$(sha256sum "$here/package.json" | cut -c1-16)"
if [ ! -e "$packages/complete" ]; then
  rm -rf "$packages"
  mkdir -p "$packages"
  cp "$here/package.json" "$packages/"
  npm install --prefix "$packages" --ignore-scripts --no-audit --no-fund --loglevel=error && touch "$packages/complete"
fi >"$cache/npm-prometheus.log" 2>&1
[ -e "$packages/complete" ] || skip "needs the packages in $here/package.json, get them by npm install (see $cache/npm-prometheus.log)"
export PROMETHEUS_PACKAGES="$packages"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for part in rules dashboards live gates; do
  [ -z "${1:-}" ] || [ "$1" = "$part" ] || continue
  counted node -C modelyard-source --import tsx "$here/$part.ts" "$work/$part"
done
report
