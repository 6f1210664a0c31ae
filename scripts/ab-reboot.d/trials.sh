# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What scripts/ab-reboot does after each boot: whose boot it was, its trial, the next boot, and at the end the way home.
declare -gA ab
: "${state:?}" "${runs:?}" "${unit:?}"

boot_id() { cat /proc/sys/kernel/random/boot_id; }

side_of() { printf '%s' "${1%-*}"; }

# Sees to the next boot. Each is taken from the budget before it happens, so that whatever goes wrong, they end.
boot_next() {
  local label side
  label=$(label_of "${ab[next]}")
  side=$(side_of "$label")
  [[ ${ab[boots_left]} -gt 0 ]] || { finish "it has used up its boots" && return; }
  ab[boots_left]=$((ab[boots_left] - 1)) ab[awaiting]=$label ab[phase]=trials ab[began]=''
  save_state
  if ! arm "${ab[${side}_image]}" "${ab[${side}_initrd]}" "$(with_words "${ab[${side}_cmdline]}" "tlbstorm.ab=$label")"; then
    # A kernel under trial may lack kexec; the one that all began with has it.
    [[ -n $(marker) ]] || { finish "$label can't be booted by ${ab[by]} from $(uname -r)" && return; }
    note "$label can't be booted by ${ab[by]} from $(uname -r): by way of a whole reset"
    ab[phase]=again
    save_state
    leave reboot
    return
  fi
  note "booting ${ab[${side}_release]} for $label, attempt ${ab[attempt]}; at most ${ab[boots_left]} more boots"
  if [[ ${ab[by]} == kexec ]]; then leave kexec; else leave reboot; fi
}

# leave reboot|kexec
leave() {
  sync
  systemctl --no-block "$1"
}

# record OUTCOME EXIT_CODE VALID SECONDS
record() {
  local side
  side=$(side_of "${ab[awaiting]}")
  printf '%s,%s,"%s","%s",%s,%s,%s,%s\n' "${ab[awaiting]}" "${ab[attempt]}" \
    "${ab[${side}_release]} ${ab[${side}_build]}" "$(uname -rv)" "$@" >>"$runs/boots.csv"
}

go_on_after_boot() {
  load_state || die "nothing is under way"
  case ${ab[phase]} in
    trials) after_boot_for_trial ;;
    again) boot_next ;;
    finish) finish "${ab[reason]}" ;;
    home) arrive ;;
  esac
}

after_boot_for_trial() {
  local side
  side=$(side_of "${ab[awaiting]}")
  if [[ $(marker) != "${ab[awaiting]}" || -n ${ab[began]} ]]; then
    lose "$side"
  elif [[ "$(uname -r) $(uname -v)" != "${ab[${side}_release]} ${ab[${side}_build]}" ]]; then
    record wrong-kernel '' '' ''
    finish "not measured: ${ab[awaiting]} came up with $(uname -rv), not with ${ab[${side}_release]} ${ab[${side}_build]}"
  else
    run_trial "$side"
  fi
}

# The trial did not end in the boot that was made for it: a panic, a reset, or a boot by hand.
lose() {
  local lost=${ab[lost_$1]}
  lost=$((lost + 1))
  note "${ab[awaiting]}, attempt ${ab[attempt]}, is lost: $(how_it_was_lost "$1")"
  record lost '' '' ''
  [[ ! -e $runs/${ab[awaiting]} ]] || mv -- "$runs/${ab[awaiting]}" "$runs/lost-${ab[awaiting]}-${ab[attempt]}"
  ab[lost_$1]=$lost
  if [[ $lost -ge 2 ]]; then
    finish "${ab[${1}_release]} lost two attempts in a row"
    return
  fi
  ab[attempt]=$((ab[attempt] + 1))
  save_state
  # Somebody may have come to look after the machine.
  note "trying once more in 30 s, unless stopped by: bash $state/scripts/ab-reboot stop"
  sleep 30
  boot_next
}

how_it_was_lost() {
  if [[ -n $(marker) ]]; then
    printf 'the unit ended in the middle of it'
  elif [[ -n ${ab[began]} ]]; then
    printf '%s went down in the middle of it, and %s came up' "${ab[${1}_release]}" "$(uname -r)"
  else
    printf '%s did not come up, %s did' "${ab[${1}_release]}" "$(uname -r)"
  fi
}

# All CPUs together, over 5 s, in percent.
busy() {
  local user nice system idle iowait rest idle_before all_before
  read -r _ user nice system idle iowait rest </proc/stat
  idle_before=$((idle + iowait)) all_before=$((user + nice + system + idle + iowait))
  sleep 5
  read -r _ user nice system idle iowait rest </proc/stat
  printf '%s' $((100 - 100 * (idle + iowait - idle_before) / (user + nice + system + idle + iowait - all_before + 1)))
}

# Services that start late would be foreign load.
wait_until_idle() {
  local system quiet=0 end=$((SECONDS + ab[settle]))
  system=$(timeout "${ab[settle]}" systemctl is-system-running --wait) || true
  until [[ $quiet -ge 2 || $SECONDS -ge $end ]]; do
    if [[ $(busy) -lt 5 ]]; then quiet=$((quiet + 1)); else quiet=0; fi
  done
  [[ $quiet -ge 2 ]] || note "the machine did not become idle within ${ab[settle]} s; systemd calls it ${system:-starting}"
}

