# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# What the lab needs of Debian, and how it comes here. Sourced by scripts/lab/lab.
: "${cache:?}" "${work:?}"

readonly build_packages=(gcc make flex bison bc libelf-dev libssl-dev xz-utils git kmod cpio)
readonly guest_packages=(qemu-system-x86 seabios busybox-static cpio e2fsprogs fdisk kmod file gzip)

# missing_of PACKAGE...: those that aren't installed. Where there is no dpkg, the commands themselves must tell.
missing_of() {
  local package
  command -v dpkg-query >/dev/null || return 0
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' -- "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
  done
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 --yes "$@"; }

# install_packages PACKAGE...: what of them is missing; fails if it can't be had.
install_packages() {
  local missing
  mapfile -t missing < <(missing_of "$@")
  [[ ${#missing[@]} -eq 0 ]] && return
  is_root || { complain "missing packages; as root: apt-get install --no-install-recommends ${missing[*]}"; return 1; }
  say "installing: ${missing[*]}" >&2
  quietly "$cache/apt.log" apt update >&2 || complain "going on with the package lists that are here"
  quietly "$cache/apt.log" apt install --no-install-recommends "${missing[@]}" >&2
}

# have_guest_tools: the packages that guests need; where there is no dpkg, the commands themselves.
have_guest_tools() {
  local command
  install_packages "${guest_packages[@]}" || return
  for command in qemu-system-x86_64 busybox cpio mkfs.ext4 debugfs sfdisk modprobe file gzip taskset; do
    command -v "$command" >/dev/null || { complain "there is no $command here; Debian has it in: ${guest_packages[*]}"; return 1; }
  done
}

need_packages() { install_packages "$@" || die "the packages could not be installed: see above"; }

# apt_file PACKAGE: sets `package_file`, the .deb, fetched but not installed.
apt_file() {
  (cd -- "$work" && quietly "$cache/apt.log" apt-get download "$1") ||
    die "$1 could not be fetched: run apt-get update, or see $cache/apt.log"
  package_file=$(find "$work" -maxdepth 1 -name "$1_*.deb")
}

# package_of META: the package that a package without content stands for, such as linux-image-amd64's kernel.
package_of() {
  command -v apt-cache >/dev/null || die "there is no apt here: give a kernel of your own"
  apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: \(linux-[^ ]*\).*/\1/p' | head -n 1
}

version_of() { apt-cache show "$1" 2>/dev/null | sed -n 's/^Version: //p' | head -n 1; }
