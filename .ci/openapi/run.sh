#!/usr/bin/env bash
# The OpenAPI document of every example model: a validator that is not ours, then schemathesis against the running server.
# MODELYARD_OPENAPI_EXAMPLES: generated requests for each operation and phase (25). Exit 0: nothing failed, or it was skipped.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${MODELYARD_CI_CACHE:-"$HOME/.cache/modelyard-ci"}
mkdir -p "$cache"

skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed"
  exit 0
}

command -v curl >/dev/null || skip "needs curl, get it by: apt-get install curl"
command -v python3 >/dev/null || skip "needs python3, get it by: apt-get install python3 python3-venv"
venv="$cache/openapi-$({ python3 --version && cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >"$cache/openapi-venv.log" 2>&1 || skip "needs Python's venv module, get it by: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" 2>"$cache/openapi-pip.log" ||
    skip "needs the packages in .ci/openapi/requirements.txt, get them by: pip install -r (see $cache/openapi-pip.log)"
  touch "$venv/complete"
fi
node "$here/../serve-examples.mjs" bash "$here/try-examples.sh" "$venv/bin"
