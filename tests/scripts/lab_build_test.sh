#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: lab_build_test.sh LAB
#
# What `lab build` makes of patches and options, on a tree of a few files whose make is pretended: its bzImage is mm/rmap.c.
set -euo pipefail

lab=$(realpath -- "$1")
command -v git >/dev/null || { echo "skipped: there is no git here, which applies the patches" && exit 77; }
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT
export TLBSTORM_LAB=$place/cache TMPDIR=$place/tmp
mkdir -p "$place"/{tmp,bin,tree/mm,tree/scripts/kconfig}

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat -- "$place/said" >&2
  exit 1
}

stand_in() { { echo '#!/usr/bin/env bash' && cat; } >"$1" && chmod +x "$1"; }

# Lines 1 to 80, with one stretch of seven lines twice: at 21 and at 41.
make_tree() {
  { seq 1 20 && seq 101 107 && seq 28 40 && seq 101 107 && seq 48 80; } >"$place/tree/mm/rmap.c"
  seq 1 40 >"$place/tree/mm/vmscan.c"
  touch "$place/tree/Kbuild"
  printf 'config SMP\n\tbool "CPUs"\n\nmenuconfig SWAP\n\tdepends on BLOCK\n' >"$place/tree/Kconfig"
  stand_in "$place/tree/scripts/kconfig/merge_config.sh" </dev/null
  tar -C "$place" -cJf "$place/linux.tar.xz" tree
}

stand_in "$place/bin/make" <<'END'
while [[ $# -gt 1 ]]; do case $1 in -C) tree=$2 && shift ;; O=*) objects=${1#O=} ;; esac; shift; done
case $1 in
  olddefconfig) grep -vE '^CONFIG_(SMP|SWAP|AIO)=' "${LAB:?}/kernel.config" >"$objects/.config" ;;
  bzImage)
    [[ -z ${KILL-} ]] || kill -9 0
    mkdir -p "$objects/arch/x86/boot" && cp "$tree/mm/rmap.c" "$objects/arch/x86/boot/bzImage" && touch "$objects/System.map"
    ;;
esac
END
stand_in "$place/bin/dpkg-query" <<<'echo installed'
stand_in "$place/bin/df" <<<'echo Avail && echo 99999999999'
LAB=$(dirname -- "$lab")
export LAB PATH=$place/bin:$PATH

# build CODE ARGUMENT...
build() {
  local code=0
  "$lab" build --source "$place/linux.tar.xz" "${@:2}" >"$place/said" 2>&1 </dev/null || code=$?
  [[ $code -eq $1 ]] || fail "lab build ${*:2}: exit code $code, not $1"
  [[ -z $(ls -A "$place/tmp") ]] || fail "lab build ${*:2}: leaves $(ls -A "$place/tmp")"
}

says() { grep -qE -- "$1" "$place/said" || fail "does not say: $1"; }
says_nothing_of() { ! grep -qE -- "$1" "$place/said" || fail "says: $1"; }

# patch_of NAME FILE LINE TEXT [SED COMMAND]: a patch that changes one line of a tree that a sed command made another.
patch_of() {
  mkdir -p "$place"/{a,b}/mm
  sed -e "${5-}" "$place/tree/$2" >"$place/a/$2"
  sed -e "$3s/.*/$4/" "$place/a/$2" >"$place/b/$2"
  (cd "$place" && diff -u "a/$2" "b/$2" >>"$place/$1") || true
}

is_built() { [[ $(cat "$place/cache/kernels/$1/bzImage") == "$2" ]] || fail "the kernel $1 is not what the patch makes of the source"; }
tree_is_as_it_was() {
  diff -r "$place/tree" "$place/cache/source/linux" >>"$place/said" || fail "the tree in the cache is not as it was"
}

make_tree
build 0 --name stock
says 'this source does not know: CONFIG_AIO$'
says 'off, since .*: CONFIG_SMP CONFIG_SWAP '
is_built stock "$(cat "$place/tree/mm/rmap.c")"

