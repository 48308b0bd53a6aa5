#!/usr/bin/env bash
# The OpenAPI document of every example model: a validator that is not ours, then schemathesis against the running server.
# MODELYARD_OPENAPI_EXAMPLES: generated requests for each operation and phase (25). Exit 0: nothing failed, or it was skipped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"

command -v curl >/dev/null || skip "needs curl, get it by: apt-get install curl"
make_venv openapi "$here/requirements.txt" || skip "$missing"
node "$here/../served/serve-examples.mjs" bash "$here/try-examples.sh" "$venv/bin"
