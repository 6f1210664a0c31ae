# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# A guest of the lab: its first file system, its disks, QEMU, and what comes out. Sourced by scripts/lab/lab.
: "${cache:?}" "${here:?}" "${work:?}"

# What every command that boots guests takes, and its default: the script's, as one process has one guest.
guest_defaults() {
  kernel='' topology=4x2 memory=512M nvme=2G partitions=0 cmdline='' limit=600 modules='' accel=auto output='' programs=()
}

# guest_option OPTION VALUE: whether it is one of a guest's.
guest_option() {
  case $1 in
    --topology) topology=$2 ;;
    --memory) memory=$2 ;;
    --nvme) nvme=$2 ;;
    --swap-partitions) partitions=$2 ;;
    --cmdline) cmdline=$2 ;;
    --limit) limit=$2 ;;
    --modules) modules=$2 ;;
    --accel) accel=$2 ;;
    --with) programs+=("$2") ;;
    *) return 1 ;;
  esac
}

check_guest_options() {
  [[ $topology =~ ^[1-9][0-9]{0,3}x[1-9][0-9]{0,3}$ ]] || misused "--topology $topology: not SOCKETSxCPUS, as 4x2"
  [[ $limit =~ ^[1-9][0-9]*$ ]] || misused "--limit $limit: not a number of seconds"
  [[ $partitions =~ ^[0-9]+$ ]] && ((partitions <= 128)) || misused "--swap-partitions $partitions: not a number up to 128"
  [[ $accel =~ ^(auto|kvm|tcg)$ ]] || misused "--accel $accel: it can be auto, kvm or tcg"
  memory=$(bytes --memory "$memory") nvme=$(bytes --nvme "$nvme")
  ((partitions == 0 || nvme >= partitions * (2 << 20) + (4 << 20))) || misused "--swap-partitions $partitions: too many for --nvme"
  ((memory / ${topology%x*} >= 64 << 20)) || misused "--memory: a node has at least 64M; there are ${topology%x*} of them"
  [[ -z $output || ! -e $output ]] || misused "--output $output: there is something already"
  local program
  for program in "${programs[@]}"; do [[ -x $program ]] || misused "--with $program: there is no such program"; done
}

