#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: check_floors_test.sh CHECK_FLOORS
#
# Feeds scripts/check-floors a clean tree, which it must accept, and one with a violation of each kind, of which it
# must print exactly the lines below.
set -euo pipefail

readonly check=$1
tree=$(mktemp -d)
trap 'rm -rf -- "$tree"' EXIT
readonly spdx='// SPDX-License-Identifier: Apache-2.0'

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# put PATH LINE...: a file of the tree, with the SPDX line before the others.
put() {
  local path=$tree/$1
  shift
  mkdir -p -- "$(dirname -- "$path")"
  printf '%s\n' "$spdx" "$@" >"$path"
}

# put_filled PATH COUNT: a file of COUNT lines.
put_filled() {
  local lines
  mapfile -t lines < <(seq -f '// %g' 2 "$2")
  put "$1" "${lines[@]}"
}

# Everything that is allowed, and the nearest misses of what is not.
put_clean_tree() {
  put harness/os/fd.hpp '#include <unistd.h>' '// not an include: #include "harness/cli/run.hpp"'
  put harness/machine/facts.hpp '#include "harness/os/fd.hpp"'
  put harness/probe/psi.cpp '#include "harness/machine/facts.hpp"' '#include "harness/probe/probe.hpp"'
  put harness/probe/probe.hpp '#include "../os/fd.hpp"'
  put harness/trial/worker.hpp '#include <nlohmann/json.hpp>'
  put harness/cli/main.cpp '#include "harness/judge/report.hpp"' '#include "harness/os/fd.hpp"'
  put harness/judge/report.hpp '// not printf("")' 'std::snprintf(text, 1, "");' 'say("no std::cerr");'
  put benches/main.cpp 'std::cerr << 1;'
  put workloads/storm.cpp '#include "harness/trial/worker.hpp"' '#include "harness/os/fd.hpp"' \
    '#include "harness/machine/facts.hpp"' '#include "workloads/region.hpp"' '#include "region.hpp"'
  put workloads/region.hpp
  put benches/batch.cpp '#include "harness/cli/main.cpp"'
  put_filled harness/os/full.cpp 350
}

put_violations() {
  put harness/os/up.cpp '#include "harness/os/fd.hpp"' '#include "harness/machine/facts.hpp"'
  put harness/machine/up.hpp '#include "harness/probe/probe.hpp"'
  put harness/probe/up.hpp '  #  include <harness/trial/worker.hpp>'
  put harness/trial/up.hpp '' '#include "../record/run_folder.hpp"'
  put harness/record/up.hpp '#include "harness/judge/report.hpp"'
  put harness/judge/up.hpp '#include "harness/cli/run.hpp"'
  put harness/cli/workload.cpp '#include "workloads/region.hpp"' '#include "../../workloads/region.hpp"'
  put harness/cli/bench.cpp '#include "benches/batch.cpp"'
  put harness/cli/test.cpp '#include "tests/os/fake.hpp"'
  put harness/attic/lost.hpp
  put harness/cli/loud.cpp 'void f() { fmt::print(stderr, "x"); }' '  std::cerr << 1;' 'printf("x");'
  put workloads/curious.cpp '#include "harness/trial/worker.hpp"' '#include "harness/trial/runner.hpp"' \
    '#include "harness/probe/probe.hpp"' '#include "benches/batch.cpp"'
  put_filled workloads/long.cpp 351
  put_filled tests/os/long.cpp 351
  put_filled benches/long.cpp 400
  printf '#pragma once\n' >"$tree/tests/os/bare.hpp"
  : >"$tree/harness/os/empty.cpp"
}

expected() {
  local world='(of the harness, trial/worker.hpp, access_timer.hpp, swap_request.hpp, os/ and machine/ are its world)'
  cat <<END
benches/long.cpp:351: 400 lines, the limit is 350: split it
harness/attic/lost.hpp:1: on no floor of harness/ (os stats machine probe trial record judge compare report campaign cli)
harness/cli/bench.cpp:2: harness/ must not include from benches/ (benches/batch.cpp)
harness/cli/loud.cpp:2: prints past the console (cli/console.hpp)
harness/cli/loud.cpp:3: prints past the console (cli/console.hpp)
harness/cli/loud.cpp:4: prints past the console (cli/console.hpp)
harness/cli/test.cpp:2: harness/ must not include from tests/ (tests/os/fake.hpp)
harness/cli/workload.cpp:2: harness/ must not include from workloads/ (workloads/region.hpp)
harness/cli/workload.cpp:3: harness/ must not include from workloads/ (workloads/region.hpp)
harness/machine/up.hpp:2: floor machine must not include from probe above it (harness/probe/probe.hpp)
harness/os/empty.cpp:1: the first line is not '$spdx'
harness/os/up.cpp:3: floor os must not include from machine above it (harness/machine/facts.hpp)
harness/probe/up.hpp:2: floor probe must not include from trial above it (harness/trial/worker.hpp)
harness/record/up.hpp:2: floor record must not include from judge above it (harness/judge/report.hpp)
harness/trial/up.hpp:3: floor trial must not include from record above it (harness/record/run_folder.hpp)
harness/judge/up.hpp:2: floor judge must not include from cli above it (harness/cli/run.hpp)
tests/os/bare.hpp:1: the first line is not '$spdx'
workloads/curious.cpp:3: a workload must not include harness/trial/runner.hpp $world
workloads/curious.cpp:4: a workload must not include harness/probe/probe.hpp $world
workloads/curious.cpp:5: a workload must not include benches/batch.cpp $world
workloads/long.cpp:351: 351 lines, the limit is 350: split it
tests/os/long.cpp:351: 351 lines, the limit is 350: split it
END
}

status_of() {
  local status=0
  "$@" >"$tree/printed" 2>"$tree/said" || status=$?
  printf '%s' "$status"
}

[[ $(status_of "$check" "$tree") -eq 2 ]] || fail "a tree without C++ files must be an error, not a success"

put_clean_tree
[[ $(status_of "$check" "$tree") -eq 0 ]] || fail "refused a clean tree: $(cat "$tree/printed" "$tree/said")"

put_violations
[[ $(status_of "$check" "$tree") -eq 1 ]] || fail "did not exit with 1 for a tree full of violations"
diff -u <(expected | LC_ALL=C sort) <(LC_ALL=C sort "$tree/printed") || fail "printed other violations than expected"
printf 'check-floors tells a clean tree from %s violations\n' "$(expected | wc -l)"
