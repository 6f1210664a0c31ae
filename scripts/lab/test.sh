# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # variables of other parts; A && B || die
# The tests in a guest: those for what this machine may lack, and the system tests once more, on cgroup v2 and four nodes.
# Sourced by scripts/lab/lab.

# What the machine that runs the tests may not have, and of the system tests those that cgroup v2 has broken before.
readonly short_tests='Guest.*:Faults.TheNextRun*:Faults.KilledT*:SwapDevice.Several*:Meddling.Cpu*'

# skip_test REASON: CTest calls 77 a skip.
skip_test() {
  say "skipped: $*"
  exit 77
}

lab_test() {
  local kernel=debian filter=$short_tests bench tests status=0
  while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || misused "$1 needs a value"
    case $1 in
      --kernel) kernel=$2 ;;
      --filter) filter=$2 ;;
      *) misused "test: unknown argument '$1'" ;;
    esac
    shift 2
  done
  tests=$(build_folder release)/tests
  bench=$(build_folder release)/tlbstorm-bench
  have_guest_tools || skip_test "what a guest needs can't be had here: ${guest_packages[*]}"
  [[ -x $tests/lab_tests && -x $bench ]] || skip_test "the tests are not built: cmake --preset release && cmake --build --preset release"
  (have_kernels "$kernel") || skip_test "there is no kernel $kernel to boot"
  say "the tests run in a guest of $kernel: 4 sockets x 2 CPUs, 4 nodes, NVMe in 20 partitions, cgroup v2"
  "$here/lab" run --kernel "$kernel" --topology 4x2 --memory 2G --nvme 1G --swap-partitions 20 --limit 1800 \
    --with "$tests/lab_tests" --with "$tests/system_tests" --with "$bench" --with "$(command -v mkfs.ext4)" -- \
    sh -c "export TLBSTORM_BINARY=/bin/tlbstorm TLBSTORM_BENCH_BINARY=/bin/tlbstorm-bench; status=0
      for tests in lab_tests system_tests; do \$tests --gtest_filter='$filter' || status=1; done; exit \$status" || status=$?
  [[ $status -eq 0 ]] || complain "FAILED in the guest: exit code $status"
  return "$status"
}
