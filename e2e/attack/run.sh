#!/usr/bin/env bash
# Attacks on a repository and on a server, by the built programs: a hostile definition, a foreign file in dist/, a swapped
# release, links, texts that a terminal or a log would obey; names, headers and bodies of callers. Each has to fail. Needs Node and Git alone. Ends in `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent build
node -C modelyard-source --import tsx e2e/attack/main.ts "$@"
