#!/usr/bin/env bash
# Clients that nobody here wrote ask the real server, with the four examples and a model of every datatype: tritonclient over HTTP
# and gRPC, kserve's over V1 and V2, and MLflow's own payloads, each answer beside that of `mlflow models serve` for the same ONNX
# file. What is expected was computed by scikit-learn or onnxruntime for Python. Arguments go to pytest. Ends in `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
source "$here/../lib.sh"

make_venv clients "$here/requirements.txt" || skip "$missing"
# mlflow starts uvicorn by name.
export PATH="$venv/bin:$PATH" PYTHONPATH="$here/../served" PYTHONDONTWRITEBYTECODE=1 MLFLOW_DISABLE_TELEMETRY=true
output=$(mktemp)
trap 'rm -f "$output"' EXIT
# Each client in a process of its own: two of them define the messages of one protocol, which Protocol Buffers refuses.
for client in triton kserve mlflow; do
  python -m pytest --quiet --no-header --tb=short -p no:cacheprovider "$here"/test_"$client"*.py "$@" >"$output" 2>&1 || true
  grep -E '^(ok|FAILED):' "$output" || true
  counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$output" | tail -1)
  read -r good bad <<<"${counts:-0 1}"
  # A line of Python that holds a whole protocol is no help.
  [ "$bad" = 0 ] || sed -nE '/^=+ (FAILURES|ERRORS)/,$p' "$output" | grep -v '^ok:' | cut -c1-200 | head -n 200
  passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
