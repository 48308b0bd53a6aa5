#!/usr/bin/env bash
# ONNX's own backend test cases, given to plain onnxruntime-node and, by Triton's clients, to the server as JSON, as binary tensors and
# over gRPC: what the first passes the server has to pass in each form; the rest is in not-passing.json with the reason, and the server has
# to refuse it. The cases are those in the wheel of the package onnx and, where there is one, in the archive
# MODELYARD_CORPUS (by default ../shared/corpora/onnx-backend-corpus.tar.gz beside the checkout). Ends in `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"

make_venv corpus "$here/requirements.txt" || skip "$missing"
folders=("$("$venv/bin/python" -c 'import onnx.backend.test as cases; print(cases.__path__[0] + "/data")')")

# Beside the clone that this may be a worktree of.
clone=$(cd "$root" && cd "$(git rev-parse --git-common-dir 2>/dev/null || echo .git)/.." && pwd)
archive=${MODELYARD_CORPUS:-"$clone/../shared/corpora/onnx-backend-corpus.tar.gz"}
if [ -e "$archive" ]; then
  unpacked="$cache/corpus-cases-$(sha256sum "$archive" | cut -c1-16)"
  if [ ! -e "$unpacked/complete" ]; then
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    tar -xzf "$archive" -C "$unpacked" --strip-components=1
    touch "$unpacked/complete"
  fi
  folders+=("$unpacked")
else
  echo "only the cases of the wheel: there is no archive of more in MODELYARD_CORPUS"
fi
PYTHONPATH="$here/../served" "$venv/bin/python" "$here/corpus.py" "$@" "${folders[@]}"
