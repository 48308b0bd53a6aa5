#!/usr/bin/env bash
# ONNX's own backend test cases, given to plain onnxruntime-node and, by Triton's clients, to the server as JSON, as binary tensors and
# over gRPC: what the first passes the server has to pass in each form; the rest is in not-passing.json with the reason, and the server has
# to refuse it. The cases are those in the wheel of the package onnx and, where there is one, in the archive
# MODELYARD_CORPUS (by default ../shared/corpora/onnx-backend-corpus.tar.gz beside the checkout). Ends in `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${MODELYARD_CI_CACHE:-"$HOME/.cache/modelyard-ci"}
mkdir -p "$cache"

skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed"
  exit 0
}

command -v python3 >/dev/null || skip "needs python3, get it by: apt-get install python3 python3-venv"
venv="$cache/corpus-$({ python3 --version && cat "$here/requirements.txt"; } | sha256sum | cut -c1-16)"
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >"$cache/corpus-venv.log" 2>&1 || skip "needs Python's venv module, get it by: apt-get install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" 2>"$cache/corpus-pip.log" ||
    skip "needs the packages in .ci/corpus/requirements.txt, get them by: pip install -r (see $cache/corpus-pip.log)"
  touch "$venv/complete"
fi
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
