# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# What this machine has for guests: memory, disk, CPUs, and KVM or not. Sourced by scripts/lab/lab.
: "${cache:?}" "${work:?}"

# bytes OPTION SIZE: 512M as a number; a size that can't be is a usage error.
bytes() { numfmt --from=iec -- "${2^^}" 2>/dev/null || misused "$1 $2: not a size, as 512M or 2G"; }

# need_disk FOLDER GIBIBYTES
need_disk() {
  local free
  free=$(($(df --output=avail -B1 -- "$1" | tail -n 1) >> 30))
  ((free >= $2)) || die "$1 has $free GiB free, $2 GiB are needed: make room, or set $([[ $1 == "$work" ]] && echo TMPDIR || echo TLBSTORM_LAB)"
}

# need_memory BYTES: the guest's, and what QEMU takes for itself.
need_memory() {
  local available needed=$((($1 >> 20) + 512))
  available=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) >> 10))
  ((available >= needed)) || die "a guest of $(($1 >> 20)) MiB needs $needed MiB here, and $available MiB are available: less --memory, or fewer guests"
}

# The CPUs that this process may use, a line each.
allowed_cpus() { taskset -cp $$ | sed 's/.*: //' | tr , '\n' | while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done; }

# take_cpu: sets `cpu` to one that no other emulated guest has, and keeps it until this process ends. A guest of
# single-threaded TCG is one busy thread: two of them on a CPU would spoil each other's times.
take_cpu() {
  local lock
  for cpu in $(allowed_cpus); do
    exec {lock}>"$cache/cpu-$cpu.lock"
    ! flock -n "$lock" || return 0
    exec {lock}>&-
  done
  cpu=$(allowed_cpus | shuf -n 1)
  complain "every CPU has a guest; waiting for CPU $cpu"
  exec {lock}>"$cache/cpu-$cpu.lock"
  flock "$lock"
}

# What KVM says is told by a boot: /dev/kvm may be there and not serve, as in guests of some clouds.
boots_with_kvm() {
  [[ -w /dev/kvm ]] || return 1
  # In a shell of its own, whose word about a QEMU that aborts is dropped.
  (timeout --kill-after=5 30 qemu-system-x86_64 -accel kvm -machine q35 -cpu max -m 256M -smp 2 -display none -nodefaults -no-reboot \
    -serial "file:$work/kvm.log" -kernel "$kernel" -initrd "$work/initramfs.gz" \
    -append "console=ttyS0 panic=-1 quiet lab.probe" </dev/null || exit 1) >"$work/kvm.err" 2>&1 || return 1
  grep -qa 'lab: booted' "$work/kvm.log"
}

# What the answer holds for: this boot, this user, this QEMU.
accelerator_key() { printf '%s %s %s' "$(cat /proc/sys/kernel/random/boot_id)" "$(id -u)" "$(qemu_version)"; }

# choose_accelerator: sets `accel` where it was to be found out.
choose_accelerator() {
  local memo=$cache/accelerator key
  key=$(accelerator_key)
  if [[ $accel == auto && -f $memo && $(head -n 1 "$memo") == "$key" ]]; then
    accel=$(tail -n 1 "$memo")
  elif [[ $accel == auto ]]; then
    accel=tcg
    ! boots_with_kvm || accel=kvm
    probed=yes
    [[ $accel == kvm ]] || complain "no guest boots with KVM here: emulated guests (TCG), whose counts hold, and whose rates and times are the emulator's"
  fi
}

# remember_accelerator: the answer is kept once the kernel has shown that it boots at all: one that boots nowhere says
# nothing about KVM.
remember_accelerator() {
  [[ ${probed-} == yes ]] || return 0
  printf '%s\n%s\n' "$(accelerator_key)" "$accel" >"$cache/accelerator.$$" && mv -- "$cache/accelerator.$$" "$cache/accelerator"
}

qemu_version() { qemu-system-x86_64 --version | sed -n 's/.*version \([^ ]*\).*/\1/p'; }
