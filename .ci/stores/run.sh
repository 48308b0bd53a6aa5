#!/usr/bin/env bash
# modelyard-serving against stores that are not ours: a real OCI registry with a login, a real MLflow server with a login, an S3
# emulator with its STS, and a disk that runs full. What this machine cannot have is named as skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=.ci/stores
cache=${MODELYARD_CI_CACHE:-"$HOME/.cache/modelyard-ci"}
mkdir -p "$cache"

if ! command -v docker-registry >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # The package's own service is not wanted, only its program.
  { apt-get update -q && apt-get install -y -q --no-install-recommends docker-registry; } >"$cache/apt-docker-registry.log" 2>&1
fi

python=
if command -v python3 >/dev/null; then
  venv="$cache/stores-$({ python3 --version && cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)"
  if [ ! -e "$venv/complete" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" &&
      touch "$venv/complete"
  fi >"$cache/pip-stores.log" 2>&1
  [ -e "$venv/complete" ] && python="$venv/bin/python"
fi

STORES_PYTHON=$python exec node "$here/stores.mjs"
