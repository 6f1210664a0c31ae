#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: setup_test.sh SCRIPTS_FOLDER
#
# Runs scripts/setup against a pretended machine: a PATH that holds a few real tools and stand-ins for dpkg-query,
# apt-get, id and cmake. Nothing is installed.
set -euo pipefail

machine=$(mktemp -d)
trap 'rm -rf -- "$machine"' EXIT
readonly bash=${BASH}
mkdir "$machine/bin" "$machine/installed"
cp -R -- "$1" "$machine/scripts"
for tool in basename cat dirname env grep mkdir mktemp rm sed tail touch; do
  ln -s -- "$(command -v "$tool")" "$machine/bin/$tool"
done

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat -- "$machine/said" >&2
  exit 1
}

# stand_in NAME: a command of the pretended machine, from standard input.
stand_in() {
  { printf '#!%s\nset -eu\nmachine=%q\n' "$bash" "$machine" && cat; } >"$machine/bin/$1"
  chmod +x "$machine/bin/$1"
}

be_user() { stand_in id <<<"echo $1"; }

be_debian() {
  stand_in dpkg-query <<'END'
name=${*: -1}
if [[ -e $machine/installed/$name ]]; then echo installed; else echo not-installed; fi
END
  stand_in apt-get <<'END'
printf '%s\n' "$*" >>"$machine/apt-calls"
[[ " $* " == *" install "* ]] || exit 0
[[ ! -e $machine/broken-archive ]] || exit 100
for word; do case $word in *[!-]-dev | g++ | cmake | ninja-build | pkg-config | clang* | shellcheck | git) touch "$machine/installed/$word" ;; esac; done
END
}

be_without_apt() { rm -f -- "$machine/bin/apt-get" "$machine/bin/dpkg-query"; }

# expect STATUS [OPTION...]: runs setup, from another folder.
expect() {
  local wanted=$1 status=0
  shift
  rm -f -- "$machine/apt-calls"
  (cd / && PATH=$machine/bin "$bash" "$machine/scripts/setup" "$@") >"$machine/said" 2>&1 || status=$?
  [[ $status -eq $wanted ]] || fail "setup $* exited with $status, not with $wanted"
}

expect_said() { grep -qF -- "$1" "$machine/said" || fail "setup did not say: $1"; }

expect_no_apt() { [[ ! -e $machine/apt-calls ]] || fail "setup called apt-get: $(cat -- "$machine/apt-calls")"; }

be_debian
be_user 1000
expect 1
expect_said 'missing: g++ cmake'
expect_no_apt

be_user 0
expect 0 --no-install
expect_said 'missing: g++ cmake'
expect_no_apt

expect 0
expect_said 'installed 18 packages'

expect 0
expect_said 'nothing to install'
expect_no_apt

rm "$machine/installed/libcli11-dev"
be_user 1000
expect 1
expect_said 'apt-get update && apt-get install --yes --no-install-recommends libcli11-dev'
expect_no_apt

be_user 0
touch "$machine/broken-archive"
expect 1
expect_said 'could not be installed: libcli11-dev'
rm "$machine/broken-archive"
expect 0
grep -q -- 'install --no-install-recommends libcli11-dev$' "$machine/apt-calls" || fail "installed more than was missing"

be_user 1000
expect 0
expect_said 'nothing to install'

# What only those need who change the code.
expect 1 --dev
expect_said 'missing: clang '
be_user 0
expect 0 --dev
grep -q -- 'install --no-install-recommends clang ' "$machine/apt-calls" || fail "installed more than was missing"
expect 0 --dev
expect_said 'nothing to install'
be_user 1000

be_without_apt
expect 0 --no-install
expect_said 'libpfm4'
expect 1
expect_said 'there is no cmake'
stand_in cmake <<<'echo "Could NOT find Pfm"; exit 1'
expect 1
expect_said 'Could NOT find Pfm'
stand_in cmake <<<'exit 0'
expect 0
expect_said 'CMake finds everything'

expect 2 --instal
expect_said "unknown argument '--instal'"
printf 'setup does as it says\n'
