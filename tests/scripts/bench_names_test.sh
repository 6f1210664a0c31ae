#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench_names_test.sh TLBSTORM_BENCH DOCUMENT
#
# The names of the microbenchmarks are an interface: they keep the rule that the document states, the document has each
# of them, and none is gone.
set -euo pipefail

bench=$1 document=$2
failed=0
complain() {
  printf 'bench_names_test: %s\n' "$*" >&2
  failed=1
}

# What stands before the named arguments. One that is added here stays.
readonly interface='copy_on_write/anon
dontneed/anon
fault/anon
fault/file
fault/file_single
fault/swap
fork/anon
free/anon
harness/access
harness/ask_to_go_on
harness/count_operation
harness/parse_interrupts
harness/read_clock
harness/read_samples
harness/record_latency
harness/renew_page
harness/sample
harness/touch
harness/verify_page
harness/write_row
migrate/anon
mprotect/anon
mremap/anon
munmap/anon
pageout/clean_file
pageout/dirty_anon
scale/dontneed
scale/fault
scale/mprotect
scale/munmap'

listed=$("$bench" --benchmark_list_tests)
# What this machine can't run is named in the context of any output.
skipped=$("$bench" --benchmark_filter='harness/read_clock' --benchmark_min_time=0.001 --benchmark_format=json |
  sed -n 's,^ *"skipped \([a-z][^"]*\)".*,\1,p')

rule='^[a-z_]+/[a-z_]+(/[a-z]+:[a-z0-9_-]+)*(/real_time)?(/threads:[0-9]+)?$'
while read -r name; do
  [[ $name =~ $rule ]] || complain "this name does not keep the rule of $document: $name"
done <<<"$listed"

subjects=$(printf '%s\n' "$listed" "$skipped" | sed -E '/^$/d; s,/[a-z]+:.*,,; s,/real_time$,,' | LC_ALL=C sort -u)
[[ $subjects == "$interface" ]] || complain "the names have changed:
$(diff <(echo "$interface") <(echo "$subjects"))"
while read -r subject; do
  grep -qF "\`$subject\`" "$document" || complain "$document does not explain $subject"
done <<<"$interface"
exit "$failed"
