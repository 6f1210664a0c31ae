# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it: where the tree is, how a script speaks, and how a build is made quietly.

root=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
script=$(basename -- "$0")
readonly root script

say() { printf '%s: %s\n' "$script" "$*"; }

complain() { printf '%s: %s\n' "$script" "$*" >&2; }

die() {
  complain "$@"
  exit 1
}

# A command line that can't be obeyed: exit code 2, as in the tool itself.
misused() {
  complain "$*; see scripts/${manual:-$script} --help"
  exit 2
}

# Prints the comment at the head of the running script, which is its manual.
print_manual() { sed -n '/^# SPDX/d; 2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

is_root() { [[ $(id -u) -eq 0 ]]; }

# quietly LOG COMMAND...: keeps the output in LOG and shows its end only if the command fails.
quietly() {
  local log=$1 status=0
  shift
  mkdir -p -- "$(dirname -- "$log")" || die "can't write to $(dirname -- "$log"): use a checkout of your own"
  { : >"$log"; } 2>/dev/null || die "can't write $log: use a checkout of your own, or remove that file as its owner"
  "$@" >"$log" 2>&1 || status=$?
  if [[ $status -ne 0 ]]; then
    tail -n 40 -- "$log" >&2
    complain "'$1' failed with exit code $status; its whole output is in $log"
  fi
  return "$status"
}

# The build folder of a preset, and the two steps that fill it.
build_folder() { printf '%s/build/%s' "$root" "$1"; }

configure() (
  cd -- "$root" || exit
  quietly "$(build_folder "$1")-configure.log" cmake --preset "$1"
)

# build PRESET [OPTION...]: options go to `cmake --build`.
build() {
  local preset=$1 began=$SECONDS
  shift
  quietly "$(build_folder "$preset")-build.log" cmake --build "$(build_folder "$preset")" "$@" || return
  say "built $(build_folder "$preset") in $((SECONDS - began)) s"
}

# counts LOG: what CTest's output says, in a line. A test that says it can't run here has not passed.
counts() {
  local skipped failed tests
  read -r failed tests < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$1") || return 0
  skipped=$(grep -cE '\*\*\*Skipped' "$1" || true)
  printf '%d passed, %d failed, %d skipped' $((tests - failed - skipped)) "$failed" "$skipped"
}
