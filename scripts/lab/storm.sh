# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# Power cuts: a guest in the middle of a run loses its power, with all that its disks were not told to keep, and boots
# again from them. Sourced by scripts/lab/lab.
: "${cache:?}" "${here:?}" "${work:?}"

readonly cut_disks=(data state swap)      # in the guest /dev/vdb, on /mnt/tmp and /var/tmp; /dev/vdc, on /var/lib; /dev/vdd
readonly -A write_ms=([data]=8 [state]=25 [swap]=1) # what a block takes that is to be kept: a cut comes in the middle of many

# Each set-up changes something that outlives a boot, beside things that don't: a line each, its name and its command.
cut_set_ups() {
  local short='tlbstorm run pageout --pages dirty-anon --region 256K --rounds 1 --trials 1 --warmup 0 --quiet'
  cat <<END
everything $short --swap zram:8M,file:8M --sysctl vm.dirty_bytes=67108864,vm.dirty_background_bytes=33554432,vm.swappiness=10 --ballast 8M --memory 128M
device $short --swap device:/dev/vdd
two-files $short --swap file:/var/tmp/data:8M,file:/var/tmp/data/x:8M
sweep $short --swap file:8M --sweep workers=1,2
END
}

storm_options() {
  while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --cuts) cuts=$2 ;;
      --seed) seed=$2 ;;
      --kernel) kernel=$2 ;;
      *) guest_option "$1" "$2" || misused "storm: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $cuts =~ ^[1-9][0-9]*$ ]] || misused "--cuts $cuts: not a number of cuts"
  [[ $seed =~ ^[0-9]+$ ]] || misused "--seed $seed: not a number"
}

# Small, and complete when they are made: a guest that still writes tables of inodes is slow.
make_cut_disks() {
  local disk
  truncate -s 2G "$work/data.img" && truncate -s 64M "$work/state.img" && truncate -s 16M "$work/swap.img"
  for disk in data state; do
    mkfs.ext4 -q -E root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0 "$work/$disk.img" || die "no file system could be made in $work"
  done
}

# start_disk NAME: as disks are: what it gets is in its own memory until it is told to flush, and lost with the power.
start_disk() {
  local socket=$work/$1.socket until=$((SECONDS + 10))
  rm -f -- "$socket"
  TMPDIR=$work nbdkit --foreground --exit-with-parent --unix "$socket" --filter=cache --filter=delay file "$work/$1.img" \
    cache=writeback cache-min-block-size=4096 "delay-write=${write_ms[$1]}ms" </dev/null >"$work/$1.log" 2>&1 &
  children+=("$!")
  until [[ -S $socket ]]; do
    ((SECONDS < until)) || die "no disk: $(tail -n 1 -- "$work/$1.log")"
    sleep 0.02
  done
}

# power_on: a guest with its disks; what it says is read from `said`.
power_on() {
  local disk
  children=()
  make_results_disk
  for disk in "${cut_disks[@]}"; do start_disk "$disk"; done
  : >"$work/stderr"
  "${words[@]}" </dev/null >"$work/qemu.log" 2>&1 &
  children+=("$!")
  exec {said}< <(exec tail -n +1 -f --pid="$!" -- "$work/stderr")
}

# The disks go first, so that nothing that the guest does meanwhile gets there.
power_off() {
  kill -KILL "${children[@]}" 2>/dev/null || true
  wait "${children[@]}" 2>/dev/null || true # else the shell tells of each that is killed
  children=()
  exec {said}<&-
}

# fail TEXT: ends with what the guest said, in this boot and in the one before, kept.
fail() {
  local kept
  kept=$cache/consoles/storm-$(date +%Y%m%d-%H%M%S)-$$
  mkdir -p -- "$kept" && cp -- "$work"/{console.log,stderr*} "$kept/"
  complain "$*"
  die "boot $number (seed $seed), set-up $name${cut_name:+, after a cut of $cut_name}: the consoles are in $kept"
}

now() { printf '%s' $((${EPOCHREALTIME/./} / 1000)); }

wait_ms() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

# heard PATTERN: lines of the guest, with what they tell of the cut before, of journal writes and of runs; whether one comes
# in time.
heard() {
  local since=0
  while ((SECONDS < until)) && IFS= read -r -t $((until - SECONDS)) -u "$said" line; do
    case $line in
      'storm: wrong: '*) sleep 2 && fail "${line#storm: wrong: }" ;;
      'storm: found: '*/journal-*) found=journal ;;
      'storm: restore: undone:'*) found=undone ;;
      'storm: seconds: '*) ((${line##* } <= slowest)) || slowest=${line##* } ;;
      'sync '*/journal-*) writes=$((writes + 1)) since=$(now) ;;
      'synced '*/journal-*) spent=$((spent + $(now) - since)) ;;
    esac
    # shellcheck disable=SC2053  # it is a pattern
    [[ $line != $1 ]] || return 0
  done
  return 1
}

hear_until() { heard "$1" || fail "the guest did not come to '$1' within $limit s"; }

