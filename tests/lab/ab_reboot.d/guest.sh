# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Runs in the guest after each boot, before the case that it is put in front of.
set -uo pipefail
cd /mnt/lab || exit
readonly scripts=/opt/tlbstorm/scripts state=/var/lib/tlbstorm/ab-reboot
# Long enough to be seen in the middle, short enough for an emulator.
readonly trial=(-- /opt/tlbstorm/build/release/tlbstorm run pageout --rounds 10 --trials 3)

ab_reboot() {
  local status=0
  bash "$scripts/ab-reboot" "$@" || status=$?
  printf 'exit code %s\n' "$status"
}

# What must be the same before and after.
look() {
  find /etc/systemd /etc/default /boot /var/lib/tlbstorm -print 2>/dev/null | sort
  find /etc/systemd /etc/default /boot -type f -print0 | sort -z | xargs -0 sha256sum
  grub-editenv list
  systemctl list-unit-files --no-legend 'tlbstorm*'
  cat /sys/kernel/kexec_loaded
}

marker=$(sed -n 's/.*tlbstorm.ab=\([^ ]*\).*/\1/p' /proc/cmdline)
if [[ ! -e boots ]]; then
  mkdir -p /opt/tlbstorm/build/release
  cp -r tree/scripts /opt/tlbstorm/
  cp tree/tlbstorm /opt/tlbstorm/build/release/
  uname -r >home
  cd /boot && printf '%s\n' vmlinuz-* | sed 's/vmlinuz-//' | grep -vxF "$(cat /mnt/lab/home)" >/mnt/lab/other
  cd /mnt/lab || exit
  look >before
fi
home=$(cat home) other=$(cat other)
first_boot=no
[[ -e boots ]] || first_boot=yes
# The base is the kernel that runs at home: only the word on its command line tells them apart.
side=home
[[ -z $marker || $(uname -r) != "$home" ]] || side=base
[[ $(uname -r) != "$other" ]] || side=new
printf '%s %s\n' "$side" "$marker" >>boots
sync

wait_for_the_end() {
  while [[ -e $state ]]; do sleep 3; done
  while systemctl -q is-active tlbstorm-ab-reboot.service; do sleep 1; done
}

collect() {
  look >after
  [[ ! -e /root/out ]] || cp -r /root/out /mnt/lab/out
  journalctl --no-pager -u tlbstorm-ab-reboot.service >journal 2>&1
  touch finished
  sync
  systemctl poweroff
}
