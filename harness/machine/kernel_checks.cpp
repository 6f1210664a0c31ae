// SPDX-License-Identifier: Apache-2.0
// Checks of the kernel: how it was built and booted, and what it lets us count.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "harness/machine/setting_check.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

constexpr const char* kConfigUnknown = "the kernel's config is not told";

/// Since "mm: send one IPI per CPU to TLB flush all entries after unmapping pages", Linux 4.3, on x86; arm64
/// since 6.6.
Diagnosis batched_unmap(const Snapshot& snapshot) {
  Diagnosis finding{Grade::unknown,
                    kConfigUnknown,
                    "CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH=y",
                    "without it, reclaim flushes for every page that it unmaps",
                    "a kernel of 4.3 or later, on x86",
                    {}};
  const auto value = snapshot.config("ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH");
  if (!value) return finding;
  finding.found = *value;
  finding.grade = *value == "y" ? Grade::ok : Grade::warning;
  return finding;
}

Diagnosis debug_options(const Snapshot& snapshot) {
  // What each of these adds to an unmap, a fault or a lock is more than what is measured.
  static constexpr std::array<const char*, 9> kSlow{"PROVE_LOCKING",
                                                    "LOCKDEP",
                                                    "KASAN",
                                                    "KCSAN",
                                                    "KMSAN",
                                                    "DEBUG_PAGEALLOC_ENABLE_DEFAULT",
                                                    "DEBUG_VM_PGFLAGS",
                                                    "SLUB_DEBUG_ON",
                                                    "PAGE_TABLE_CHECK_ENFORCED"};
  Diagnosis finding{Grade::ok,
                    "none",
                    "none",
                    "locks, faults and unmapping take several times as long",
                    "a kernel built without them",
                    {}};
  std::vector<std::string> found;
  for (const char* const option : kSlow)
    if (snapshot.config(option).value_or("n") == "y") found.emplace_back(option);
  for (const char* const option : {"page_poison", "debug_pagealloc", "init_on_free", "slub_debug"})
    if (const auto value = snapshot.boot_option(option); value && *value != "0" && *value != "off")
      found.push_back(fmt::format("{}={} at boot", option, *value));
  if (!found.empty()) {
    finding.grade = Grade::failed;
    finding.found = fmt::format("{}", fmt::join(found, ", "));
  } else if (snapshot.kernel_config.empty()) {
    finding.grade = Grade::unknown;
    finding.found = kConfigUnknown;
  }
  return finding;
}

Diagnosis counters(const Snapshot& snapshot) {
  Diagnosis finding{Grade::ok,
                    "",
                    "the TLB row, tracepoints and hardware counters",
                    "what can't be counted is absent from the results",
                    "",
                    {}};
  std::vector<std::string> missing;
  if (!snapshot.machine.flush.has_tlb_row) missing.emplace_back("no TLB row in /proc/interrupts");
  const bool traces = snapshot.config("FTRACE").value_or("y") == "y";
  if (!traces) missing.emplace_back("no tracepoints in this kernel");
  if (traces && !snapshot.is_root) missing.emplace_back("tracepoints are for root");
  for (const Fact& fact : snapshot.machine.facts)
    if (fact.key == "pmu" && fact.value == "none") missing.emplace_back("no hardware counters");
  finding.found = missing.empty() ? "all" : fmt::format("{}", fmt::join(missing, ", "));
  if (missing.empty()) return finding;
  finding.grade = Grade::warning;
  finding.fix = snapshot.is_root ? "see tlbstorm list probes" : "run as root";
  return finding;
}

Diagnosis cgroup(const Snapshot& snapshot) {
  const CgroupHome& home = snapshot.machine.cgroup;
  Diagnosis finding{Grade::ok,
                    home.version == CgroupVersion::v1 ? "v1" : "v2",
                    "a memory cgroup that we may make children in",
                    "without a limit only the whole machine can be put under pressure",
                    home.remedy,
                    {}};
  if (!home.parent.empty()) return finding;
  finding.grade = Grade::warning;
  finding.found = home.reason;
  return finding;
}

constexpr auto kChecks = std::to_array<DoctorCheck>({{"batched_unmap", &batched_unmap, false},
                                                     {"debug_options", &debug_options, true},
                                                     {"counters", &counters, false},
                                                     {"memory_cgroup", &cgroup, false}});

}  // namespace

std::span<const DoctorCheck> kernel_checks() { return kChecks; }

}  // namespace tlbstorm::machine
