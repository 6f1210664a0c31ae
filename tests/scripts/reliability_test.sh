#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: reliability_test.sh PAGE PROGRAM...
#
# Each row of docs/reliability.md names the test that holds it: is every test that PAGE names among those of the PROGRAMs?
set -euo pipefail

readonly page=$1
shift
known=0
# shellcheck disable=SC2016 # the backticks are Markdown's
while IFS= read -r name; do
  found=no
  for program in "$@"; do
    # Before a slash stands what parameters of a test belong to.
    [[ -z $("$program" --gtest_list_tests --gtest_filter="$name:*/$name:$name/*:*/$name/*" | sed 1d) ]] || found=yes
  done
  [[ $found == yes ]] || { printf 'FAILED: %s names %s, and there is no such test\n' "$page" "$name" >&2 && exit 1; }
  known=$((known + 1))
done < <(grep -oE '`[A-Z][A-Za-z0-9]*(\*|\.[A-Za-z0-9*]+)`' -- "$page" | tr -d '`' | sort -u)
[[ $known -gt 20 ]] || { printf 'FAILED: only %s tests are named in %s\n' "$known" "$page" >&2 && exit 1; }
printf '%s tests are named, and all are there\n' "$known"
