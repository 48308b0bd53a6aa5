#!/usr/bin/env bash
# modelyard-serving against stores that are not ours: a real OCI registry with a login, a real MLflow server with a login, an S3
# emulator with its STS, and a disk that runs full. What this machine cannot have is named as skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=e2e/stores
# shellcheck source=../lib.sh
source e2e/lib.sh

install_debian docker-registry docker-registry

python=
make_venv stores "$here/requirements.txt" && python="$venv/bin/python"

STORES_PYTHON=$python exec node "$here/stores.mjs"
