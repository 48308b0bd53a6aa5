#!/usr/bin/env bash
# Promotion against forges: a repository over smart HTTP and an API of which GitHub's own OpenAPI description judges every request
# and response; runs that are killed at each step; and a Gitea built from its Go module. `run.sh [pattern]` runs some of it.
# What this machine cannot have is named as skipped. Ends in `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/../.."
here=e2e/forge
# shellcheck source=../lib.sh
source e2e/lib.sh

# GitHub's description: 400 MB unpacked, of which 75 kB are used.
description_version=23.0.2
description="$cache/github-$description_version-$(sha256sum "$here/extract.mjs" | cut -c1-16).json"
if [ ! -s "$description" ]; then
  scratch=$(mktemp -d)
  if (cd "$scratch" && npm pack --silent "@octokit/openapi@$description_version") >"$cache/github-description.log" 2>&1 &&
    tar -xzf "$scratch"/octokit-openapi-*.tgz -C "$scratch" package/generated/api.github.com.json; then
    node "$here/extract.mjs" "$scratch/package/generated/api.github.com.json" "$scratch/cut.json" && mv "$scratch/cut.json" "$description"
  fi
  rm -rf "$scratch"
fi
if [ ! -s "$description" ]; then
  echo "skipped: needs GitHub's OpenAPI description, get it by: npm pack @octokit/openapi@$description_version (see $cache/github-description.log)"
  echo "0 passed, 0 failed"
  exit 0
fi

# Gitea's own module holds replacements, which `go install` refuses; a module around it repeats them.
gitea_version=v1.26.0
gitea="$cache/gitea-$gitea_version"
if [ ! -x "$gitea/gitea" ] && command -v go >/dev/null; then
  mkdir -p "$gitea"
  (
    cd "$gitea" || exit 1
    module=$(go mod download -json "code.gitea.io/gitea@$gitea_version" | sed -nE 's/^\t"Dir": "(.*)",$/\1/p') && [ -n "$module" ] || exit 1
    {
      printf 'module modelyard.invalid/gitea\n\n%s\n\nrequire code.gitea.io/gitea %s\n\n' "$(grep '^go ' "$module/go.mod")" "$gitea_version"
      grep '^replace ' "$module/go.mod" | sed 's, //.*,,'
    } >go.mod
    printf '%s' "$module" >static-root
    go build -mod=mod -trimpath -tags 'sqlite sqlite_unlock_notify' -ldflags='-s -w' -o gitea code.gitea.io/gitea
  ) >"$cache/gitea.log" 2>&1
fi
if [ -x "$gitea/gitea" ] && [ -d "$(cat "$gitea/static-root")" ]; then
  export MODELYARD_GITEA="$gitea/gitea" MODELYARD_GITEA_STATIC
  MODELYARD_GITEA_STATIC=$(cat "$gitea/static-root")
else
  echo "skipped: needs Go 1.26 and a C compiler for Gitea, get them by: apt-get install gcc, and Go from go.dev (see $cache/gitea.log)"
fi

npm run --silent build || exit 1
MODELYARD_GITHUB_DESCRIPTION=$description exec node -C modelyard-source --import tsx "$here/main.ts" "$@"
