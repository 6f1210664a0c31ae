# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2119,SC2120,SC2154  # variables of other parts; A && B || die
# Kernels of the lab: sources, variants, and a cache of what was built of them. Sourced by scripts/lab/lab, which says
# where the `cache`, this folder (`here`) and a temporary folder (`work`) are.
: "${cache:?}" "${here:?}" "${work:?}" "${build_packages:?}"

# Debian's newest source of the kernel series that it ships, as a tarball in the cache.
debian_tarball() {
  local package version package_file
  package=$(package_of linux-source)
  version=$(version_of "$package")
  [[ -n $version ]] || die "apt knows no linux-source package: run apt-get update, or give a tarball"
  tarball=$cache/$package-$version.tar.xz
  [[ -e $tarball ]] && return
  need_disk "$cache" 1
  say "fetching $package $version"
  apt_file "$package"
  dpkg -x "$package_file" "$work" && mv -- "$work/usr/src/$package.tar.xz" "$tarball" || die "$package can't be unpacked"
}

# source_tree SOURCE: sets `tree`, a kernel tree of the cache that may be patched, or the user's own, which may not.
source_tree() {
  local tarball=$1
  if [[ -d $1 ]]; then
    [[ -f $1/Kbuild && -d $1/mm ]] || misused "--source $1: not a kernel tree"
    tree=$(cd -- "$1" && pwd)
    own_tree=yes
    [[ ! -e $tree/.config && ! -d $tree/include/config ]] ||
      die "$tree was configured in place: run make mrproper there, or give what you built, as --kernel arch/x86/boot/bzImage"
    return
  fi
  [[ $1 != apt ]] || debian_tarball
  [[ -f $tarball ]] || misused "--source $1: there is no such file or folder"
  tree=$cache/source/$(basename -- "${tarball%.tar.*}")
  [[ ! -f $tree/Kbuild ]] || return 0
  need_disk "$cache" 5
  say "unpacking $(basename -- "$tarball")"
  rm -rf -- "$tree" "$tree.new" && mkdir -p -- "$tree.new"
  # With the time of now: of a tree that was removed, objects are left, and make must not take them for newer.
  tar -C "$tree.new" --strip-components=1 -mxf "$tarball" || die "$tarball can't be unpacked"
  mv -- "$tree.new" "$tree"
}

make_kernel() (
  local objects=$1
  mkdir -p -- "$objects"
  # Nothing of this build but the source decides what comes out, so that the next variant is built in seconds.
  export KBUILD_BUILD_TIMESTAMP='@0' KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=tlbstorm
  # merge_config.sh writes to the current folder.
  cd -- "$objects" && make -s -C "$tree" O="$objects" tinyconfig &&
    "$tree/scripts/kconfig/merge_config.sh" -m -O "$objects" "$objects/.config" "$here/kernel.config" >/dev/null &&
    make -s -C "$tree" O="$objects" olddefconfig &&
    make -s -C "$tree" O="$objects" LOCALVERSION="-$2" -j"$(nproc)" bzImage
)

