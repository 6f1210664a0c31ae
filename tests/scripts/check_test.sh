#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: check_test.sh TREE
#
# Whatever is red makes scripts/check and .ci/run fail: a small tree, whose clang, CMake and CTest are pretended.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
mkdir -p "$place"/{bin,tree/.ci,tree/harness,tree/workloads,tree/benches,tree/tests/fuzz}
cp -R -- "$1/scripts" "$place/tree/scripts"
cp -- "$1/.ci/run" "$place/tree/.ci/run"
touch "$place/tree/harness/one.cpp" "$place/tree/tests/two_test.cpp" "$place/tree/tests/fuzz/csv_fuzz.cpp"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat -- "$place/said" >&2
  exit 1
}

# Programs that do nothing, and fail if a file of their name says so.
for program in apt-get dpkg-query clang-format clang-tidy shellcheck cmake ctest csv_fuzz; do
  printf '#!/usr/bin/env bash\n[[ ! -e %q ]] || { echo "%s fails" && exit 1; }\n' "$place/$program.fails" "$program" >"$place/bin/$program"
done
echo 'echo installed' >>"$place/bin/dpkg-query"
echo 'echo "100% tests passed, 0 tests failed out of 7"' >>"$place/bin/ctest"
# It reports what it would change, and is content.
printf '#!/usr/bin/env bash\n[[ ! -e %q ]] || echo "harness/one.cpp:3:4: warning: code should be clang-formatted"\n' \
  "$place/clang-format.fails" >"$place/bin/clang-format"
cp -- "$place/bin/clang-tidy" "$place/bin/clang-tidy-22" # whichever is taken
chmod +x "$place"/bin/*
mkdir -p "$place/tree/build/asan/tests/fuzz"
cp "$place/bin/csv_fuzz" "$place/tree/build/asan/tests/fuzz/csv_fuzz"
export PATH=$place/bin:$PATH

# expect STATUS LINE SCRIPT [ARGUMENT...]: the exit code, and what is said.
expect() {
  local status=0
  "$place/tree/$3" "${@:4}" >"$place/said" 2>&1 </dev/null || status=$?
  [[ $status -eq $1 ]] || fail "$3 ${*:4}: exit code $status, not $1"
  grep -qxE -- "$2" "$place/said" || fail "$3 ${*:4}: does not say: $2"
}

red() { touch "$place/$1.fails"; }
green() { rm -- "$place/$1.fails"; }

expect 0 'check: 6 passed, 0 failed' scripts/check
expect 2 "check: there is no check 'tidi'; .*" scripts/check tidi
expect 0 'check: 2 passed, 0 failed' scripts/check shell format
for pair in clang-format:format shellcheck:shell clang-tidy:tidy csv_fuzz:fuzz; do
  red "${pair%:*}"
  expect 1 "check: 5 passed, 1 failed: ${pair#*:}" scripts/check
  green "${pair%:*}"
done
red ctest
expect 1 'check: 4 passed, 2 failed: asan tsan' scripts/check
green ctest
red cmake
expect 1 'check: 2 passed, 4 failed: tidy asan tsan fuzz' scripts/check
green cmake

# What CI is told: the sum of both, on a line of its own, and red if one of them is.
for part in test check; do
  printf '#!/usr/bin/env bash\necho "%s: 3 passed, 0 failed, 1 skipped: all"\n[[ ! -e %q ]]\n' "$part" "$place/$part.fails" \
    >"$place/tree/scripts/$part"
done
expect 0 '6 passed, 0 failed, 2 skipped' .ci/run
for part in test check; do
  red "$part"
  expect 1 '6 passed, 1 failed, 2 skipped' .ci/run
  green "$part"
done
printf 'a red check makes everything red\n'
