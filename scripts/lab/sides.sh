# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# Two kernels in turn: a guest of each, then the next two. Sourced by scripts/lab/lab.

# one_boot KERNEL FOLDER: a guest of its own process, so that nothing is shared by two; what it says goes to FOLDER.log.
# Run in the background: it becomes that process, so that a signal reaches it.
one_boot() {
  exec "$here/lab" run --kernel "$1" "${guest_words[@]}" --output "$2" -- "${command[@]}" >"$2.log" 2>&1
}

# How a guest ended, by what it left: "finished", or what happened to it: panic, hang, out-of-memory, no-result ...
end_of_boot() {
  local outcome
  outcome=$(sed -n 's/^  "outcome": "\([a-z-]*\)".*/\1/p' "$1/guest.json" 2>/dev/null) || true
  case $outcome in
    ended) printf finished ;;
    limit) printf hang ;;
    *) printf '%s' "${outcome:-no-result}" ;;
  esac
}

# How a boot went, in a line.
tell_boot() {
  local how end
  end=$(end_of_boot "$2")
  if [[ $end != finished ]]; then
    how="$(tr '[:lower:]' '[:upper:]' <<<"$end"): $(tail -n 1 -- "$2.log")"
  elif [[ ! -d $2/run ]]; then
    how="no run: $(tail -n 1 -- "$2.log")"
  else
    how=ok
    [[ $1 -eq 0 ]] || how="exit code $1; $2.log"
  fi
  say "$(basename -- "$2"): $how"
}

# entry NAME POINT SIDE STATE
entry() { printf '    {"name": "%s", "point": "%s", "value": "%s", "command": [], "state": "%s", "reason": ""}' "$@"; }

# batch_json FOLDER: all of its runs, by side, and boots that left none, so that it can be compared and judged as one.
batch_json() {
  local boot side end run before='' entries=0
  printf '{\n  "schema": 3,\n  "kind": "sides",\n  "name": "lab ab",\n  "about": %s,\n  "entries": [\n' "$(json_text "${command[*]}")"
  for boot in "$1"/{base,new}-???; do
    [[ -d $boot ]] || continue
    side=$(basename -- "$boot") end=$(end_of_boot "$boot") entries=0
    for run in "$boot"/run/run.json "$boot"/run/*/run.json; do
      [[ -f $run ]] || continue
      run=${run#"$boot"/run} run=${run%/run.json}
      printf '%s' "$before"
      entry "$side/run$run" "${run#/}" "${side%-*}" "$end"
      before=$',\n' entries=1
    done
    ((entries)) || { printf '%s' "$before"; entry "$side/run" '' "${side%-*}" "$end"; before=$',\n'; }
  done
  printf '\n  ]\n}\n'
}

# boot_sides BASE NEW BOOTS FOLDER: FOLDER/base-001/run, FOLDER/new-001/run and so on. The two of a pair run side by side
# where two CPUs are free, else one waits for the other: then the side that begins takes turns.
boot_sides() {
  local boots=$3 folder=$4 number pair order side kernel
  local -A pids kernel_of=([base]=$1 [new]=$2)
  mkdir -p -- "$folder" || die "$folder can't be made"
  for ((number = 1; number <= boots; number++)); do
    pair=$(printf '%03d' "$number")
    order=(base new)
    ((number % 2)) || order=(new base)
    children=()
    for side in "${order[@]}"; do
      one_boot "${kernel_of[$side]}" "$folder/$side-$pair" &
      pids[$side]=$!
      children+=("$!")
      sleep 0.2 # the first one takes its CPU first
    done
    for side in "${order[@]}"; do
      local code=0
      wait "${pids[$side]}" || code=$?
      tell_boot "$code" "$folder/$side-$pair"
    done
    children=()
    batch_json "$folder" >"$folder/batch.json"
  done
}

# compare_sides FOLDER [OPTION...]
compare_sides() {
  local folder=$1 side
  for side in base new; do
    compgen -G "$folder/$side-???/run" >/dev/null ||
      { complain "no boot of the $side side left a run: nothing to compare; see $folder/*.log"; return 1; }
  done
  (cd -- "$(dirname -- "$folder")" && "$tool" compare "$(basename -- "$folder")" "${@:2}")
}

# A boot is one trial, unless the user says otherwise: trials of one boot have that boot in common, and aren't independent.
run_command() {
  local suite=$1 word
  shift
  if [[ -n $suite ]]; then
    [[ $# -eq 0 ]] || misused "give --suite or a command, not both"
    command=(tlbstorm suite "$suite" --output /mnt/results/run)
    return
  fi
  [[ ${1-} == tlbstorm && ${2-} == run && -n ${3-} ]] || misused "give --suite NAME, or -- tlbstorm run WORKLOAD ..."
  command=("$@" --output /mnt/results/run)
  for word in "$@"; do
    [[ $word != --output* ]] || misused "the lab gives --output to the command itself"
    [[ $word != --trials* ]] || return 0
  done
  command+=(--trials 1)
}

new_folder() { printf '%s/results/%s-lab-%s' "$root" "$(date +%Y%m%d-%H%M%S)" "$1"; }

lab_ab() {
  local base='' new='' boots=6 suite='' tool command=() guest_words=()
  guest_defaults
  while [[ $# -gt 0 && $1 != -- ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --base) base=$2 ;;
      --new) new=$2 ;;
      --boots) boots=$2 ;;
      --suite) suite=$2 ;;
      --output) output=$2 ;;
      *) guest_option "$1" "$2" && guest_words+=("$1" "$2") || misused "ab: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ -n $base && -n $new ]] || misused "ab: give --base and --new"
  [[ $boots =~ ^[1-9][0-9]*$ ]] || misused "--boots $boots: not a number of boots"
  run_command "$suite" "${@:2}"
  check_guest_options
  for kernel in "$base" "$new"; do find_kernel; done
  have_guest_tools || die "no guest can be booted: see above" # before two guests want to install them at once
  find_tool
  output=${output:-$(new_folder ab)}
  say "$boots boots of $base and of $new; ${command[*]}"
  boot_sides "$base" "$new" "$boots" "$output"
  compare_sides "$output" | tee "$output/comparison.txt"
  say "the runs: $output"
}
