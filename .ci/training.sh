#!/usr/bin/env bash
# Trains every example again with the pinned Python packages and compares with what is registered.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v python3 >/dev/null || { echo "skipped: needs Python 3.11 or newer, get it by your system's package manager"; exit 0; }
cache="${MODELYARD_CI_CACHE:-$HOME/.cache/modelyard-ci}"
venv="$cache/training-$(sha256sum models/_training/requirements.txt | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement models/_training/requirements.txt
  touch "$venv/complete"
fi
"$venv/bin/python" models/_training/check_reproduction.py
