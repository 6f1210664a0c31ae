// SPDX-License-Identifier: Apache-2.0
// Checks of the CPUs: their frequency, their threads, how they flush, and who else uses them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "harness/machine/cpu_flags.hpp"
#include "harness/machine/setting_check.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

const std::string kCpus = "sys/devices/system/cpu";

/// The folders of the CPUs themselves: "cpu0", not "cpufreq".
std::vector<std::string> cpu_folders(const Snapshot& snapshot) {
  std::vector<std::string> folders;
  for (const std::string& name : snapshot.list(kCpus))
    if (name.starts_with("cpu") && os::to_number(name.substr(3))) folders.push_back(kCpus + "/" + name);
  return folders;
}

Diagnosis governor(const Snapshot& snapshot) {
  Diagnosis finding{Grade::ok,
                    "not ours to set",
                    "performance",
                    "a CPU that changes its frequency changes every figure that has a time in it",
                    "cpupower frequency-set -g performance",
                    {}};
  std::vector<std::string> others;
  for (const std::string& folder : cpu_folders(snapshot)) {
    const std::string path = folder + "/cpufreq/scaling_governor";
    const auto text = snapshot.text(path);
    if (!text) continue;
    if (*text == "performance") {
      finding.found = *text;
      continue;
    }
    others.push_back(*text);
    finding.repairs.emplace_back(snapshot.root / path, "performance");
  }
  if (others.empty()) return finding;
  finding.grade = Grade::warning;
  finding.found = fmt::format("{} on {} CPUs", others.front(), others.size());
  return finding;
}

Diagnosis boost(const Snapshot& snapshot) {
  constexpr const char* kWhy = "boost depends on temperature and on how many CPUs are busy";
  if (snapshot.text(kCpus + "/intel_pstate/no_turbo"))
    return check_setting(snapshot,
                         {"sys/devices/system/cpu/intel_pstate/no_turbo", {"1"}, Grade::warning, kWhy, ""});
  return check_setting(
      snapshot, {"sys/devices/system/cpu/cpufreq/boost", {"0"}, Grade::warning, kWhy, "no switch for it"});
}

Diagnosis smt(const Snapshot& snapshot) {
  Diagnosis finding = check_setting(
      snapshot,
      {"sys/devices/system/cpu/smt/active",
       {"0"},
       Grade::warning,
       "two threads of a core share its TLB and its time: place one worker a core, or compare like with like",
       "no threads"});
  if (finding.grade == Grade::warning) finding.fix = "echo off > /sys/devices/system/cpu/smt/control";
  finding.repairs.clear();  // takes CPUs away from whoever uses them
  return finding;
}

/// An interrupt to a CPU in a deep idle state waits until it is up again.
Diagnosis idle_states(const Snapshot& snapshot) {
  constexpr std::uint64_t kSlow = 50;  // microseconds
  Diagnosis finding{Grade::ok,
                    "not ours to set",
                    "no state that takes more than 50 us to leave",
                    "an interrupt to a CPU that is deeply asleep waits until it is awake",
                    "cpupower idle-set -D 50",
                    {}};
  std::uint64_t slowest = 0;
  for (const std::string& folder : cpu_folders(snapshot))
    for (const std::string& state : snapshot.list(folder + "/cpuidle")) {
      const std::string path = folder + "/cpuidle/" + state;
      const auto latency = os::to_number(snapshot.text(path + "/latency").value_or(""));
      if (!latency || snapshot.text(path + "/disable").value_or("0") == "1") continue;
      slowest = std::max(slowest, *latency);
      if (*latency > kSlow) finding.repairs.emplace_back(snapshot.root / (path + "/disable"), "1");
      finding.found = fmt::format("at most {} us to leave", slowest);
    }
  if (slowest > kSlow) finding.grade = Grade::warning;
  return finding;
}

bool has_flag(const Snapshot& snapshot, std::string_view flag) {
  return has_cpu_flag(snapshot.text("proc/cpuinfo").value_or(""), flag);
}

Diagnosis page_table_isolation(const Snapshot& snapshot) {
  const auto state = snapshot.text(kCpus + "/vulnerabilities/meltdown");
  Diagnosis finding{Grade::ok,
                    state.value_or("unknown"),
                    "not PTI",
                    "with page-table isolation each flush is of two address spaces",
                    "boot with pti=off, on a machine that may",
                    {}};
  if (!state) finding.grade = Grade::unknown;
  if (state && state->find("PTI") != std::string::npos) finding.grade = Grade::warning;
  return finding;
}

