# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Kernels of the lab: sources, variants, and a cache of what was built of them. Sourced by scripts/lab/lab, which says
# where the `cache`, this folder (`here`) and a temporary folder (`work`) are.
: "${cache:?}" "${here:?}" "${work:?}"

readonly build_packages=(gcc make flex bison bc libelf-dev libssl-dev xz-utils patch kmod cpio)

need_packages() {
  local package missing=()
  command -v dpkg-query >/dev/null || return 0
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' -- "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  is_root || die "missing packages; as root: apt-get install ${missing[*]}"
  say "installing: ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive quietly "$cache/apt.log" \
    apt-get -o DPkg::Lock::Timeout=120 --yes install --no-install-recommends "${missing[@]}" ||
    die "the packages could not be installed"
}

# Debian's newest source of the kernel series that it ships, as a tarball in the cache.
debian_tarball() {
  local package version
  command -v apt-cache >/dev/null || die "--source apt needs Debian; give a tarball or a kernel tree"
  package=$(apt-cache depends linux-source 2>/dev/null | sed -n 's/^ *Depends: //p' | head -n 1)
  version=$(apt-cache show "$package" 2>/dev/null | sed -n 's/^Version: //p' | head -n 1)
  [[ -n $version ]] || die "apt knows no linux-source package: run apt-get update, or give a tarball"
  tarball=$cache/$package-$version.tar.xz
  [[ -e $tarball ]] && return
  say "fetching $package $version"
  (cd -- "$work" && quietly "$cache/apt.log" apt-get download "$package" && dpkg -x ./"$package"_*.deb .) ||
    die "$package could not be fetched"
  mv -- "$work/usr/src/$package.tar.xz" "$tarball"
}

# source_tree SOURCE: sets `tree`, a kernel tree of the cache that may be patched, or the user's own, which may not.
source_tree() {
  local tarball=$1
  if [[ -d $1 ]]; then
    [[ -f $1/Kbuild && -d $1/mm ]] || misused "--source $1: not a kernel tree"
    tree=$(cd -- "$1" && pwd)
    own_tree=yes
    return
  fi
  [[ $1 != apt ]] || debian_tarball
  [[ -f $tarball ]] || misused "--source $1: there is no such file or folder"
  tree=$cache/source/$(basename -- "${tarball%.tar.*}")
  [[ ! -f $tree/Kbuild ]] || return 0
  say "unpacking $(basename -- "$tarball")"
  rm -rf -- "$tree" && mkdir -p -- "$tree.new"
  tar -C "$tree.new" --strip-components=1 -xf "$tarball" || die "$tarball can't be unpacked"
  mv -- "$tree.new" "$tree"
}

# What was patched in is taken out again, however the last build ended.
unpatch() {
  local patch
  [[ -e $tree/.lab-patches ]] || return 0
  for patch in $(tac "$tree/.lab-patches"); do patch -d "$tree" -p1 -R -s -f <"$patch" || die "$tree is damaged: remove it"; done
  rm -f -- "$tree/.lab-patches"
}

apply_patches() {
  local patch copy
  for patch in "$@"; do
    patch -d "$tree" -p1 -s -f --dry-run <"$patch" >/dev/null || die "$patch does not apply to $(basename -- "$tree")"
    copy=$cache/$(sha256sum "$patch" | cut -c1-12).patch
    cp -- "$patch" "$copy"
    echo "$copy" >>"$tree/.lab-patches"
    patch -d "$tree" -p1 -s -f <"$patch"
  done
}

make_kernel() {
  local objects=$1
  mkdir -p -- "$objects"
  # Nothing of this build but the source decides what comes out, so that the next variant is built in seconds.
  export KBUILD_BUILD_TIMESTAMP='@0' KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=tlbstorm
  make -s -C "$tree" O="$objects" tinyconfig &&
    "$tree/scripts/kconfig/merge_config.sh" -m -O "$objects" "$objects/.config" "$here/kernel.config" >/dev/null &&
    make -s -C "$tree" O="$objects" olddefconfig &&
    make -s -C "$tree" O="$objects" LOCALVERSION="-$2" -j"$(nproc)" bzImage
}

# Options that the tree does not have, or that others forbid.
check_config() {
  local line lost=()
  while read -r line; do grep -qxF "$line" "$1/.config" || lost+=("${line%%=*}"); done < <(grep -E '^CONFIG_.*=y' "$here/kernel.config")
  [[ ${#lost[@]} -eq 0 ]] || say "this tree has no: ${lost[*]}"
}

lab_build() {
  local source=apt variant=stock patches=() own_tree=no tree key kept began=$SECONDS
  while [[ $# -gt 0 ]]; do
    case $1 in
      --source | --variant | --patch) [[ $# -ge 2 ]] || misused "$1 needs a value" ;;&
      --source) source=$2 ;;
      --variant) variant=$2 ;;
      --patch) patches+=("$2") ;;
      *) misused "build: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $variant == stock || -f $here/variants/$variant.patch ]] ||
    misused "--variant $variant: there is none; there are stock, $(cd -- "$here/variants" && printf '%s ' *.patch | sed 's/\.patch//g')"
  [[ $variant == stock ]] || patches=("$here/variants/$variant.patch" "${patches[@]}")
  local patch
  for patch in "${patches[@]}"; do [[ -f $patch ]] || misused "--patch $patch: there is no such file"; done
  need_packages "${build_packages[@]}"
  exec 9>"$cache/lock"
  flock 9
  source_tree "$source"
  [[ $own_tree == no || ${#patches[@]} -eq 0 ]] || misused "a tree of yours is built as it is: apply the patches yourself"
  key=$(cat -- "$here/kernel.config" "${patches[@]}" | sha256sum | cut -c1-8)
  kept=$cache/kernels/$variant-$(basename -- "$tree")-$key
  if [[ -f $kept/bzImage && $own_tree == no ]]; then
    say "already built: $kept/bzImage"
  else
    [[ $own_tree == yes ]] || { unpatch && apply_patches "${patches[@]}"; }
    quietly "$cache/build.log" make_kernel "$cache/objects/$(basename -- "$tree")" "$variant" || die "the kernel could not be built"
    check_config "$cache/objects/$(basename -- "$tree")"
    mkdir -p -- "$kept"
    cp -- "$cache/objects/$(basename -- "$tree")"/{arch/x86/boot/bzImage,.config,System.map} "$kept/"
    [[ $own_tree == yes ]] || unpatch
    say "built $variant in $((SECONDS - began)) s: $kept/bzImage"
  fi
  ln -sfn -- "$kept" "$cache/kernels/$variant"
}

lab_list() {
  local kernel
  for kernel in "$cache"/kernels/*; do
    [[ ! -L $kernel ]] || printf '%-16s%s\n' "$(basename -- "$kernel")" "$(readlink -- "$kernel")"
  done
}
