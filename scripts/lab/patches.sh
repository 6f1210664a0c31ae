# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # variables of other parts
# Patches of a kernel tree in the cache: each fits as it is, or nothing is built. Sourced by scripts/lab/lab.

# git apply has no fuzz: each line of context must be there. No repository around the tree and no settings of the
# user's (apply.ignoreWhitespace, diff.noprefix) have a say; messages are read below, so they are in English.
apply_strictly() {
  LC_ALL=C GIT_DIR=/dev/null GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C "$tree" apply --whitespace=nowarn "$@"
}

# hunks_of_two_places PATCH: a line for each hunk that fits at several places and at none of them by its line number.
# Which of them is meant can't be told, and git apply takes the nearest.
hunks_of_two_places() {
  awk -v tree="$tree" '
    function fits(at, i) {
      for (i = 1; i <= old; ++i) if (lines[at + i - 1] != context[i]) return 0
      return 1
    }
    function look(at, count, places) {
      for (at = 1; at + old - 1 <= length_of_file; ++at)
        if (fits(at)) { if (at == first) return; ++count; places = places (places ? ", " : "") at }
      if (count > 1) printf "%s: hunk %d, which says line %d, fits at the lines %s\n", file, hunk, first, places
    }
    function open(name, line) {
      file = name; hunk = length_of_file = 0; again = (file in seen); seen[file]
      while ((getline line <(tree "/" file)) > 0) lines[++length_of_file] = line
      close(tree "/" file)
    }
    function number(text, at) { split(text, parts, ","); return (at == 1 || text ~ /,/) ? parts[at] + 0 : 1 }
    old_left + new_left > 0 {
      mark = substr($0, 1, 1)
      if (mark == "\\") next
      if (mark != "+") { context[++old] = substr($0, 2); --old_left }
      if (mark != "-") --new_left
      # A file that is patched twice is not at the second time what it is now.
      if (old_left + new_left == 0 && old > 0 && !again) look()
      next
    }
    /^--- / { sub(/^--- [^\/]*\//, ""); sub(/\t.*/, ""); open($0) }
    /^@@ -/ {
      ++hunk; old = 0
      first = number(substr($2, 2), 1); old_left = number(substr($2, 2), 2); new_left = number(substr($3, 2), 2)
    }' "$1"
}

# check_patch PATCH: says where its hunks go, if that is not where they say; ends the build if one of them fits nowhere,
# or if it can't be told where.
check_patch() {
  local name unsure
  name=$(basename -- "$1")
  apply_strictly --check --verbose "$1" 2>"$work/patch.log" || {
    grep -v '^Checking patch' "$work/patch.log" >&2
    die "$name does not fit $(basename -- "$tree"): make it from that source, or give --source. Nothing was built"
  }
  unsure=$(hunks_of_two_places "$1")
  [[ -z $unsure ]] || {
    printf '%s\n' "$unsure" >&2
    die "$name could go to more than one place: make it from $(basename -- "$tree"), or with more lines of context (git diff -U10). Nothing was built"
  }
  awk '/^Checking patch/ { file = $3; sub(/\.\.\.$/, "", file) } /^Hunk/ { print file ": " $0 }' "$work/patch.log" |
    while read -r moved; do say "$name: $moved"; done
}

# files_of PATCH: what it changes, makes, renames or removes.
files_of() { { apply_strictly --numstat -z "$1" && apply_strictly --numstat -z -R "$1"; } | cut -z -f 3 | sort -zu; }

# keep_originals PATCH: what it will change is kept first. To apply it in reverse would be to search for its hunks again.
keep_originals() {
  local file
  while IFS= read -r -d '' file; do
    ! grep -qsxF -- "$file" "$tree/.lab-changed" || continue
    [[ ! -e $tree/$file ]] || {
      mkdir -p -- "$(dirname -- "$tree/.lab-originals/$file")" && cp -- "$tree/$file" "$tree/.lab-originals/$file"
    } || die "$tree/$file can't be kept"
    printf '%s\n' "$file" >>"$tree/.lab-changed"
  done < <(files_of "$1")
}

# What was patched in is taken out again, however the last build ended. Files get the time of now, so make sees a change.
unpatch() {
  local file
  [[ ! -e $tree/.lab-patches ]] || die "$tree was left patched by an older version of the lab: remove it"
  [[ -e $tree/.lab-changed ]] || return 0
  while IFS= read -r file; do
    if [[ -e $tree/.lab-originals/$file ]]; then cp -- "$tree/.lab-originals/$file" "$tree/$file"; else rm -f -- "$tree/$file"; fi ||
      die "$tree can't be put back as it was: remove it"
  done <"$tree/.lab-changed"
  rm -rf -- "$tree/.lab-changed" "$tree/.lab-originals"
}

# apply_patches PATCH...: all or none. A patch may be made on top of the one before it.
apply_patches() {
  local patch
  for patch in "$@"; do
    (check_patch "$patch") || { unpatch; exit 1; }
    keep_originals "$patch"
    apply_strictly "$patch" || { unpatch; die "$patch could not be applied"; }
  done
}
