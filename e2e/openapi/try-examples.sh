#!/usr/bin/env bash
# Called by run.sh with the tools' folder as $1 and the servers' addresses in EXAMPLES.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check WHAT COMMAND...: counts it; shows its output only when it fails.
check() {
  local what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $what: $(grep -E '^ *[0-9]+ generated' "$work/log" | head -1 | sed 's/^ *//')"
  else
    failed=$((failed + 1))
    echo "FAILED: $what"
    tail -n 120 "$work/log"
  fi
}

while read -r model address; do
  curl --silent --fail "$address/openapi.json" >"$work/openapi.json"
  check "$model: valid OpenAPI 3.1" "$bin/openapi-spec-validator" --schema 3.1 "$work/openapi.json"
  # From its own folder: schemathesis leaves files where it runs.
  check "$model: schemathesis, all checks" env -C "$work" "$bin/st" --config-file "$here/schemathesis.toml" \
    run "$address/openapi.json" --checks all --max-examples "${MODELYARD_OPENAPI_EXAMPLES:-25}" --seed 1
done < <(node -e 'for (const pair of Object.entries(JSON.parse(process.env.EXAMPLES))) console.log(pair.join(" "))')

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
