#!/usr/bin/env bash
# 100,000 generated requests over every route and gRPC call of a real server process (`npm test` sends 3,000), and 300,000 edits of
# manifests read by both readers of YAML (1,500). A case that fails prints its seed and number. MODELYARD_SEED: another seed of the
# requests (1). MODELYARD_GENERATED_REQUESTS, MODELYARD_EDITED_TEXTS: other numbers.
set -euo pipefail
cd "$(dirname "$0")/../.."
export MODELYARD_GENERATED_REQUESTS="${MODELYARD_GENERATED_REQUESTS:-100000}"
export MODELYARD_EDITED_TEXTS="${MODELYARD_EDITED_TEXTS:-300000}"
exec npm test --silent -- '^(serving/generated-requests|generators/yaml/plain-yaml)\.test\.ts$'
