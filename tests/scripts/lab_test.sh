#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: lab_test.sh LAB
#
# What scripts/lab/lab refuses before anything boots: no guest, no QEMU and no network are needed.
set -euo pipefail

lab=$1
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
export TLBSTORM_LAB=$place/cache TMPDIR=$place/tmp
mkdir -p "$place/tmp" "$place/bin"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat -- "$place/said" >&2
  exit 1
}

# refuses CODE TEXT ARGUMENT...: the exit code, and what is said.
refuses() {
  local code=0
  "$lab" "${@:3}" >"$place/said" 2>&1 </dev/null || code=$?
  [[ $code -eq $1 ]] || fail "lab ${*:3}: exit code $code, not $1"
  grep -qF -- "$2" "$place/said" || fail "lab ${*:3}: does not say: $2"
  [[ -z $(ls -A "$place/tmp") ]] || fail "lab ${*:3}: leaves $(ls -A "$place/tmp")"
}

# What is enough of a boot header to be taken for a kernel of that release: magic at 0x202, the text's place at 0x20e
# (less 0x200), and a configuration beside it.
make_kernel() {
  mkdir -p "$place/kernel"
  head -c 4096 /dev/zero >"$place/kernel/bzImage"
  printf 'HdrS' | dd of="$place/kernel/bzImage" bs=1 seek=514 conv=notrunc status=none
  printf '\x00\x04' | dd of="$place/kernel/bzImage" bs=1 seek=526 conv=notrunc status=none
  printf '6.99.0-test (me@here) #1' | dd of="$place/kernel/bzImage" bs=1 seek=1536 conv=notrunc status=none
  local option
  for option in 64BIT BLK_DEV_INITRD RD_GZIP BINFMT_ELF BINFMT_SCRIPT DEVTMPFS PROC_FS SYSFS TMPFS TTY SERIAL_8250_CONSOLE \
    PCI VIRTIO_PCI VIRTIO_BLK EXT4_FS BLK_DEV_NVME EFI_PARTITION SMP NUMA X86_64_ACPI_NUMA; do
    echo "CONFIG_$option=y"
  done >"$place/kernel/config"
  echo CONFIG_NR_CPUS=8 >>"$place/kernel/config"
}

make_kernel
printf 'not a kernel' >"$place/text"
kernel=$place/kernel/bzImage

refuses 2 "say what to do"
refuses 2 "unknown command 'frobnicate'" frobnicate
refuses 2 "give --kernel" run -- true
refuses 2 "say what to run" run --kernel "$kernel"
refuses 2 "unknown argument '--frob'" run --frob 1 --kernel "$kernel" -- true
refuses 2 "no kernel of that name is here" run --kernel nosuch -- true
refuses 2 "not a kernel's bzImage" run --kernel "$place/text" -- true
refuses 2 "not SOCKETSxCPUS" run --kernel "$kernel" --topology 8 -- true
refuses 2 "not a size" run --kernel "$kernel" --memory lots -- true
refuses 2 "a node has at least 64M" run --kernel "$kernel" --memory 100M -- true
refuses 2 "too many for --nvme" run --kernel "$kernel" --nvme 8M --swap-partitions 20 -- true
refuses 2 "there is something already" run --kernel "$kernel" --output "$place" -- true
refuses 2 "it can be auto, kvm or tcg" run --kernel "$kernel" --accel xen -- true
refuses 2 "give --base and --new" ab --base stock -- tlbstorm run pageout
refuses 2 "give --suite NAME, or" ab --base stock --new unbatched -- pageout
refuses 2 "gives --output" ab --base stock --new unbatched -- tlbstorm run pageout --output x
refuses 2 "there are stock, dirty-batched switchable unbatched" build --variant nosuch
refuses 2 "there is no such file" build --patch "$place/nosuch.patch"
refuses 2 "not a number of cuts" storm --cuts none
refuses 2 "storm: unknown argument '--frob'" storm --frob 1
refuses 2 "at least three numbers" reproduce-scaling --cpus 2 --output "$place/new"
# To git bisect, 1 to 127 are verdicts on a commit.
refuses 255 "--base must be a run folder" bisect -- tlbstorm run pageout
refuses 255 "unknown argument '--frob'" bisect --frob 1

# From here on a guest's programs are pretended, and would say so if they ran.
for program in qemu-system-x86_64 busybox cpio mkfs.ext4 debugfs sfdisk modprobe file gzip taskset; do
  printf '#!/bin/sh\necho "%s ran" >&2; exit 1\n' "$program" >"$place/bin/$program"
done
printf '#!/bin/sh\necho installed\n' >"$place/bin/dpkg-query"
printf '#!/bin/sh\ntrue\n' >"$place/bin/tlbstorm"
chmod +x "$place"/bin/*
export PATH=$place/bin:$PATH
refuses 1 "--topology has 16 CPUs, and the kernel 6.99.0-test is made for 8 (CONFIG_NR_CPUS)" \
  run --kernel "$kernel" --topology 4x4 -- true
sed -i 's/^CONFIG_RD_GZIP=y/# CONFIG_RD_GZIP is not set/; /BLK_DEV_NVME/d; s/^CONFIG_EXT4_FS=y/CONFIG_EXT4_FS=m/' "$place/kernel/config"
refuses 1 "the kernel 6.99.0-test can't be a guest here. It lacks CONFIG_RD_GZIP (off), CONFIG_EXT4_FS (a module: give --modules), \
CONFIG_BLK_DEV_NVME (not in its configuration: unknown to it, or what it depends on is off)" run --kernel "$kernel" -- true
printf 'CONFIG_%s=y\n' RD_GZIP EXT4_FS >>"$place/kernel/config"
refuses 1 "MiB are available" run --kernel "$kernel" --nvme 0 --memory 900G -- true

printf '#!/bin/sh\nexit 1\n' >"$place/bin/dpkg-query"
printf '#!/bin/sh\necho "no network" >&2; exit 100\n' >"$place/bin/apt-get"
chmod +x "$place"/bin/*
refuses 77 "lab: skipped: what a guest needs can't be had here" test
