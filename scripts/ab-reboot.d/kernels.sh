# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Kernels of scripts/ab-reboot: which one an image holds, what it is told, and how the machine gets into it, once.
declare -gA ab
: "${state:?}"

# The same tools under both of their names.
grub_folder=/boot/grub grub=grub
[[ -d /boot/grub || ! -d /boot/grub2 ]] || { grub_folder=/boot/grub2 grub=grub2; }
readonly grub_folder grub entry=tlbstorm-ab-reboot
readonly ours='# Written by tlbstorm ab-reboot'

# What `uname -rv` will say, from an image's header: kernel_version of Documentation/arch/x86/boot.rst.
identity_of() {
  local offset text
  [[ $(dd if="$1" bs=1 skip=514 count=4 status=none 2>/dev/null) == HdrS ]] || return
  offset=$(od -An -tu2 -j526 -N2 -- "$1")
  text=$(dd if="$1" bs=1 skip=$((offset + 512)) count=512 status=none | tr '\0' '\n' | sed -n 1p)
  printf '%s #%s' "${text%% *}" "${text#*#}"
}

# find_kernel SIDE KERNEL INITRD
find_kernel() {
  local image=$2 initrd=$3 identity
  if [[ $2 != */* ]]; then
    image=/boot/vmlinuz-$2
    [[ -e $image ]] ||
      die "--$1 $2: there is no $image; /boot has: $(cd /boot && printf '%s ' vmlinuz-* | sed 's/vmlinuz-//g')"
    if [[ -z $initrd ]]; then
      for initrd in "/boot/initrd.img-$2" "/boot/initramfs-$2.img" none-found; do [[ ! -e $initrd ]] || break; done
      [[ -e $initrd ]] || die "--$1 $2: there is no /boot/initrd.img-$2; give --$1-initrd FILE, or none"
    fi
  elif [[ ${ab[by]} != kexec ]]; then
    misused "--$1 $2: grub boots what is in /boot: give a release, or --by kexec"
  fi
  [[ ! ${initrd:-none} == none ]] || initrd=
  [[ -r $image && -f $image ]] || die "--$1: $image can't be read"
  [[ -z $initrd || -r $initrd ]] || die "--$1-initrd: $initrd can't be read"
  identity=$(identity_of "$image") || die "--$1: $image is not a kernel image for x86"
  ab[$1_image]=$(realpath -- "$image") ab[$1_initrd]=${initrd:+$(realpath -- "$initrd")}
  ab[$1_release]=${identity%% *} ab[$1_build]=${identity#* }
}

# The kernel that runs now, and, if it is in /boot, the way back to it should another one be the default.
find_home() {
  ab[home_release]=$(uname -r) ab[home_build]=$(uname -v) ab[home_image]='' ab[home_initrd]=''
  ab[home_cmdline]=$(words_without 'BOOT_IMAGE=*' 'initrd=*' 'tlbstorm.ab=*' </proc/cmdline)
  local image=/boot/vmlinuz-${ab[home_release]} initrd
  [[ -r $image && $(identity_of "$image") == "${ab[home_release]} ${ab[home_build]}" ]] || return 0
  ab[home_image]=$image
  for initrd in "/boot/initrd.img-${ab[home_release]}" "/boot/initramfs-${ab[home_release]}.img"; do
    [[ ! -e $initrd ]] || ab[home_initrd]=$initrd
  done
}

# words_without GLOB...: of a command line
words_without() {
  local words=() word glob kept=()
  read -ra words || true
  for word in "${words[@]}"; do
    # shellcheck disable=SC2053  # a pattern
    for glob in "$@"; do [[ $word != $glob ]] || continue 2; done
    kept+=("$word")
  done
  printf '%s' "${kept[*]}"
}

# Without panic= a kernel that crashes would wait for someone to come, and so would an initramfs that finds no root.
words_for_trials() {
  local text
  text=$(with_words "$1" "$2${2:+ }$3")
  [[ " $text" == *' panic='[1-9-]* ]] || text=$(with_words "$text" panic=10)
  printf '%s' "$text"
}

# with_words COMMAND_LINE WORDS: what follows -- is for init, so these words come before it.
with_words() {
  local text=" $1 " rest=''
  [[ $text != *' -- '* ]] || rest=" -- ${text#* -- }" text="${text%%" -- "*} "
  words_without <<<"$text $2 $rest"
}

# The word by which a boot knows for which trial it was made.
marker() { sed -n 's/.*\<tlbstorm\.ab=\([^ ]*\).*/\1/p' /proc/cmdline; }

words_of_marker() {
  local trial
  trial=$(marker)
  printf '%s' "${trial:+ (booted for $trial)}"
}

next_entry() { "$grub-editenv" "$grub_folder/grubenv" list 2>/dev/null | sed -n 's/^next_entry=//p'; }

grub_is_ours() { grep -qs "^$ours" "$grub_folder/custom.cfg"; }

# The entry is in a file that grub.cfg reads if it is there, so that grub.cfg itself stays as it is.
arm_grub() {
  local image=$1 initrd=$2 cmdline=$3 uuid
  uuid=$("$grub-probe" --target=fs_uuid /boot) || return
  cat >"$grub_folder/custom.cfg.tmp" <<END
$ours, which removes it at the end: an entry for the next boot only.
menuentry 'tlbstorm ab-reboot' --id $entry --unrestricted {
  search --no-floppy --fs-uuid --set=root $uuid
  linux $("$grub-mkrelpath" "$image") $cmdline
${initrd:+  initrd $("$grub-mkrelpath" "$initrd")}
}
END
  mv -- "$grub_folder/custom.cfg.tmp" "$grub_folder/custom.cfg" || return
  "$grub-reboot" "$entry" || return
  [[ $(next_entry) == "$entry" ]] || return
  sync
}

# arm IMAGE INITRD WORDS: the next boot is this one. Exit code 1 when it can't be.
arm() {
  if [[ ${ab[by]} == grub ]]; then
    arm_grub "$@"
  else
    kexec --kexec-syscall-auto --load "$1" ${2:+"--initrd=$2"} "--command-line=$3"
  fi
}

disarm() {
  rm -f -- "$grub_folder/custom.cfg.tmp"
  if grub_is_ours; then
    # Grub has emptied it when it booted the entry.
    [[ -n $(next_entry) && $(next_entry) != "$entry" ]] || "$grub-editenv" "$grub_folder/grubenv" unset next_entry
    rm -f -- "$grub_folder/custom.cfg"
  fi
  if [[ ${ab[by]-} == kexec && $(cat /sys/kernel/kexec_loaded 2>/dev/null) == 1 ]]; then kexec --unload || true; fi
}

# The image that grub boots when nobody chooses.
default_image() {
  local wanted
  if command -v grubby >/dev/null; then
    grubby --default-kernel
    return
  fi
  # The last `set default` of the header is the one for boots without a next_entry.
  # shellcheck disable=SC2016  # grub's variable
  wanted=$(sed -n '/^if \[ "${next_entry}"/,/^fi/s/^ *set default="\(.*\)"$/\1/p' "$grub_folder/grub.cfg" | tail -n 1)
  # shellcheck disable=SC2016  # grub's variable
  [[ $wanted != '${saved_entry}' ]] || wanted=$("$grub-editenv" "$grub_folder/grubenv" list | sed -n 's/^saved_entry=//p')
  wanted=${wanted##*>}
  awk -v wanted="${wanted:-0}" '
    # A number counts entries; only the first can be told apart from those of submenus without a parser of grub.
    /^[ \t]*menuentry / { found = wanted == "0" || index($0, "'\''" wanted "'\''") }
    found && $1 ~ /^linux/ { print $2; exit }' "$grub_folder/grub.cfg"
}
