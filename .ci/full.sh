#!/usr/bin/env bash
# 100,000 generated requests over every route and gRPC call of a real server process; `npm test` sends 3,000. A case that fails
# prints its seed and number. MODELYARD_SEED: another seed (1). MODELYARD_GENERATED_REQUESTS: another number of requests.
set -euo pipefail
cd "$(dirname "$0")/.."
export MODELYARD_GENERATED_REQUESTS="${MODELYARD_GENERATED_REQUESTS:-100000}"
exec npm test --silent -- '^serving/generated-requests\.test\.ts$'
