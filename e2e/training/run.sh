#!/usr/bin/env bash
# Trains every example again with the pinned Python packages and compares with what is registered.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=../lib.sh
source e2e/lib.sh
make_venv training models/_training/requirements.txt || skip "$missing"
"$venv/bin/python" models/_training/check_reproduction.py
