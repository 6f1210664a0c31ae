# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A guest of the lab: its first file system, its disks, QEMU, and what comes out. Sourced by scripts/lab/lab, as kernel.sh.
: "${cache:?}" "${here:?}" "${work:?}"

readonly guest_packages=(qemu-system-x86 seabios busybox-static cpio e2fsprogs kmod)

# The tool to run: the one that was built here, or the installed one.
find_tool() {
  tool=$(build_folder release)/tlbstorm
  [[ -x $tool ]] || tool=$(command -v tlbstorm) || die "there is no tlbstorm: build it, or install it"
}

# What of Debian's kernels is in modules, in the order in which they must be loaded.
modules_of() {
  local release=$1 module
  [[ -d /lib/modules/$release ]] || return 0
  for module in virtio_pci virtio_blk ext4 nvme zram crc32c_generic crct10dif_generic lzo lzo-rle; do
    modprobe --set-version "$release" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
  done | awk '!seen[$0]++'
}

kernel_release() { file -b -- "$1" | sed -n 's/.*version \([^ ]*\).*/\1/p'; }

make_initramfs() {
  local files=$work/initramfs library module count=100
  mkdir -p -- "$files"/{bin,dev,etc,lib,lib64,mnt,modules,proc,run,sys,tmp,usr/bin,var/tmp}
  cp -- "$(command -v busybox)" "$files/bin/busybox"
  ln -s busybox "$files/bin/sh"
  cp -- "$tool" "$files/bin/tlbstorm"
  for library in $(ldd "$tool" | grep -o '/[^ ]*'); do
    mkdir -p -- "$files/$(dirname -- "$library")"
    cp -L -- "$library" "$files/$library"
  done
  for module in $(modules_of "$(kernel_release "$kernel")"); do cp -- "$module" "$files/modules/$((count++))-$(basename -- "$module")"; done
  cp -- "$here/init" "$files/init" && chmod 755 -- "$files/init"
  (cd -- "$files" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs.gz"
}

# The disk that the command comes on, and its results leave on.
make_disks() {
  mkdir -p -- "$work/seed/results"
  printf '%q ' "${command[@]}" >"$work/seed/command"
  truncate -s 8G "$work/data.img" && truncate -s "$nvme" "$work/nvme.img"
  mkfs.ext4 -q -d "$work/seed" "$work/data.img" || die "no file system could be made in $work: is there room?"
}

qemu_words() {
  local sockets=${topology%x*} cpus=${topology#*x} node each
  each=$(($(numfmt --from=iec "${memory^^}") / sockets))
  # shellcheck disable=SC2054  # commas are QEMU's
  words=(qemu-system-x86_64 -accel "$accel" -machine q35 -cpu max -m "$((each * sockets))b"
    -smp "$((sockets * cpus)),sockets=$sockets,cores=$cpus,threads=1"
    -display none -nodefaults -no-reboot -serial "file:$work/console.log"
    -kernel "$kernel" -initrd "$work/initramfs.gz"
    -drive "file=$work/data.img,if=virtio,format=raw,cache=unsafe"
    -drive "file=$work/nvme.img,if=none,id=swap,format=raw,cache=unsafe" -device nvme,drive=swap,serial=lab
    -append "console=ttyS0 panic=-1 mitigations=off nokaslr nowatchdog quiet $cmdline")
  for ((node = 0; node < sockets; node++)); do
    words+=(-object "memory-backend-ram,size=${each}b,id=memory$node"
      -numa "node,nodeid=$node,cpus=$((node * cpus))-$((node * cpus + cpus - 1)),memdev=memory$node")
  done
}

# Why the guest left no result, by its console.
why_no_result() {
  local reason
  reason=$(grep -aoE 'Kernel panic.*|No working init found.*|Out of memory: Killed process.*|lab: .*' "$work/console.log" | tail -n 1) || true
  printf '%s' "${reason:-its console says nothing: no serial console, or no initramfs support (CONFIG_SERIAL_8250_CONSOLE, CONFIG_BLK_DEV_INITRD)}"
}

lab_run() {
  local kernel='' topology=4x2 memory=512M nvme=2G cmdline='' limit=600 output='' accel=tcg,thread=single words=() tool status=0
  while [[ $# -gt 0 && $1 != -- ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --kernel) kernel=$2 ;;
      --topology) topology=$2 ;;
      --memory) memory=$2 ;;
      --nvme) nvme=$2 ;;
      --cmdline) cmdline=$2 ;;
      --limit) limit=$2 ;;
      --output) output=$2 ;;
      *) misused "run: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $# -gt 1 ]] || misused "run: say what to run, after --"
  local command=("${@:2}")
  [[ $topology =~ ^[1-9][0-9]*x[1-9][0-9]*$ ]] || misused "--topology $topology: not SOCKETSxCPUS, as 4x2"
  [[ -n $kernel ]] || misused "run: give --kernel"
  [[ -f $kernel ]] || kernel=$cache/kernels/$kernel/bzImage
  [[ -f $kernel ]] || misused "--kernel: there is none of that name; scripts/lab/lab build makes them, list shows them"
  [[ -z $output || ! -e $output ]] || misused "--output $output: there is something already"
  need_packages "${guest_packages[@]}" file
  find_tool
  make_initramfs
  make_disks
  qemu_words
  timeout --kill-after=5 "$limit" "${words[@]}" </dev/null &
  guest=$!
  wait "$guest" || status=$?
  guest=
  [[ $status -ne 124 ]] || { complain "the guest did not end within $limit s: $(why_no_result)"; return 124; }
  debugfs -R "cat /output" "$work/data.img" 2>/dev/null
  status=$(debugfs -R "cat /status" "$work/data.img" 2>/dev/null)
  if [[ -n $output ]]; then
    debugfs -R "rdump /results $work" "$work/data.img" 2>/dev/null
    mv -- "$work/results" "$output"
    cp -- "$work/console.log" "$output/console.log"
  fi
  [[ -n $status ]] || { complain "the guest ended without a result: $(why_no_result)"; return 125; }
  return "$status"
}