patch_of fits mm/rmap.c 60 sixty
build 0 --patch "$place/fits" --name fits
is_built fits "$(sed '60s/.*/sixty/' "$place/tree/mm/rmap.c")"
says_nothing_of offset
tree_is_as_it_was

# Named from another folder, on top of another, and with a file of its own.
patch_of top mm/rmap.c 60 "once more" '60s/.*/sixty/'
printf -- '--- /dev/null\n+++ b/mm/new.c\n@@ -0,0 +1 @@\n+new\n' >>"$place/top"
(cd "$place" && build 0 --patch fits --patch top --name top)
is_built top "$(sed '60s/.*/once more/' "$place/tree/mm/rmap.c")"
tree_is_as_it_was

# Made of a file with three lines more above: it fits elsewhere, and that is said.
patch_of moved mm/rmap.c 65 sixty '1s/^/above\nabove\nabove\n/'
build 0 --patch "$place/moved" --name moved
says 'moved: mm/rmap.c: Hunk #1 succeeded at 59 \(offset -3 lines\)'
is_built moved "$(sed '62s/.*/sixty/' "$place/tree/mm/rmap.c")"

# A line of the context is another (patch's fuzz takes that); nothing of it is there; the second of two files.
patch_of fuzzy mm/rmap.c 60 sixty '57s/.*/another/'
build 1 --patch "$place/fuzzy" --name fuzzy
says 'patch failed: mm/rmap.c:57'
patch_of nowhere mm/rmap.c 60 sixty '50,70s/^/of another tree /'
build 1 --patch "$place/nowhere" --name nowhere
says 'of another tree 60'
says 'nowhere does not fit linux: .*Nothing was built'
patch_of second mm/rmap.c 30 thirty
patch_of second mm/vmscan.c 20 twenty '19s/.*/other/'
build 1 --patch "$place/fits" --patch "$place/second" --name second
says 'mm/vmscan.c: patch does not apply'
tree_is_as_it_was

# Seven lines that are there twice, and neither where the patch has them; where it has them, all is well.
patch_of twice mm/rmap.c 27 changed '1s/^/above\nabove\nabove\n/'
build 1 --patch "$place/twice" --name twice
says 'mm/rmap.c: hunk 1, which says line 24, fits at the lines 21, 41$'
says 'could go to more than one place'
patch_of exact mm/rmap.c 44 changed
build 0 --patch "$place/exact" --name exact
is_built exact "$(sed '44s/.*/changed/' "$place/tree/mm/rmap.c")"

# What is no patch, is cut off, or leads out of the tree.
: >"$place/empty"
build 1 --patch "$place/empty"
head -n 8 "$place/fits" >"$place/cut"
build 1 --patch "$place/cut"
sed 's,mm/rmap.c,../../../outside,' "$place/fits" >"$place/out"
seq 1 80 >"$place/outside"
build 1 --patch "$place/out"
tree_is_as_it_was

# What the user's git is told elsewhere changes nothing here.
git init -q "$place"
HOME=$place git config --global apply.ignoreWhitespace change
sed 's/^ 5\(.\)/ \t5\1/' "$place/fits" >"$place/blanks"
HOME=$place build 1 --patch "$place/blanks"
HOME=$place build 0 --patch "$place/fits" --name again

# A build that was killed leaves the tree patched; the next one does not begin from that.
KILL=yes setsid --wait "$lab" build --source "$place/linux.tar.xz" --patch "$place/fits" --patch "$place/top" --name killed \
  >"$place/said" 2>&1 </dev/null || true
rm -rf -- "$place"/tmp/*
[[ -e $place/cache/source/linux/.lab-changed ]] || fail "was not killed amid a build"
patch_of other mm/rmap.c 70 seventy
build 0 --patch "$place/other" --name other
is_built other "$(sed '70s/.*/seventy/' "$place/tree/mm/rmap.c")"
tree_is_as_it_was
echo "lab build does as it says"
