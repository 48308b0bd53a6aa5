#!/usr/bin/env bash
# The workflows: actionlint (with shellcheck where it is installed), and what it does not look at: actions named by commit with the
# release beside it, no rights but those a job asks for, nothing that a stranger writes inside a shell script. Then the
# scripts of the promotion workflows, run as a runner would. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=../lib.sh
source e2e/lib.sh
version=v1.7.12
actionlint="$cache/actionlint-$version/actionlint"
if [ ! -x "$actionlint" ] && command -v go >/dev/null; then
  GOBIN="$(dirname "$actionlint")" go install "github.com/rhysd/actionlint/cmd/actionlint@$version" >"$cache/actionlint.log" 2>&1
fi
install_debian shellcheck shellcheck
passed=0 failed=0
check() {
  if [ -z "$2" ]; then
    passed=$((passed + 1)) && echo "ok    $1"
  else
    failed=$((failed + 1)) && printf 'FAIL  %s\n%s\n' "$1" "$2"
  fi
}

if [ -x "$actionlint" ]; then
  said=$("$actionlint" -no-color .github/workflows/*.yml 2>&1) && said=
  check "actionlint $version finds nothing" "$said"
  # It would find something.
  planted=$(mktemp -d)
  printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.event.head_commit.message }}\n' >"$planted/a.yml"
  said=$("$actionlint" -no-color "$planted/a.yml" 2>&1)
  check "actionlint finds a planted injection" "$(grep -q 'potentially untrusted' <<<"$said" || echo "said: $said")"
  rm -rf "$planted"
else
  echo "skipped: needs Go for actionlint, get it by: go install github.com/rhysd/actionlint/cmd/actionlint@$version"
fi
check "every action is named by its commit, with the release beside it" \
  "$(grep -nE '^\s*(- )?uses:' .github/workflows/*.yml | grep -vE 'uses: [A-Za-z0-9_./-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$')"
check "one release of an action is one commit everywhere" \
  "$(grep -hoE 'uses: \S+@[0-9a-f]{40} # \S+' .github/workflows/*.yml | sort -u | awk '{ split($2, a, "@"); print a[1] }' | uniq -d)"
check "every workflow begins with no more than reading" \
  "$(for file in .github/workflows/*.yml; do grep -qE '^permissions: \{\}$' "$file" || grep -A1 '^permissions:$' "$file" | grep -q '^  contents: read$' || echo "$file"; done)"
check "no workflow runs a stranger's code with rights (pull_request_target)" "$(grep -nE '^\s*pull_request_target' .github/workflows/*.yml)"
check "checks of pull requests are given no secret" "$(grep -n 'secrets\.' .github/workflows/checks.yml)"
check "checks read the whole history and run in the merge queue" \
  "$(grep -q 'merge_group:' .github/workflows/checks.yml || echo 'no merge_group'; [ "$(grep -c 'actions/checkout@' .github/workflows/checks.yml)" = "$(grep -c 'fetch-depth: 0' .github/workflows/checks.yml)" ] || echo 'a checkout without fetch-depth: 0')"
counted node -C modelyard-source --import tsx e2e/workflows/promotion.ts
report