run_trial() {
  local label=${ab[awaiting]} status=0 began command valid
  ab[began]=$(boot_id)
  save_state
  wait_until_idle
  began=$SECONDS
  eval "command=(${ab[command]})"
  (cd -- "${ab[folder]}" && timeout --kill-after=30 "${ab[max_time]}" "${command[@]}" --output "$runs/$label") \
    >"$runs/$label.txt" 2>&1 || status=$?
  valid=$(grep -hc '"valid":true' "$runs/$label/trials.jsonl" 2>/dev/null) || true
  record "$(outcome_of "$status")" "$status" "${valid:-0}" $((SECONDS - began))
  note "$label, attempt ${ab[attempt]}, on $(uname -r): $(outcome_of "$status") in $((SECONDS - began)) s," \
    "exit code $status, ${valid:-0} valid trials"
  sync
  ab[next]=$((ab[next] + 1)) ab[attempt]=1 ab[lost_$1]=0
  if [[ $status -eq 2 ]]; then
    finish "tlbstorm refused what it was told on ${ab[${1}_release]}: $(tail -n 2 "$runs/$label.txt" | tr '\n' ' ')"
  elif [[ ${ab[next]} -ge $((2 * ab[boots])) ]]; then
    finish "all ${ab[next]} trials are done"
  else
    boot_next
  fi
}

outcome_of() {
  case $1 in
    0) printf 'ended' ;;
    124 | 137) printf 'timed-out' ;;
    *) printf 'failed' ;;
  esac
}

is_home() { [[ -z $(marker) && "$(uname -r) $(uname -v)" == "${ab[home_release]} ${ab[home_build]}" ]]; }

# finish REASON: what was measured is delivered before the way home, which may fail.
finish() {
  ab[phase]=finish ab[reason]=$1
  save_state
  note "finished: $1"
  deliver || die "what was measured can't be copied: it is in $runs; make room, and stop this"
  ab[phase]=home
  save_state
  if is_home; then
    arrive
  else
    note "going home to ${ab[home_release]}"
    leave reboot
  fi
}

arrive() {
  # The default kernel is another one than that which all began with, which was known to be so.
  if ! is_home && [[ ${ab[home_tried]} == no && -n ${ab[home_image]} && ${ab[boots_left]} -gt 0 ]]; then
    ab[home_tried]=yes ab[boots_left]=$((ab[boots_left] - 1))
    save_state
    if arm "${ab[home_image]}" "${ab[home_initrd]}" "${ab[home_cmdline]}"; then
      note "$(uname -r) came up: once more, to ${ab[home_release]}"
      if [[ ${ab[by]} == kexec ]]; then leave kexec; else leave reboot; fi
      return
    fi
  fi
  if is_home; then
    note "home: ${ab[home_release]} runs"
  else
    note "$(uname -rv) runs, and not ${ab[home_release]}: nothing more can be done"
  fi
  { cp -- "$runs/log.txt" "${ab[output]}/" && chown -- "${ab[owner]}" "${ab[output]}/log.txt"; } || true
  undo
}

# The runs of pairs of which both are there.
compare_runs() {
  local pair base new bases=() news=()
  for ((pair = 1; pair <= ab[boots]; pair++)); do
    printf -v base 'base-%03d' "$pair"
    printf -v new 'new-%03d' "$pair"
    [[ -e $base/run.json && -e $new/run.json ]] || continue
    bases+=("$base") news+=("$new")
  done
  printf 'ab-reboot: %s\n' "${ab[reason]}"
  printf '  %-5s %s %s\n' base "${ab[base_release]}" "${ab[base_build]}" new "${ab[new_release]}" "${ab[new_build]}"
  printf '\n'
  if [[ ${#bases[@]} -eq 0 ]]; then
    printf 'No boots of both kernels have left a run: there is nothing to compare.\n'
  else
    "$state/tlbstorm" compare "${bases[0]}" "${news[@]}" ${bases[1]:+--base "${bases[@]:1}"} 2>&1 ||
      printf 'tlbstorm compare failed with exit code %s.\n' $?
  fi
}

deliver() {
  if ! mkdir -p -- "${ab[output]}" || ! cp -a -- "$runs/." "${ab[output]}/"; then
    note "${ab[output]} can't be written"
    ab[output]=/var/lib/tlbstorm/ab-reboot-$(date +%Y%m%d-%H%M%S)
    { mkdir -p -- "${ab[output]}" && cp -a -- "$runs/." "${ab[output]}/"; } || return
  fi
  (cd -- "${ab[output]}" && compare_runs) >"${ab[output]}/comparison.txt" || return
  chown -R -- "${ab[owner]}" "${ab[output]}"
  sync
  note "the results are in ${ab[output]}"
}

# The unit ended badly: a limit, a bug, a full disk. A kernel under trial is left. The default kernel has no marker, so that
# this can't come to a loop.
abandon() {
  [[ ${SERVICE_RESULT-} != success && -n $(marker) && -e $state/state ]] || return 0
  complain "the unit ended with '${SERVICE_RESULT-}': back to the default kernel"
  systemctl --no-block reboot
}
