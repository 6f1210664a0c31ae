# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What scripts/ab-reboot does not start on: what it could not undo, and what would harm others. All reasons are told at once.
declare -gA ab
declare -ga refusals=()
: "${state:?}" "${grub:?}" "${grub_folder:?}" "${force=no}" "${tool=}"

refuse() { refusals+=("$*"); }

# What --force overrides.
refuse_unforced() { [[ $force == yes ]] || refuse "$* (or --force)"; }

# Nothing there outlives a boot: in memory, or emptied while the system comes up.
is_volatile() {
  local folder=$1
  [[ $folder != /@(tmp|run|dev)/* ]] || return 0
  until [[ -e $folder ]]; do folder=$(dirname -- "$folder"); done
  [[ $(findmnt -no FSTYPE -T "$folder") =~ ^(tmpfs|ramfs|devtmpfs|overlay|squashfs)$ ]]
}

refuse_machine() {
  is_root || refuse "not root"
  [[ -d /run/systemd/system ]] || refuse "systemd does not run this machine: nothing would go on after a boot"
  ! systemd-detect-virt --quiet --container 2>/dev/null || refuse "this is a container: it has no kernel of its own to boot"
  [[ ! -e $state ]] || refuse "one is already under way: see status and stop"
  [[ $(uname -m) == x86_64 ]] || refuse "only x86-64 kernels can be told apart by their images"
  # The whole chain, since a file system may lie on LVM on LUKS.
  local source
  source=$(findmnt -no SOURCE / | sed 's/\[.*//')
  if lsblk -sno TYPE "$source" 2>/dev/null | grep -qx crypt; then
    refuse_unforced "the root file system is encrypted: each boot may wait for its passphrase"
  fi
}

refuse_sides() {
  [[ ${ab[base_image]}${ab[base_cmdline]}${ab[base_initrd]} != "${ab[new_image]}${ab[new_cmdline]}${ab[new_initrd]}" ]] ||
    refuse "--base and --new are the same kernel, ${ab[base_image]}, with the same command line"
  # Without systemd's own modules it would not come up, and a trial would be lost twice for nothing.
  local side
  for side in base new; do
    [[ -d /lib/modules/${ab[${side}_release]} || -z ${ab[${side}_initrd]} ]] ||
      refuse "--$side: there is no /lib/modules/${ab[${side}_release]}: its modules are not installed"
  done
}

refuse_users() {
  local me users inhibitors
  me=$(logname 2>/dev/null) || me=${SUDO_USER:-$(id -un)}
  users=$(who 2>/dev/null | awk -v me="$me" '$1 != me { print $1 " on " $2 }' | sort -u | paste -sd, | sed 's/,/, /g')
  [[ -z $users ]] || refuse_unforced "others are logged in: $users"
  inhibitors=$(systemd-inhibit --list --no-legend --no-pager 2>/dev/null |
    grep -E '\<shutdown\>.*\<block *$' | tr -s ' ') || true
  [[ -z $inhibitors ]] || refuse_unforced "something forbids a shutdown: $inhibitors"
}

# A kernel or a bootloader half installed is not one to reboot into.
refuse_packages() {
  local lock
  for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/rpm/.rpm.lock; do
    [[ -e $lock ]] || continue
    ! grep -q ":$(stat -c %i "$lock") " /proc/locks || refuse "packages are being installed: $lock is held"
  done
  if command -v dpkg >/dev/null && [[ -n $(dpkg --audit 2>/dev/null) ]]; then
    refuse "packages are installed only in part: see dpkg --audit"
  fi
}

refuse_places() {
  local library
  ! is_volatile "$state" || refuse "$state would not outlive a boot: $(findmnt -no FSTYPE -T /var/lib)"
  ! is_volatile "${ab[output]}" || refuse "--output ${ab[output]} would not outlive a boot"
  [[ ! -e ${ab[output]} || (-d ${ab[output]} && -z $(ls -A -- "${ab[output]}")) ]] ||
    refuse "--output ${ab[output]}: there is something in it"
  for library in $(ldd "$tool" 2>/dev/null | grep -o '/[^ ]*'); do
    ! is_volatile "$library" || refuse "$library, which $tool needs, would not outlive a boot"
  done
  ! is_volatile "$tool" || refuse "$tool would not outlive a boot: install it, or build it elsewhere"
  [[ $(df --output=avail -k -- /var/lib | tail -n 1) -gt 102400 ]] || refuse "less than 100 MiB are free in /var/lib"
}

refuse_kexec() {
  command -v kexec >/dev/null || refuse "there is no kexec: install kexec-tools"
  [[ -e /sys/kernel/kexec_loaded ]] || refuse "this kernel can't kexec (CONFIG_KEXEC)"
  [[ $(cat /proc/sys/kernel/kexec_load_disabled 2>/dev/null) != 1 ]] ||
    refuse "kexec is forbidden until the next boot (kernel.kexec_load_disabled)"
  [[ $(cat /sys/kernel/kexec_loaded 2>/dev/null) != 1 ]] ||
    refuse "a kernel is loaded for kexec already: kexec --unload takes it out"
  grep -qs '\[none\]' /sys/kernel/security/lockdown || [[ ! -s /sys/kernel/security/lockdown ]] ||
    refuse "the kernel is locked down, as by secure boot: $(cat /sys/kernel/security/lockdown)"
}

# What util/grub.d/00_header.in of grub knows that it can't write to: there next_entry would stay, and a kernel that panics
# would be booted again and again.
refuse_grub_environment() {
  local kind stays="its one-time entry would stay. --by kexec does without"
  for kind in $("$grub-probe" --target=abstraction "$grub_folder" 2>/dev/null); do
    [[ ! $kind =~ ^(lvm|diskfilter|mdraid.*|luks.*|cryptodisk)$ ]] ||
      refuse "grub can't write to $grub_folder, which is on $kind: $stays"
  done
  kind=$("$grub-probe" --target=fs "$grub_folder" 2>/dev/null) || refuse "$grub-probe can't tell what $grub_folder is on"
  [[ ! $kind =~ ^(btrfs|zfs|squash4|cpiofs|newc|odc|romfs|tarfs|f2fs)$ ]] ||
    refuse "grub can't write to $grub_folder, which is on $kind: $stays"
  [[ -w $grub_folder/grubenv && ! -L $grub_folder/grubenv ]] ||
    refuse "there is no $grub_folder/grubenv that can be written to"
  [[ -z $(next_entry) ]] || refuse "grub's next boot is already decided: next_entry=$(next_entry)"
}

refuse_grub() {
  local program word
  for program in reboot editenv probe mkrelpath; do
    command -v "$grub-$program" >/dev/null || { refuse "there is no $grub-$program: --by grub needs grub 2" && return; }
  done
  [[ -r $grub_folder/grub.cfg ]] || { refuse "there is no $grub_folder/grub.cfg" && return; }
  # shellcheck disable=SC2016  # grub's variable
  for word in '${next_entry}' 'save_env next_entry' custom.cfg; do
    grep -qF "$word" "$grub_folder/grub.cfg" ||
      refuse "$grub_folder/grub.cfg does not have '$word': it knows no boot that happens only once"
  done
  [[ ! -e $grub_folder/custom.cfg ]] || grub_is_ours || refuse "$grub_folder/custom.cfg is somebody's: move it away"
  for word in "${ab[base_cmdline]}" "${ab[new_cmdline]}"; do
    [[ ! $word =~ [^A-Za-z0-9_.,:=/@%+\ -] ]] ||
      refuse "the command line '$word' has a character that grub would need quotes for: '${BASH_REMATCH[0]}'"
  done
  refuse_grub_environment
}

# The one that comes up after a panic must be a good one, but the kernel that was installed last, often the one on trial, is
# often the default.
refuse_other_default() {
  local default
  [[ -r $grub_folder/grub.cfg ]] || return 0
  default=$(default_image) || true
  [[ ${default##*/} == "vmlinuz-${ab[home_release]}" ]] ||
    refuse_unforced "after a panic grub's default would come up, ${default:-which is not known}," \
      "and not ${ab[home_release]}, which runs"
}

look_for_refusals() {
  refusals=()
  refuse_machine
  refuse_sides
  refuse_users
  refuse_packages
  refuse_places
  "refuse_${ab[by]}"
  refuse_other_default
}
