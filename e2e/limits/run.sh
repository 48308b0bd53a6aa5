#!/usr/bin/env bash
# The built server in a memory cgroup of 256 MiB under legal and hostile requests: it is not killed, and small requests beside are
# answered. Prints figures and ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
[ -e serving/lib/main.js ] || npm run --silent build || exit 1
exec node -C modelyard-source --import tsx e2e/limits/limits.ts "$@"