Diagnosis address_space_ids(const Snapshot& snapshot) {
  Diagnosis finding{Grade::ok,
                    "",
                    "pcid and invpcid",
                    "without them every switch between processes empties the TLB",
                    "a newer CPU, or a hypervisor that passes them on",
                    {}};
  const std::string vendor(
      os::find_value(snapshot.text("proc/cpuinfo").value_or(""), "vendor_id", ':').value_or(""));
  if (vendor.empty()) return {Grade::ok, "not x86", finding.wanted, finding.why, "", {}};
  const bool pcid = has_flag(snapshot, "pcid"), invpcid = has_flag(snapshot, "invpcid");
  finding.found = pcid && invpcid ? "both" : pcid ? "pcid alone" : "neither";
  if (!pcid || !invpcid) finding.grade = Grade::warning;
  return finding;
}

/// How it flushes, in a few words.
std::string method_of(const FlushFacts& flush) {
  switch (flush.method) {
    case FlushMethod::ipi:
      return flush.paravirt_flush_offered ? "interrupts, if the vCPU runs" : "interrupts";
    case FlushMethod::broadcast:
      return "an instruction that broadcasts";
    case FlushMethod::hypercall:
      return "hypercalls";
    case FlushMethod::unknown:
      break;
  }
  return "unknown";
}

Diagnosis flush_path(const Snapshot& snapshot) {
  const FlushFacts& flush = snapshot.machine.flush;
  Diagnosis finding{Grade::ok,    method_of(flush),
                    "interrupts", "flushes that are not interrupts leave no IPIs to count",
                    "",           {}};
  if (flush.method == FlushMethod::broadcast || flush.method == FlushMethod::hypercall) {
    finding.grade = Grade::failed;
    finding.fix = flush.method == FlushMethod::broadcast
                      ? "look at tlb_flushes_sent and throughput instead"
                      : "measure on bare metal, or in a guest without that enlightenment";
  } else if (flush.method == FlushMethod::unknown) {
    finding.grade = Grade::unknown;
  } else if (flush.paravirt_flush_offered) {
    finding.grade = Grade::warning;
    finding.why = "flushes to vCPUs that are not running are put off and send no interrupt";
    finding.fix = "keep all vCPUs running: workers that spin do, and a trial says when they did not";
  }
  return finding;
}

Diagnosis virtualisation(const Snapshot& snapshot) {
  const std::string& hypervisor = snapshot.machine.flush.hypervisor;
  if (hypervisor.empty())
    return {Grade::ok, "bare metal", "bare metal", "an interrupt between vCPUs may leave the guest", "", {}};
  return {Grade::warning,
          "a guest of " + hypervisor,
          "bare metal",
          "an interrupt between vCPUs may leave the guest, and its time is the host's",
          "",
          {}};
}

Diagnosis irqbalance(const Snapshot& snapshot) {
  Diagnosis finding{
      Grade::ok, "not running", "not running", "it moves devices' interrupts between CPUs as they run", "",
      {}};
  for (const std::string& process : snapshot.list("proc"))
    if (os::to_number(process) && snapshot.text("proc/" + process + "/comm") == "irqbalance") {
      finding.grade = Grade::warning;
      finding.found = "running as process " + process;
      finding.fix = "systemctl stop irqbalance";
    }
  return finding;
}

Diagnosis load(const Snapshot& snapshot) {
  Diagnosis finding{Grade::unknown,
                    "unknown",
                    "less than 5% of the CPUs",
                    "workers that wait for a CPU get no interrupts; trials are called invalid",
                    "see what runs: top",
                    {}};
  if (!snapshot.busy_with_others) return finding;
  const double cpus = std::max<double>(1, static_cast<double>(snapshot.machine.topology.online.size()));
  const double share = *snapshot.busy_with_others / cpus;
  finding.found = fmt::format("{:.0f}% busy", 100 * share);
  finding.grade = share > 0.25 ? Grade::failed : share > 0.05 ? Grade::warning : Grade::ok;
  return finding;
}

constexpr auto kChecks = std::to_array<DoctorCheck>(
    {{"governor", &governor, false},
     {"boost", &boost, false},
     {"smt", &smt, false},
     {"idle_states", &idle_states, false},
     {"pti", &page_table_isolation, false},
     {"pcid", &address_space_ids, false},
     {"flush_path", &flush_path, true},
     {"virtualisation", &virtualisation, false},
     {"irqbalance", &irqbalance, false},
     {"load", &load, true},
     {"numa_balancing",
      [](const Snapshot& snapshot) {
        Diagnosis finding =
            check_setting(snapshot, {"proc/sys/kernel/numa_balancing",
                                     {"0"},
                                     Grade::warning,
                                     "it takes rights from pages to see who uses them, with a flush each",
                                     "not built in"});
        if (snapshot.machine.topology.memory_nodes.size() < 2)
          return Diagnosis{Grade::ok, "one node", finding.wanted, finding.why, "", {}};
        return finding;
      },
      false}});

}  // namespace

std::span<const DoctorCheck> cpu_checks() { return kChecks; }

}  // namespace tlbstorm::machine