# come_up: an emulated kernel hangs now and then before it starts anything; that says nothing of the tool.
come_up() {
  power_on
  if ! heard 'storm: found: *'; then
    [[ ! -s $work/stderr ]] || fail "the guest came up and did not come to 'storm: found: *' within $limit s"
    say "a guest hung as it booted: once more"
    power_off
    until=$((SECONDS + limit))
    power_on
    hear_until 'storm: found: *'
  fi
}

# wait_for_moment: of five cuts four come within a journal write of the second run, the fifth at any time of it.
wait_for_moment() {
  ((writes > 0)) || fail "the run wrote no journal, or $trace did not tell"
  local of_run=$writes each=$((spent / writes + 1)) lasted target
  lasted=$(($(now) - began))
  hear_until 'storm: begins: *'
  if ((number % 5 == 0)); then
    wait_ms $((RANDOM % lasted))
  else
    target=$((of_run + 1 + RANDOM % of_run))
    while ((writes < target)); do hear_until 'sync *'; done
    wait_ms $((RANDOM % each))
  fi
}

# look_back: where the cut was, by what the guest had said last.
look_back() {
  local last
  ! grep -a '^storm: wrong: ' "$work/stderr" >&2 || fail "the guest said so before its power was cut"
  last=$(grep -a '^storm: \(begins\|ended\): ' "$work/stderr" | tail -n 1)
  cut_run=-
  [[ $last != *begins:* ]] || cut_run=${last##* }
  last=$(grep -a '^sync\(ed\)\? .*/journal-' "$work/stderr" | tail -n 1)
  [[ $last != 'sync '* ]] || count[$name,writing]=$((${count[$name,writing]:-0} + 1))
  count[$name]=$((${count[$name]:-0} + 1))
}

# boot_once: boots from the disks as the cut before left them, hears how that was taken, and one run to its end. Of three
# restores that have something to do, one is cut itself, at some moment.
boot_once() {
  command=(storm-guest "$cut_run" "/var/tmp/runs/$number" "${commands[$name]}")
  come_up
  if [[ $found == journal ]] && ((number % 3 == 0)); then
    wait_ms $((RANDOM % 400))
    power_off
    count[$cut_name,restores]=$((${count[$cut_name,restores]:-0} + 1)) restores=$((restores + 1))
    power_on
  fi
  hear_until 'storm: begins: *'
  began=$(now)
  hear_until 'storm: ended: *'
  [[ -z $cut_name ]] || count[$cut_name,$found]=$((${count[$cut_name,$found]:-0} + 1))
}

cut_table() {
  printf '%-12s %5s %19s %15s %13s %15s %20s\n' \
    set-up cuts 'in a journal write' 'and in restore' 'nothing left' 'only to forget' 'restored by restore'
  for name in "${names[@]}"; do
    [[ -z ${count[$name]-} ]] || printf '%-12s %5d %19d %15d %13d %15d %20d\n' "$name" "${count[$name]}" "${count[$name,writing]:-0}" \
      "${count[$name,restores]:-0}" "${count[$name,nothing]:-0}" "${count[$name,journal]:-0}" "${count[$name,undone]:-0}"
  done
}

# prepare_storm: all that is the same in each boot.
prepare_storm() {
  local disk
  have_guest_tools && install_packages nbdkit || skip_test "what a guest and its disks need can't be had here: ${guest_packages[*]} nbdkit"
  trace=$(build_folder release)/tests/libsync_trace.so
  [[ -x $trace ]] || skip_test "the tests are not built: cmake --preset release && cmake --build --preset release"
  [[ $kernel == */* ]] || (have_kernels "$kernel") || skip_test "there is no kernel $kernel to boot"
  programs+=("$here/storm-guest" "$trace")
  find_kernel
  find_tool
  make_initramfs
  make_cut_disks
  choose_accelerator
  [[ $accel == kvm ]] || take_cpu
  for disk in "${cut_disks[@]}"; do data_drives+=(-drive "file=nbd:unix:$work/$disk.socket,if=virtio,format=raw"); done
  qemu_words
}

lab_storm() {
  local words=() data_drives=() tool trace release cpu='' cuts=20 seed=$((SRANDOM % 1000000)) name line names=() number slowest=0 command
  local cut_run=- cut_name='' restores=0 found writes spent began until said
  local -A commands=() count=()
  guest_defaults
  kernel=debian topology=1x2 nvme=0 limit=120
  storm_options "$@"
  check_guest_options
  prepare_storm
  while read -r name line; do names+=("$name") commands[$name]=$line; done < <(cut_set_ups)
  RANDOM=$seed
  say "$cuts cuts, seed $seed"
  for ((number = 1; number <= cuts + 1; number++)); do
    name=${names[(number - 1) % ${#names[@]}]} found=nothing writes=0 spent=0 until=$((SECONDS + limit))
    boot_once
    ((number > cuts)) || wait_for_moment
    power_off
    ((number > cuts)) || look_back
    mv -- "$work/stderr" "$work/stderr.before"
    cut_name=$name
  done
  remember_accelerator
  cut_table
  say "$cuts cuts, $restores of restores, and nothing is left; restore took $slowest s at most"
}
