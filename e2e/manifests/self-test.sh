#!/usr/bin/env bash
# Shows that run.sh can fail: one valid object of every kind passes, and each single fault in it makes run.sh exit with 1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
good="$here/../../generators/validation/schema/testing/known-good.yaml"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Text in the valid file, what stands there instead, and the validators that must say so.
faults=(
  'minReadySeconds: 5|minReadySecnds: 5|kubernetes-validate kubeconform'
  'maxReplicas: 10|maxReplicas: ten|kubernetes-validate kubeconform'
  'mountPath: /etc/modelyard/boot|subPath: boot|kubernetes-validate kubeconform'
  'port: 80$|port: eighty|kubernetes-validate kubeconform'
  'immutable: true|immutable: "yes"|kubernetes-validate kubeconform'
  'whenUnsatisfiable: ScheduleAnyway|whenSatisfiable: ScheduleAnyway|kubernetes-validate kubeconform'
  'unhealthyPodEvictionPolicy: AlwaysAllow|unhealthyPodEviction: AlwaysAllow|kubernetes-validate kubeconform'
  'kind: NetworkPolicy|kind: NetworkPolcy|kubeconform'
  'selfHeal: true|selfHael: true|kubeconform'
  'limit: 5|limit: five|kubeconform'
  'sourceRepos:|sourceRepo:|kubeconform'
  'minReadySeconds: 5|minReadySeconds: 5\n  minReadySeconds: 5|kubeconform'
)

passed=0
failed=0
report() {
  if [ "$1" = yes ]; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED: $2"; fi
}

cp "$good" "$folder/objects.yaml"
if output=$("$here/run.sh" "$folder"); then valid=yes; else valid=no; fi
# A validator that could not run shows nothing: it is named, and asked for nothing.
grep '^skipped:' <<<"$output" || true
ran=$(sed -nE 's/^(kubernetes-validate|kubeconform)[ ,].*strict: .*/\1/p' <<<"$output")
[ -z "$ran" ] || report "$valid" "the valid objects: $output"

for fault in "${faults[@]}"; do
  IFS='|' read -r from to wanted <<<"$fault"
  validators=$(for validator in $wanted; do grep -x "$validator" <<<"$ran" || true; done)
  [ -n "$validators" ] || continue
  sed "s|$from|$to|" "$good" >"$folder/objects.yaml"
  if cmp -s "$good" "$folder/objects.yaml"; then
    report no "the valid file has no $from"
    continue
  fi
  code=0
  output=$("$here/run.sh" "$folder") || code=$?
  ok=yes
  [ "$code" -eq 1 ] || ok=no
  for validator in $validators; do
    grep -q "^$validator: objects.yaml: " <<<"$output" || ok=no
  done
  report "$ok" "'$to' (exit $code): $output"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