# check_options OBJECTS: says which of the lab's options did not come to be, and why.
check_options() {
  local line option unknown=() unmet=()
  while read -r line; do
    ! grep -qxF "$line" "$1/.config" || continue
    option=${line#CONFIG_}
    option=${option%=y}
    if is_known "$option"; then unmet+=("CONFIG_$option"); else unknown+=("CONFIG_$option"); fi
  done < <(grep -E '^CONFIG_.*=y' "$here/kernel.config")
  [[ ${#unknown[@]} -eq 0 ]] || say "this source does not know: ${unknown[*]}"
  [[ ${#unmet[@]} -eq 0 ]] || say "off, since this source wants something else for them: ${unmet[*]} (see 'depends on' in its Kconfig files)"
}

# is_known OPTION: whether the tree has such an option at all.
is_known() { grep -rqE --include='Kconfig*' "^[[:space:]]*(menu)?config[[:space:]]+$1[[:space:]]*$" "$tree"; }

# Objects of two trees never mix, be their folders of the same name.
objects_of() {
  local folder
  folder=$(basename -- "$tree")
  [[ $own_tree == no ]] || folder+=-$(printf '%s' "$tree" | sha256sum | cut -c1-8)
  printf '%s/objects/%s' "$cache" "$folder"
}

build_options() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --source | --variant | --patch | --name) [[ $# -ge 2 ]] || misused "$1 needs a value" ;;&
      --source) source=$2 ;;
      --variant) variant=$2 ;;
      --patch) patches+=("$2") ;;
      --name) name=$2 ;;
      *) misused "build: unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $variant == stock || -f $here/variants/$variant.patch ]] ||
    misused "--variant $variant: there is none; there are stock, $(cd -- "$here/variants" && printf '%s ' *.patch | sed 's/\.patch//g')"
  [[ $variant == stock ]] || patches=("$here/variants/$variant.patch" "${patches[@]}")
  local patch
  for patch in "${!patches[@]}"; do
    [[ -f ${patches[patch]} ]] || misused "--patch ${patches[patch]}: there is no such file"
    patches[patch]=$(realpath -- "${patches[patch]}")
  done
  name=${name:-$variant}
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || misused "--name '$name': letters, digits, '.', '_' and '-', please"
}

# keep_kernel OBJECTS KEPT: whole or not at all.
keep_kernel() {
  rm -rf -- "$2.new" && mkdir -p -- "$2.new"
  cp -- "$1/arch/x86/boot/bzImage" "$1/System.map" "$2.new/" && cp -- "$1/.config" "$2.new/config"
  rm -rf -- "$2" && mv -- "$2.new" "$2"
}

lab_build() {
  local source=apt variant=stock patches=() name='' own_tree=no tree key kept objects began=$SECONDS
  build_options "$@"
  need_packages "${build_packages[@]}"
  exec 9>"$cache/lock"
  flock 9
  source_tree "$source"
  [[ $own_tree == no || ${#patches[@]} -eq 0 ]] || misused "a tree of yours is built as it is: apply the patches yourself"
  objects=$(objects_of)
  # Kernels of older versions, which patched with fuzz, have another key.
  key=$({ [[ ${#patches[@]} -eq 0 ]] || echo 'no fuzz'; cat -- "$here/kernel.config" "${patches[@]}"; } | sha256sum | cut -c1-8)
  kept=$cache/kernels/$name-$(basename -- "$objects")-$key
  if [[ -f $kept/bzImage && $own_tree == no ]]; then
    say "already built: $kept/bzImage"
  else
    [[ -d $objects ]] || need_disk "$cache" 3
    [[ $own_tree == yes ]] || { unpatch && apply_patches "${patches[@]}"; }
    quietly "$cache/build.log" make_kernel "$objects" "$name" || die "the kernel could not be built"
    check_options "$objects"
    keep_kernel "$objects" "$kept"
    [[ $own_tree == yes ]] || unpatch
    say "built $name in $((SECONDS - began)) s: $kept/bzImage"
  fi
  ln -sfn -- "$(basename -- "$kept")" "$cache/kernels/$name"
  exec 9>&-
}

# Debian's kernel package, unpacked: with its config and modules beside it, as a kernel that was built here has them.
lab_fetch() {
  [[ $# -eq 0 ]] || misused "fetch: unknown argument '$1'"
  local package version kept package_file
  package=$(package_of linux-image-amd64)
  version=$(version_of "$package")
  [[ -n $version ]] || die "apt knows no linux-image-amd64 package: run apt-get update, or give a kernel of your own"
  kept=$cache/kernels/debian-$version
  if [[ -f $kept/bzImage ]]; then
    say "already here: $kept/bzImage"
  else
    need_packages kmod
    need_disk "$cache" 1
    say "fetching $package $version"
    apt_file "$package"
    rm -rf -- "$kept.new"
    dpkg -x "$package_file" "$kept.new" || die "$package can't be unpacked"
    mv -- "$kept.new"/boot/vmlinuz-* "$kept.new/bzImage" && mv -- "$kept.new"/boot/config-* "$kept.new/config"
    depmod -b "$kept.new" "$(basename -- "$kept.new"/lib/modules/*)" || die "depmod failed for $package"
    rm -rf -- "$kept.new/usr" && mv -- "$kept.new" "$kept"
    say "kept as debian: $kept/bzImage"
  fi
  ln -sfn -- "$(basename -- "$kept")" "$cache/kernels/debian"
}

# have_kernels NAME...: what of the lab's own kernels isn't here yet.
have_kernels() {
  local name
  for name in "$@"; do
    [[ ! -f $cache/kernels/$name/bzImage ]] || continue
    if [[ $name == debian ]]; then lab_fetch; else lab_build --variant "$name"; fi
  done
}

lab_list() {
  local kernel
  for kernel in "$cache"/kernels/*; do
    [[ ! -L $kernel ]] || printf '%-16s%s\n' "$(basename -- "$kernel")" "$(readlink -f -- "$kernel")/bzImage"
  done
}
