#!/usr/bin/env bash
# Attacks on a repository, by the built command on scratch copies of the example: a hostile definition, a foreign file in dist/, a swapped
# release, links, texts that a terminal or a log would obey. Each has to fail. Needs Node and Git alone. Ends in `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
npm run --silent build
node -C modelyard-source --import tsx e2e/attack/main.ts "$@"
