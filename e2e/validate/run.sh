#!/usr/bin/env bash
# `modelyard validate` beside validators that are not ours: kubeconform on its own fixtures and on 10,000 objects, half of them with
# one fault each, and kubernetes-validate on the first 2,000; libyaml on every YAML file of Kubernetes and of the projects whose custom
# resources are known. Every difference is explained or failed; corpus.ts writes the objects from seeds. Ends with
# `N passed, N failed`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root="$here/../.."
# shellcheck source=../manifests/tools.sh
source "$here/../manifests/tools.sh"
if ! make_python || ! make_kubeconform; then
  echo "0 passed, 0 failed"
  exit 0
fi
fixtures="$(module_folder "${KUBECONFORM%/cmd/*}@$KUBECONFORM_VERSION")/fixtures"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ours OUTPUT INPUT...: exit 1 and 2 are verdicts.
ours() {
  local status=0
  node -C modelyard-source --import tsx generators/cli/main.ts validate --json "${@:2}" >"$1" || status=$?
  [ "$status" -le 2 ]
}
# kubeconform with the schemas that e2e/manifests makes of the same Kubernetes; exit 1 is a verdict.
theirs() {
  "$kubeconform" -n 4 -strict -output json -verbose \
    -schema-location "$schemas/core/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$1" >"$2" || [ $? -eq 1 ]
}
passed=0 failed=0
# Adds the counts of a comparison, and prints the rest of what it says.
count() {
  local report
  report=$("$@") || true
  sed '$d' <<<"$report"
  if [[ ! $(tail -n 1 <<<"$report") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    echo "FAILED: the comparison did not finish"
    failed=$((failed + 1))
    return
  fi
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
}

cd "$root"
# Two fixtures are for other things than verdicts: 100,000 objects, and a cache.
cp -r "$fixtures" "$work/fixtures"
chmod -R u+w "$work/fixtures"
rm -rf "$work/fixtures/valid_large.yaml" "$work/fixtures/cache"
ours "$work/fixtures.ours.json" "$work/fixtures"
theirs "$work/fixtures" "$work/fixtures.theirs.json"
count node --import tsx "$here/compare.ts" fixtures "$work/fixtures" "$work/fixtures.ours.json" "$work/fixtures.theirs.json"

node --import tsx "$here/corpus.ts" "$work/corpus" "${MODELYARD_VALIDATE_OBJECTS:-10000}"
ours "$work/corpus.ours.json" "$work/corpus"
theirs "$work/corpus" "$work/corpus.theirs.json"
"$python" "$here/verdicts.py" "$work/corpus" 2000 >"$work/corpus.others.json"
count node --import tsx "$here/compare.ts" corpus "$work/corpus" "$work/corpus.ours.json" "$work/corpus.theirs.json" "$work/corpus.others.json"

# Of Kubernetes the newest, which the schemas for kubeconform are made from too.
mapfile -t modules < <(node -p 'require("./generators/validation/schema/bundle/provenance.json").filter(({ module }, at) =>
  at === 0 || module !== "k8s.io/kubernetes").map(({ module, version }) => `${module}@${version}`).join("\n")')
folders=()
for module in "${modules[@]}"; do
  if folder=$(module_folder "$module"); then folders+=("$folder"); fi
done
ours "$work/real.ours.json" --only schema --ignore-missing-schemas "${folders[@]}"
count "$python" "$here/syntax.py" "$work/real.ours.json" "${folders[@]}"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
