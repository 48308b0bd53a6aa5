#!/usr/bin/env bash
# modelyard-serving against stores that are not ours: a real OCI registry with a login, a real MLflow server with a login, an S3
# emulator with its STS, and a disk that runs full. What this machine cannot have is named as skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=.ci/stores
# shellcheck source=../counterparts.sh
source .ci/counterparts.sh

if ! command -v docker-registry >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # The package's own service is not wanted, only its program.
  { apt-get update -q && apt-get install -y -q --no-install-recommends docker-registry; } >"$cache/apt-docker-registry.log" 2>&1
fi

python=
make_venv stores "$here/requirements.txt" && python="$venv/bin/python"

STORES_PYTHON=$python exec node "$here/stores.mjs"