# find_kernel: `kernel` is a name of the lab's or an image; sets `release`, and `modules` if they are known to be somewhere.
find_kernel() {
  local named=$cache/kernels/$kernel/bzImage
  if [[ $kernel != */* && -f $named ]]; then kernel=$(readlink -f -- "$named"); fi
  [[ -f $kernel ]] || misused "--kernel $kernel: no file, and no kernel of that name is here ($(lab_list | cut -d ' ' -f 1 | paste -sd ' '));" \
    "lab build makes stock, unbatched, switchable, dirty-batched; lab fetch gets debian"
  release=$(kernel_release "$kernel")
  [[ -n $release ]] || misused "--kernel $kernel: not a kernel's bzImage"
  [[ -n $modules || ! -d $(dirname -- "$kernel")/lib/modules ]] || modules=$(dirname -- "$kernel")
}

# The tool to run: the one that was built here, or the installed one.
find_tool() {
  tool=$(build_folder release)/tlbstorm
  [[ -x $tool ]] || tool=$(command -v tlbstorm) || die "there is no tlbstorm: build it (README), or install it"
}

# What the kernel has in modules, in the order in which they must be loaded.
modules_of() {
  local module
  [[ -d $modules/lib/modules/$1 ]] || return 0
  for module in virtio_pci virtio_blk ext4 nvme zram crc32c_generic crct10dif_generic lzo lzo-rle loop; do
    modprobe -d "${modules:-/}" --set-version "$1" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
  done | awk '!seen[$0]++'
}

put_program() {
  local library
  cp -- "$1" "$files/bin/"
  for library in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
    mkdir -p -- "$files/$(dirname -- "$library")"
    [[ -e $files/$library ]] || cp -L -- "$library" "$files/$library"
  done
}

make_initramfs() {
  local files=$work/initramfs program module count=100
  mkdir -p -- "$files"/{bin,dev,etc,lib,lib64,mnt,modules,proc,run,sys,tmp,usr/bin,var/tmp,var/lib,var/cache}
  cp -- "$(command -v busybox)" "$files/bin/busybox"
  ln -s busybox "$files/bin/sh"
  ln -s bin "$files/sbin"
  printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$files/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$files/etc/group"
  for program in "$tool" "${programs[@]}"; do put_program "$program"; done
  while read -r module; do cp -- "$module" "$files/modules/$((count++))-$(basename -- "$module")"; done < <(modules_of "$release")
  cp -- "$here/init" "$files/init" && chmod 755 -- "$files/init"
  (cd -- "$files" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/initramfs.gz"
}

# The disk that the command comes on, and its results leave on.
make_results_disk() {
  mkdir -p -- "$work/seed/results"
  printf '%q ' "${command[@]}" >"$work/seed/command"
  truncate -s 1G "$work/results.img" && mkfs.ext4 -F -q -E root_owner=0:0 -d "$work/seed" "$work/results.img" ||
    die "no file system could be made in $work: is there room?"
}

# Those of one run: beside it one for the data that it makes, and the one to swap on.
make_disks() {
  make_results_disk
  truncate -s 8G "$work/data.img" && mkfs.ext4 -q -E root_owner=0:0 "$work/data.img" || die "no file system could be made in $work: is there room?"
  data_drives=(-drive "file=$work/data.img,if=virtio,format=raw,cache=unsafe")
  ((nvme > 0)) || return 0
  truncate -s "$nvme" "$work/nvme.img"
  ((partitions > 0)) || return 0
  local size=$(((nvme / (1 << 20) - 2) / partitions)) number
  {
    echo 'label: gpt'
    for ((number = 0; number < partitions; number++)); do echo "size=${size}MiB, type=swap"; done
  } | sfdisk --quiet "$work/nvme.img" || die "the disk could not be cut into $partitions partitions"
}

qemu_words() {
  local sockets=${topology%x*} cpus=${topology#*x} node each
  each=$(((memory / sockets) >> 20))
  # shellcheck disable=SC2054  # commas are QEMU's
  words=(qemu-system-x86_64 -machine q35 -cpu max -m "$((each * sockets))M"
    -smp "$((sockets * cpus)),sockets=$sockets,cores=$cpus,threads=1"
    -display none -nodefaults -no-reboot -serial "file:$work/console.log" -serial "file:$work/stderr"
    -kernel "$kernel" -initrd "$work/initramfs.gz"
    -drive "file=$work/results.img,if=virtio,format=raw,cache=unsafe"
    "${data_drives[@]}"
    -append "console=ttyS0 panic=-1 mitigations=off nokaslr nowatchdog quiet $cmdline")
  # shellcheck disable=SC2054
  ((nvme == 0)) || words+=(-drive "file=$work/nvme.img,if=none,id=swap,format=raw,cache=unsafe" -device nvme,drive=swap,serial=lab)
  # shellcheck disable=SC2054
  for ((node = 0; node < sockets; node++)); do
    words+=(-object "memory-backend-ram,size=${each}M,id=memory$node"
      -numa "node,nodeid=$node,cpus=$((node * cpus))-$((node * cpus + cpus - 1)),memdev=memory$node")
  done
  # Threads of TCG run side by side only in name: with one there are the same counts, and rates that don't collapse.
  # shellcheck disable=SC2054
  if [[ $accel == kvm ]]; then words+=(-accel kvm); else words=(taskset -c "$cpu" "${words[@]}" -accel tcg,thread=single); fi
}

# boot: runs QEMU to its end, within the limit; sets `ended`.
boot() {
  local guest seer
  : >"$work/stderr"
  timeout --kill-after=5 "$limit" "${words[@]}" </dev/null >"$work/qemu.log" 2>&1 &
  guest=$!
  tail -n +1 -f --pid="$guest" -s 0.2 -- "$work/stderr" >&2 2>/dev/null &
  seer=$!
  children+=("$guest" "$seer")
  ended=0
  wait "$guest" || ended=$?
  wait "$seer" || true
  children=()
}

from_disk() { debugfs -R "cat /$1" "$work/results.img" 2>/dev/null; }

# How the guest ended, by what it left: sets `status`, `outcome` and `reason`.
judge_guest() {
  e2fsck -fp "$work/results.img" >/dev/null 2>&1 || true # a guest that was stopped leaves a journal to replay
  status=$(from_disk status)
  reason=$(grep -aoE 'Kernel panic.*|No working init found.*|lab: .*' "$work/console.log" | tail -n 1 | tr -d '\r') || true
  if [[ $ended -eq 124 || $ended -eq 137 ]]; then
    outcome=limit reason="not ended within $limit s${reason:+; $reason}" status=124
  elif [[ -n $status ]]; then
    outcome=ended reason=
  elif grep -qa 'System is deadlocked on memory' "$work/console.log"; then
    outcome=out-of-memory status=125
  elif grep -qa 'Kernel panic' "$work/console.log"; then
    outcome=panic status=125
  elif [[ $ended -ne 0 ]]; then
    outcome=qemu-failed reason=$(tail -n 1 "$work/qemu.log") status=125
  else
    outcome=no-result status=125
    reason=${reason:-its console says nothing: no serial console, or no initramfs support (CONFIG_SERIAL_8250_CONSOLE, CONFIG_BLK_DEV_INITRD)}
  fi
}

json_text() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g' | tr -d '\000-\037')"; }

# What the guest was and how it ended, beside what it left.
guest_json() {
  cat <<END
{
  "kernel": $(json_text "$release"),
  "kernel_sha256": "$(sha256sum -- "$kernel" | cut -d ' ' -f 1)",
  "qemu": $(json_text "$(qemu_version)"),
  "accelerator": "$accel",
  "times_are": "$([[ $accel == kvm ]] && echo "a virtual machine's" || echo "an emulator's: compare counts, and ratios of counts")",
  "topology": "$topology",
  "memory_bytes": $memory,
  "nvme_bytes": $nvme,
  "swap_partitions": $partitions,
  "cmdline": $(json_text "$cmdline"),
  "command": $(json_text "${command[*]}"),
  "seconds": $((SECONDS - began)),
  "outcome": "$outcome",
  "reason": $(json_text "$reason"),
  "status": $status
}
END
}

# What the command left, and what tells of the guest; a guest that died leaves what it had written.
bring_out() {
  [[ -n $output ]] || return 0
  debugfs -R "rdump /results $work" "$work/results.img" >/dev/null 2>&1
  mkdir -p -- "$(dirname -- "$output")" "$work/results"
  cp -- "$work/console.log" "$work/results/console.log"
  guest_json >"$work/results/guest.json"
  chmod -R u+rwX -- "$work/results"
  cp -r -- "$work/results" "$output" || die "$output can't be written"
}

# A guest that ended badly is told of, and its console is kept, wherever results go.
tell_bad_end() {
  local console=$output/console.log
  if [[ -z $output ]]; then
    console=$cache/consoles/$(date +%Y%m%d-%H%M%S)-$$.log
    mkdir -p -- "$cache/consoles" && cp -- "$work/console.log" "$console"
  fi
  complain "the guest's end was: $outcome${reason:+: $reason}"
  complain "its console: $console"
}

lab_run() {
  local words=() data_drives=() tool release cpu='' status ended outcome reason began=$SECONDS
  guest_defaults
  while [[ $# -gt 0 && $1 != -- ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --kernel) kernel=$2 ;;
      --output) output=$2 ;;
      *) guest_option "$1" "$2" || misused "run: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $# -gt 1 ]] || misused "run: say what to run, after --"
  local command=("${@:2}")
  [[ -n $kernel ]] || misused "run: give --kernel"
  check_guest_options
  find_kernel
  have_guest_tools || die "no guest can be booted: see above"
  find_tool
  check_kernel "$kernel" "$release" "${topology%x*}" "$((${topology%x*} * ${topology#*x}))"
  need_memory "$memory"
  need_disk "$work" "$(((nvme >> 30) + 1))"
  make_initramfs
  make_disks
  choose_accelerator
  [[ $accel == kvm ]] || take_cpu
  qemu_words
  boot
  judge_guest
  bring_out
  from_disk stdout
  from_disk stderr >&2
  if [[ $outcome == ended ]]; then remember_accelerator; else tell_bad_end; fi
  return "$status"
}
