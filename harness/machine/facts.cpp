// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/machine/cpu_flags.hpp"
#include "harness/os/error.hpp"
#include "harness/os/fd.hpp"
#include "harness/os/meminfo.hpp"
#include "harness/os/perf_event.hpp"
#include "harness/os/pmu_event.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

namespace fs = std::filesystem;

struct FileFact {
  const char* key;
  const char* path;
};
constexpr auto kFiles = std::to_array<FileFact>({
    {"cmdline", "proc/cmdline"},
    {"smt", "sys/devices/system/cpu/smt/active"},
    {"governor", "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"},
    {"boost", "sys/devices/system/cpu/cpufreq/boost"},
    {"clocksource", "sys/devices/system/clocksource/clocksource0/current_clocksource"},
    {"product", "sys/class/dmi/id/product_name"},
    {"thp", "sys/kernel/mm/transparent_hugepage/enabled"},
    {"thp_defrag", "sys/kernel/mm/transparent_hugepage/defrag"},
    {"thp_shmem", "sys/kernel/mm/transparent_hugepage/shmem_enabled"},
    {"mglru", "sys/kernel/mm/lru_gen/enabled"},
    {"zswap", "sys/module/zswap/parameters/enabled"},
    {"ksm", "sys/kernel/mm/ksm/run"},
    {"numa_balancing", "proc/sys/kernel/numa_balancing"},
    {"swappiness", "proc/sys/vm/swappiness"},
    {"page_cluster", "proc/sys/vm/page-cluster"},
    {"watermark_scale_factor", "proc/sys/vm/watermark_scale_factor"},
    {"min_free_kbytes", "proc/sys/vm/min_free_kbytes"},
    {"overcommit_memory", "proc/sys/vm/overcommit_memory"},
    {"perf_event_paranoid", "proc/sys/kernel/perf_event_paranoid"},
    {"zone_reclaim_mode", "proc/sys/vm/zone_reclaim_mode"},
});

/// "meltdown: Not affected; spectre_v2: Mitigation: Retpolines", without those that don't concern this CPU.
std::string mitigations(const fs::path& root) {
  std::vector<std::string> parts;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(root / "sys/devices/system/cpu/vulnerabilities", error)) {
    const std::string state(os::trim(os::try_read_text(entry.path()).value_or("")));
    if (!state.empty() && state != "Not affected")
      parts.push_back(fmt::format("{}: {}", entry.path().filename().native(), state));
  }
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// The CPU flags that decide what a flush costs.
std::string flush_flags(std::string_view cpuinfo) {
  static constexpr std::array<std::string_view, 5> kFlags{"pcid", "invpcid", "pti", "invlpgb", "lam"};
  std::vector<std::string_view> present;
  for (const std::string_view flag : kFlags)
    if (has_cpu_flag(cpuinfo, flag)) present.push_back(flag);
  return fmt::format("{}", fmt::join(present, " "));
}

/// libpfm4 goes by the CPU's model, and a hypervisor mostly gives no counters of it: that is found out by
/// asking for one. Where we may not ask, there may be one.
bool may_count_cycles() try {
  perf_event_attr cycles{};
  cycles.type = PERF_TYPE_HARDWARE;
  cycles.config = PERF_COUNT_HW_CPU_CYCLES;
  cycles.exclude_kernel = cycles.exclude_hv = 1;
  os::CounterGroup(os::Watched::calling_thread()).add(cycles, "cycles");
  return true;
} catch (const os::SystemError& error) {
  return error.code() == EACCES || error.code() == EPERM;
}

/// The hardware PMUs that libpfm4 knows here, or "none".
std::string hardware_pmus() {
  const std::vector<std::string> names = os::PmuEvents().hardware_pmus();
  return names.empty() || !may_count_cycles() ? "none" : fmt::format("{}", fmt::join(names, " "));
}

std::string swap_text(const std::vector<SwapArea>& swaps) {
  std::vector<std::string> parts;
  for (const SwapArea& area : swaps)
    parts.push_back(fmt::format("{} {} priority {}", area.path, os::format_size(area.size), area.priority));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, "; "));
}

std::string cgroup_text(const CgroupHome& home) {
  static constexpr std::array<const char*, 3> kNames{"none", "v1", "v2"};
  return kNames[static_cast<std::size_t>(home.version)];
}

}  // namespace

std::string chosen(std::string_view text) { return std::string(os::chosen(text)); }

std::vector<Fact> collect_facts(const fs::path& root, const Machine& machine) {
  std::vector<Fact> facts;
  const auto add = [&](const char* key, std::string value) {
    if (!value.empty()) facts.push_back({key, std::move(value)});
  };
  const std::string cpuinfo = os::try_read_text(root / "proc/cpuinfo").value_or("");
  add("cpu_model", std::string(os::find_value(cpuinfo, "model name", ':').value_or("")));
  add("microcode", std::string(os::find_value(cpuinfo, "microcode", ':').value_or("")));
  add("cpu_flags", flush_flags(cpuinfo));
  add("cpus_online", os::format_list(machine.topology.online));
  add("mitigations", mitigations(root));
  add("flush_method", machine.flush.text);
  add("hypervisor", machine.flush.hypervisor);
  add("memory_total", os::format_size(machine.memory));
  add("swaps", swap_text(machine.swaps));
  add("cgroup", cgroup_text(machine.cgroup));
  for (const FileFact& file : kFiles)
    if (const auto text = os::try_read_text(root / file.path)) {
      const bool choice = std::string_view(file.key).starts_with("thp");
      add(file.key, choice ? chosen(*text) : std::string(os::trim(*text)));
    }
  return facts;
}

Machine inspect() {
  Machine machine;
  utsname name{};
  ::uname(&name);
  const std::string meminfo_text = os::read_text("/proc/meminfo");
  machine.topology = read_topology("/", allowed_cpus());
  machine.flush = judge_flush(os::read_text("/proc/cpuinfo"), name.machine, read_cpuid());
  machine.memory = os::meminfo(meminfo_text, "MemTotal").value_or(os::Bytes{});
  machine.available = os::meminfo(meminfo_text, "MemAvailable").value_or(os::Bytes{});
  machine.swaps = parse_swaps(os::try_read_text("/proc/swaps").value_or(""));
  machine.cgroup =
      find_cgroup_home("/", os::read_text("/proc/self/cgroup"), os::read_text("/proc/self/mountinfo"));
  machine.facts = {
      {"kernel_release", name.release}, {"kernel_version", name.version}, {"architecture", name.machine}};
  for (Fact& fact : collect_facts("/", machine)) machine.facts.push_back(std::move(fact));
  machine.facts.push_back({"pmu", hardware_pmus()});
  return machine;
}

}  // namespace tlbstorm::machine
