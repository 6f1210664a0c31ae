#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench_names_test.sh TLBSTORM_BENCH DOCUMENT
#
# The names of the microbenchmarks keep the rule that the document states, and the document has each of them.
set -euo pipefail

bench=$1 document=$2
failed=0
complain() {
  printf 'bench_names_test: %s\n' "$*" >&2
  failed=1
}

names=$("$bench" --benchmark_list_tests)
[[ $(wc -l <<<"$names") -gt 50 ]] || complain "it lists hardly any benchmark: $names"

rule='^[a-z_]+/[a-z_]+(/[a-z]+:[a-z0-9_-]+)*(/real_time)?(/threads:[0-9]+)?$'
while read -r name; do
  [[ $name =~ $rule ]] || complain "this name does not keep the rule of $document: $name"
done <<<"$names"

# What stands before the named arguments.
while read -r subject; do
  grep -qF "\`$subject\`" "$document" || complain "$document does not explain $subject"
done < <(sed -E 's,/[a-z]+:.*,,; s,/real_time$,,' <<<"$names" | sort -u)
exit "$failed"
