# shellcheck shell=bash
# For the tiers that source this: the folder of what they get and build ($cache), skip, make_venv, counted, report.
cache=${MODELYARD_CI_CACHE:-"$HOME/.cache/modelyard-ci"}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# Ends a tier that this machine cannot run: skip "needs X, get it by Y"
skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed"
  exit 0
}

# install_debian PROGRAM PACKAGE: installs Debian's package where PROGRAM is missing and this machine allows it (apt-get, and root or
# sudo without a password); false where PROGRAM is missing afterwards. Services of the package do not start.
install_debian() {
  command -v "$1" >/dev/null && return 0
  local as_root=(env)
  [ "$(id -u)" = 0 ] || as_root=(sudo -n)
  command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null || return 1
  {
    "${as_root[@]}" apt-get update -q &&
      "${as_root[@]}" RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$2"
  } >"$cache/apt-$2.log" 2>&1
  command -v "$1" >/dev/null
}

# make_venv NAME REQUIREMENTS sets $venv to a virtual environment with these packages, kept by the version of Python and of each
# package; false, with $missing saying why, when it cannot be had.
make_venv() {
  local name=$1 requirements=$2
  if ! command -v python3 >/dev/null; then
    missing="needs python3, get it by: apt-get install python3 python3-venv"
    return 1
  fi
  venv="$cache/$name-$({ python3 --version && cat "$requirements"; } | sha256sum | cut -c1-16)"
  [ -e "$venv/complete" ] && return 0
  rm -rf "$venv"
  if ! python3 -m venv "$venv" >"$cache/$name-venv.log" 2>&1; then
    missing="needs Python's venv module, get it by: apt-get install python3-venv (see $cache/$name-venv.log)"
    return 1
  fi
  if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" 2>"$cache/$name-pip.log"; then
    # shellcheck disable=SC2034 # for whoever sources this
    missing="needs the packages in ${requirements#"$PWD/"}, get them by: pip install -r (see $cache/$name-pip.log)"
    return 1
  fi
  touch "$venv/complete"
}

passed=0 failed=0
# Runs a command that ends in `N passed, N failed`, shows what it says and adds to $passed and $failed; one without counts has failed.
counted() {
  local output counts good bad
  output=$(mktemp)
  "$@" 2>&1 | tee "$output"
  counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$output" | tail -1)
  rm -f "$output"
  read -r good bad <<<"${counts:-0 1}"
  passed=$((passed + good)) failed=$((failed + bad))
}

# The last lines of a tier that counts.
report() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
