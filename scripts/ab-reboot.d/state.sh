# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What outlives a boot of scripts/ab-reboot: its state, its units, and how all of it is taken away again.
: "${here:?}"

readonly state=/var/lib/tlbstorm/ab-reboot
readonly runs=$state/runs
readonly units=/etc/systemd/system unit=tlbstorm-ab-reboot.service watch=tlbstorm-ab-reboot-watch.service
readonly wanted_by=(
  "multi-user.target.wants/$unit" "sysinit.target.wants/$watch" "emergency.target.wants/$watch" "rescue.target.wants/$watch"
)
declare -gA ab=()

# A power cut leaves the old state or the new one, never half of one.
save_state() {
  local key
  for key in "${!ab[@]}"; do printf 'ab[%s]=%q\n' "$key" "${ab[$key]}"; done | sort >"$state/state.tmp"
  sync -- "$state/state.tmp"
  mv -- "$state/state.tmp" "$state/state"
  sync -- "$state"
}

load_state() {
  [[ -r $state/state ]] || return
  ab=()
  # shellcheck disable=SC1091  # only this script writes it
  source "$state/state"
}

note() {
  say "$*"
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$runs/log.txt"
}

# label_of INDEX: base-001 new-001 new-002 base-002 base-003 ...: what drifts with time drifts for both sides.
label_of() {
  local pair=$(($1 / 2)) sides=(base new)
  printf '%s-%03d' "${sides[($1 + pair) % 2]}" $((pair + 1))
}

seconds_of() {
  local scale
  case $1 in *m) scale=60 ;; *h) scale=3600 ;; *) scale=1 ;; esac
  printf '%s' $((${1%[smh]} * scale))
}

write_unit() {
  local longest
  longest=$(seconds_of "${ab[max_time]}")
  longest=$((longest + 2 * ab[settle] + 600))
  cat >"$units/$unit" <<END
# Written by tlbstorm's ab-reboot, which removes it at the end.
[Unit]
Description=tlbstorm ab-reboot: a trial in this boot, then the next boot
After=multi-user.target
ConditionPathExists=$state/state
RequiresMountsFor=$state

[Service]
Type=exec
ExecStart=/bin/bash $state/scripts/ab-reboot continue
ExecStopPost=/bin/bash $state/scripts/ab-reboot abandon
TimeoutStartSec=60
TimeoutStopSec=60
RuntimeMaxSec=$longest
# A trial may be killed for memory: that is its result, not this unit's.
OOMPolicy=continue
OOMScoreAdjust=-500
TasksMax=infinity
Delegate=yes

[Install]
WantedBy=multi-user.target
END
}

# A kernel that gets no further than emergency mode, or hangs while it boots, never comes to the other unit.
write_watch() {
  cat >"$units/$watch" <<END
# Written by tlbstorm's ab-reboot, which removes it at the end.
[Unit]
Description=tlbstorm ab-reboot: leaves a kernel under trial that does not come up
ConditionKernelCommandLine=tlbstorm.ab
DefaultDependencies=no

[Service]
Type=exec
ExecStart=/bin/sh -c 'n=0; while sleep 10; do n=\$\$((n + 1)); \\
  systemctl -q is-active $unit && exit 0; \\
  [ \$\$n -ge 90 ] || systemctl -q is-active emergency.target || systemctl -q is-active rescue.target || continue; \\
  exec systemctl --force reboot; done'

[Install]
WantedBy=sysinit.target emergency.target rescue.target
END
}

# The checkout may go away, be rebuilt, or be on a disk that comes up late: what the boots need is copied.
install_all() {
  mkdir -p -- "$runs" "$state/scripts"
  chmod 700 -- "$state"
  cp -- "$1" "$state/tlbstorm"
  cp -r -- "$here/ab-reboot" "$here/common.sh" "$here/ab-reboot.d" "$state/scripts/"
  printf 'trial,attempt,wanted,came_up,outcome,exit_code,valid_trials,seconds\n' >"$runs/boots.csv"
  save_state
  write_unit
  write_watch
  systemctl daemon-reload
  systemctl --quiet enable "$unit" "$watch"
}

# Needs no state, so that it mends a damaged one, and may be called again.
undo() {
  local link
  disarm
  # It also removes folders of links that it made, and is told by name in case that the files are gone.
  systemctl --quiet disable "$unit" "$watch" 2>/dev/null || true
  for link in "${wanted_by[@]}"; do rm -f -- "$units/$link"; done
  rm -f -- "$units/$unit" "$units/$watch"
  systemctl daemon-reload || true
  rm -rf -- "$state"
  rmdir -- "${state%/*}" 2>/dev/null || true
  sync
}
