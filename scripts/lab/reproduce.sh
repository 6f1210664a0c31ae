# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# The reproductions: what batching brought, and what it brings with more CPUs. Sourced by scripts/lab/lab.

# The case of the 2015 series, as its author measured it: readers of a mapped file far larger than memory. Of holes, so that
# no disk keeps CPUs idle: a CPU that idles is in lazy TLB mode and gets no interrupt.
reader_of() { command=(tlbstorm run file-cache --pressure global --sparse --size "$1" --warmup 10s --duration 8s --trials 1 --label "$2" --output /mnt/results/run); }

# figure METRIC COLUMN: of the comparison's CSV.
figure() { awk -F, -v metric="$1" -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $2 == metric { print $at[column] }' "$output/comparison.csv"; }

# row LABEL METRIC PUBLISHED: both sides, and the ratio of the larger to the smaller.
row() {
  awk -v label="$1" -v base="$(figure "$2" base_median)" -v cv="$(figure "$2" base_cv)" \
    -v new="$(figure "$2" new_median)" -v cv2="$(figure "$2" new_cv)" -v published="$3" '
    function short(x) { return x >= 99999.5 ? sprintf("%.0fK", x / 1000) : x >= 100 ? sprintf("%.0f", x) : sprintf("%.3g", x) }
    function spread(x) { return x == "" ? "" : sprintf("%.1f%%", 100 * x) }
    BEGIN {
      if (base == "" || new == "") { printf "  %-34s%s\n", label, "absent"; exit }
      printf "  %-34s%10s%7s%10s%7s%10s%s\n", label, short(base), spread(cv), short(new), spread(cv2),
        (new > base ? sprintf("x%.1f", new / base) : sprintf("1/%.1f", base / new)), published == "" ? "" : "  " published
    }'
}

table_2015() {
  local times=''
  ! grep -q '"accelerator": "tcg"' "$output/base-001/guest.json" || times=' ~'
  printf '\n  %-34s%10s%7s%10s%7s%10s  %s\n' '' unbatched cv stock cv ratio 'published, 2015'
  row 'IPIs/page' ipis_per_page ''
  row 'pages/flush' pages_per_flush 'at most 32: SWAP_CLUSTER_MAX'
  row 'flushes/page' flushes_per_page ''
  row "IPIs/s of guest time${times}" tlb_ipi_rate '900K to 180K; 60K with a larger batch: 1/5, 1/15'
  row 'IPIs (TLB row), measured' tlb_ipis ''
  row 'interrupts (CAL row), measured' cal_interrupts ''
  row "pages reclaimed/s${times}" reclaim_rate 'system time 5990 s to 4073 s: 1/1.5'
  [[ -z $times ]] || printf '\n  ~ the emulator'"'"'s time: such a figure, and its ratio, tells of QEMU as much as of the kernel\n'
  printf '  published: Mel Gorman, "TLB flush multiple pages per IPI", 4.0.0, 4 nodes, 48 CPUs, lru-file-mmap-read\n'
}

reproduce_options() {
  while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --boots) boots=$2 ;;
      --output) output=$2 ;;
      --cpus) [[ -n $cpus ]] || misused "unknown argument '$1'"; cpus=$2 ;;
      *) misused "unknown argument '$1'" ;;
    esac
    shift 2
  done
  [[ $boots =~ ^[1-9][0-9]*$ ]] || misused "--boots $boots: not a number of boots"
  [[ -z $cpus || $cpus =~ ^[1-9][0-9]*(,[1-9][0-9]*){2,}$ ]] || misused "--cpus $cpus: at least three numbers, as 2,4,8,16"
  [[ -z $output || ! -e $output ]] || misused "--output $output: there is something already"
  have_guest_tools || die "no guest can be booted: see above"
  find_tool
  have_kernels stock unbatched
}

lab_reproduce_2015() {
  local boots=4 output='' cpus='' tool command guest_words=(--topology 4x2 --memory 512M --nvme 0)
  reproduce_options "$@"
  output=${output:-$(new_folder reproduce-2015)}
  reader_of 6G 2015
  say "4 sockets x 2 CPUs, 512 MiB, $boots boots of each kernel, 8 readers of a mapped file of 12 times memory"
  boot_sides unbatched stock "$boots" "$output"
  compare_sides "$output" >"$output/comparison.txt"
  compare_sides "$output" --format csv >"$output/comparison.csv"
  table_2015 | tee "$output/table.txt"
  say "the runs, and all of the comparison (comparison.txt): $output"
}

# scaling_table COUNTS: IPIs a page with so many CPUs.
scaling_table() {
  local count
  printf '\n  %4s  %10s  %10s  %6s\n' CPUs unbatched stock ratio
  for count in $1; do
    compare_sides "$output/$count" --format csv >"$output/comparison.csv"
    awk -v cpus="$count" -v base="$(figure ipis_per_page base_median)" -v new="$(figure ipis_per_page new_median)" \
      'BEGIN { printf "  %4d  %10.3f  %10.4f  1/%.1f\n", cpus, base, new, base / new }'
    mv -- "$output/comparison.csv" "$output/$count/"
  done
}

# scaling_model KERNEL SIDE: what a CPU more costs on that side.
scaling_model() (
  local count folders=()
  printf '\n%s: IPIs a page, by the number of CPUs that share the mapping\n' "$1"
  cd -- "$output" || exit
  for count in ${cpus//,/ }; do folders+=("$count/$2"-*/run); done
  "$tool" model "${folders[@]}" --of ipis_per_page --by workers --at workers=256
)

# One node, whatever the number of CPUs: how many pages a flush carries goes by the size of a node, and must not change.
lab_reproduce_scaling() {
  local boots=1 output='' cpus=2,4,8,16 tool command guest_words count
  reproduce_options "$@"
  output=${output:-$(new_folder reproduce-scaling)}
  mkdir -p -- "$output"
  reader_of 6G scaling
  for count in ${cpus//,/ }; do
    say "$count CPUs"
    guest_words=(--topology "1x$count" --memory 512M --nvme 0 --limit 1800)
    boot_sides unbatched stock "$boots" "$output/$count"
  done
  scaling_table "${cpus//,/ }" | tee "$output/table.txt"
  {
    scaling_model unbatched base
    scaling_model stock new
  } | tee "$output/model.txt"
  cat <<'END'

  What a figure for 256 CPUs assumes: that every CPU runs a thread of the process all the time (an idle one gets no
  interrupt), that pages a flush stay as they are with this size of node (docs/lab.md: what moves them), and that an
  interrupt to 255 CPUs is counted as 255, whatever it costs.
END
  say "the runs: $output"
}
