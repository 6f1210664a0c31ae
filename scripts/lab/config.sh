# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# Whether a kernel can be a guest of the lab, told before it boots, as far as its configuration is known. Sourced by
# scripts/lab/lab.

# word FILE OFFSET BYTES: a little-endian number of a file.
word() { od -A n -t "u$3" -j "$2" -N "$3" -- "$1" | tr -d ' '; }

# The kernel's release, or nothing if the file is no kernel image: its boot header has a magic number, and where the
# version's text is (Documentation/arch/x86/boot.rst: 0x202 header, 0x20e kernel_version).
kernel_release() {
  [[ $(dd if="$1" bs=1 skip=514 count=4 2>/dev/null | tr -d '\0') == HdrS ]] || return 0
  dd if="$1" bs=1 skip=$(($(word "$1" 526 2) + 512)) count=80 2>/dev/null | cut -d ' ' -f 1 | tr -d '\0' | head -n 1
}

# What CONFIG_IKCONFIG keeps within the image: the payload of the boot header (0x1f1 setup_sects, 0x248 payload_offset,
# 0x24c payload_length), unpacked, has the configuration, packed, behind the mark IKCFG_ST.
config_within() {
  local start at
  start=$((($(word "$1" 497 1) + 1) * 512 + $(word "$1" 584 4)))
  dd if="$1" iflag=skip_bytes,count_bytes skip="$start" count="$(word "$1" 588 4)" bs=64K of="$work/payload" 2>/dev/null
  unpacked "$work/payload" >"$work/vmlinux" 2>/dev/null || true # the payload ends in four bytes that are its length
  at=$(LC_ALL=C grep -abo -m 1 IKCFG_ST "$work/vmlinux" | head -n 1 | cut -d : -f 1) || true
  [[ -z $at ]] || tail -c "+$((at + 9))" -- "$work/vmlinux" | gzip -dc 2>/dev/null || true
  rm -f -- "$work/payload" "$work/vmlinux"
}

unpacked() {
  case $(od -A n -t x1 -N 4 -- "$1" | tr -d ' ') in
    1f8b*) gzip -dc -- "$1" ;;
    fd377a58) xz -dc --single-stream -- "$1" ;;
    28b52ffd) zstd -dc -- "$1" ;;
    02214c18) lz4 -dc -- "$1" ;;
    425a68*) bzip2 -dc -- "$1" ;;
    *) return 1 ;;
  esac
}

# find_config KERNEL: its configuration in $work/config: beside it, in the tree that it was built in, as the
# distribution keeps it, or within the image; nowhere is no error.
find_config() {
  local file
  for file in "$(dirname -- "$1")/config" "${1%/arch/x86/boot/bzImage}/.config" "/boot/config-$2" "$modules/lib/modules/$2/config"; do
    [[ ! -f $file ]] || { cp -- "$file" "$work/config" && return; }
  done
  config_within "$1" >"$work/config"
  [[ -s $work/config ]] || rm -f -- "$work/config"
}

has() { grep -qx "$1=y" "$work/config" || { grep -qx "$1=m" "$work/config" && [[ -d $modules/lib/modules/$release ]]; }; }

# why_lost OPTION: what its configuration says of an option that a guest can't use. That of another kernel's source is not
# here, so an option that it does not name may be unknown to it, or depend on one that is off.
why_lost() {
  if grep -qx "$1=m" "$work/config"; then
    echo "$1 (a module: give --modules)"
  elif grep -qx "# $1 is not set" "$work/config"; then
    echo "$1 (off)"
  else
    echo "$1 (not in its configuration: unknown to it, or what it depends on is off)"
  fi
}

# check_kernel KERNEL RELEASE SOCKETS CPUS: says what it lacks, all of it, by the names of the options.
check_kernel() {
  local kernel=$1 release=$2 sockets=$3 cpus=$4 option lost=() most
  find_config "$kernel" "$release"
  [[ -f $work/config ]] || return 0
  local wanted=(64BIT BLK_DEV_INITRD RD_GZIP BINFMT_ELF BINFMT_SCRIPT DEVTMPFS PROC_FS SYSFS TMPFS TTY SERIAL_8250_CONSOLE
    PCI VIRTIO_PCI VIRTIO_BLK EXT4_FS)
  [[ $nvme == 0 ]] || wanted+=(BLK_DEV_NVME)
  [[ $partitions == 0 ]] || wanted+=(EFI_PARTITION)
  ((cpus == 1)) || wanted+=(SMP)
  ((sockets == 1)) || wanted+=(NUMA X86_64_ACPI_NUMA)
  for option in "${wanted[@]}"; do has "CONFIG_$option" || lost+=("$(why_lost "CONFIG_$option")"); done
  [[ ${#lost[@]} -eq 0 ]] || die "the kernel $release can't be a guest here. It lacks $(printf '%s, ' "${lost[@]}" | sed 's/, $//')"
  most=$(sed -n 's/^CONFIG_NR_CPUS=//p' "$work/config")
  [[ -z $most ]] || ((cpus <= most)) || die "--topology has $cpus CPUs, and the kernel $release is made for $most (CONFIG_NR_CPUS)"
}
