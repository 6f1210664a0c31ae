# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154,SC2317  # variables of other parts; A && B || die
# One step of `git bisect run`: is the tree that is checked out good? Exit code 0 good, 1 bad, 125 can't be told; from 128
# on (a signal), git bisect stops. Sourced by scripts/lab/lab.

# cannot_tell TEXT: the commit is skipped.
cannot_tell() {
  complain "$commit skipped: $*"
  exit 125
}

bisect_options() {
  while [[ $# -gt 0 && $1 != -- ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --base) base=$2 ;;
      --rule) rules+=(--rule "$2") ;;
      --crash) crash=$2 ;;
      --output) output=$2 ;;
      *) guest_option "$1" "$2" && guest_words+=("$1" "$2") || misused "bisect: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ -f $base/run.json ]] || misused "bisect: --base must be a run folder, made with a good kernel: lab run --kernel GOOD --output ..."
  [[ $crash =~ ^(bad|skip)$ ]] || misused "--crash $crash: it can be bad or skip"
  [[ ${2-} == tlbstorm && ${3-} == run ]] || misused "bisect: give -- tlbstorm run WORKLOAD ..., as the base was made"
  command=("${@:2}" --output /mnt/results/run)
  check_guest_options
}

lab_bisect() {
  # To git bisect, 1 to 127 are verdicts on the commit: what is wrong with the command itself must be none of them.
  misused() { complain "$*; see scripts/$manual --help"; exit 255; }
  die() { complain "$@"; exit 255; }
  local base='' rules=() crash=skip guest_words=() command=() commit tool code=0
  guest_defaults
  bisect_options "$@"
  find_tool
  [[ -f Kbuild && -d mm ]] || misused "bisect: run it in a kernel tree, from git bisect run"
  [[ ! -e .config && ! -d include/config ]] || misused "bisect: this tree was configured in place: run make mrproper first"
  commit=$(git log -1 --format='%h %s' 2>/dev/null) || misused "bisect: this folder is no git tree"
  output=${output:-$(new_folder bisect)}-${commit%% *}
  "$here/lab" build --source . --name bisect || cannot_tell "it can't be built"
  "$here/lab" run --kernel bisect "${guest_words[@]}" --output "$output" -- "${command[@]}" || code=$?
  ((code < 128)) || exit "$code"
  if ((code == 124 || code == 125)); then
    [[ $crash == bad ]] || cannot_tell "its guest left no result (--crash bad would call it bad)"
    say "$commit: bad: its guest left no result"
    return 1
  fi
  [[ -d $output/run ]] || cannot_tell "the command left no run: exit code $code"
  code=0
  "$tool" gate "$base" "$output/run" "${rules[@]}" --unsure skip || code=$?
  case $code in
    0) say "$commit: good" ;;
    1) say "$commit: bad" ;;
    125) cannot_tell "not enough evidence: more --trials in the command and the base's, or a wider rule" ;;
    *) exit 255 ;; # a wrong rule is wrong for every commit: git bisect stops
  esac
  return "$code"
}
