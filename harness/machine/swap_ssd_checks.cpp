// SPDX-License-Identifier: Apache-2.0
// Checks of swap on SSDs, from "Utilizing Linux Swap with Intel Optane DC SSDs", 340608-001US, 2019: what it
// says of the kernel, of reclaim's settings and of the devices.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "harness/machine/setting_check.hpp"
#include "harness/os/error.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

constexpr const char* kNoSwap = "no swap is active";
constexpr const char* kAddSwap = "swapon the areas that are to be used";

Diagnosis kernel_version(const Snapshot& snapshot) {
  Diagnosis finding{
      Grade::unknown,   snapshot.kernel_release,
      "4.14 or later",  "swap readahead by address and swap slots without a lock came with 4.11 to 4.14",
      "a newer kernel", {}};
  const std::string& release = snapshot.kernel_release;
  const auto major = os::to_number(release.substr(0, release.find('.')));
  const std::size_t second = release.find('.') + 1;
  const auto minor =
      os::to_number(release.substr(second, release.find_first_not_of("0123456789", second) - second));
  if (!major || !minor) return finding;
  finding.grade = *major > 4 || (*major == 4 && *minor >= 14) ? Grade::ok : Grade::failed;
  return finding;
}

Diagnosis rcu_callbacks(const Snapshot& snapshot) {
  const std::vector<int>& online = snapshot.machine.topology.online;
  Diagnosis finding{Grade::warning,
                    "rcu_nocbs is not set",
                    "rcu_nocbs on all CPUs",
                    "RCU callbacks that run in interrupts delay the swap-in of a page",
                    fmt::format("boot with rcu_nocbs={}", os::format_list(online)),
                    {}};
  const auto value = snapshot.boot_option("rcu_nocbs");
  if (snapshot.config("RCU_NOCB_CPU").value_or("y") != "y") {
    finding.found = value ? "not built in, so rcu_nocbs does nothing" : "not built in";
    finding.fix = "a kernel with CONFIG_RCU_NOCB_CPU=y; " + finding.fix;
    return finding;
  }
  if (!value && snapshot.config("RCU_NOCB_CPU_DEFAULT_ALL") == "y") {
    finding.grade = Grade::ok;
    finding.found = "all, by the kernel's config";
  }
  if (!value) return finding;
  finding.found = "rcu_nocbs=" + *value;
  try {
    const std::string last = online.empty() ? "0" : std::to_string(online.back());
    std::string list = *value;
    if (list == "all") list = "0-" + last;
    if (list.ends_with("N")) list.replace(list.size() - 1, 1, last);
    const std::vector<int> given = os::parse_list("rcu_nocbs", list);
    if (std::includes(given.begin(), given.end(), online.begin(), online.end())) finding.grade = Grade::ok;
  } catch (const os::UsageError&) {  // a form that we don't know
    finding.grade = Grade::unknown;
  }
  return finding;
}

Diagnosis huge_pages(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/transparent_hugepage/enabled",
                                  {"never"},
                                  Grade::warning,
                                  "a huge page has to be split before it can be swapped out",
                                  "not built in"});
}
Diagnosis huge_page_defrag(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/transparent_hugepage/defrag",
                                  {"never"},
                                  Grade::warning,
                                  "a fault that compacts memory waits for much more than a page",
                                  "not built in"});
}
Diagnosis watermarks(const Snapshot& snapshot) {
  return check_setting(snapshot, {"proc/sys/vm/watermark_scale_factor",
                                  {"400"},
                                  Grade::warning,
                                  "kswapd that begins late leaves the reclaim to the faulting tasks",
                                  "before Linux 4.6"});
}
Diagnosis page_cluster(const Snapshot& snapshot) {
  return check_setting(snapshot, {"proc/sys/vm/page-cluster",
                                  {"0"},
                                  Grade::warning,
                                  "reading 8 pages for one costs more on an SSD than it saves",
                                  "unknown"});
}
Diagnosis swappiness(const Snapshot& snapshot) {
  Diagnosis finding{Grade::unknown,
                    snapshot.text("proc/sys/vm/swappiness").value_or("unknown"),
                    "60 or more",
                    "below, file pages are given up before anonymous ones, however cold",
                    "",
                    {}};
  const auto value = os::to_number(finding.found);
  if (!value) return finding;
  finding.grade = *value >= 60 ? Grade::ok : Grade::warning;
  if (finding.grade == Grade::ok) return finding;
  finding.fix = "sysctl -w vm.swappiness=60";
  finding.repairs = {{snapshot.root / "proc/sys/vm/swappiness", "60"}};
  return finding;
}

/// 28 areas are what the kernel takes where page migration, poisoning and device memory use the other types:
/// include/linux/swap.h, MAX_SWAPFILES.
Diagnosis areas(const Snapshot& snapshot) {
  const std::vector<SwapArea>& swaps = snapshot.machine.swaps;
  Diagnosis finding{Grade::failed,
                    kNoSwap,
                    "several areas of equal priority, up to 28",
                    "areas of equal priority are used in turn, each with locks of its own",
                    kAddSwap,
                    {}};
  if (swaps.empty()) return finding;
  std::set<int> priorities;
  for (const SwapArea& area : swaps) priorities.insert(area.priority);
  finding.found = fmt::format("{} area{}, {} priorit{}", swaps.size(), swaps.size() == 1 ? "" : "s",
                              priorities.size(), priorities.size() == 1 ? "y" : "ies");
  finding.grade = swaps.size() > 1 && priorities.size() == 1 ? Grade::ok : Grade::warning;
  finding.fix = "swapon -p 100 each of several partitions";
  return finding;
}

Diagnosis no_files(const Snapshot& snapshot) {
  std::vector<std::string> files;
  for (const SwapArea& area : snapshot.machine.swaps)
    if (block_name(area).empty()) files.push_back(area.path);
  Diagnosis finding{Grade::ok, "none",
                    "none",    "a file shares its disk and its file system's locks with everyone else",
                    "",        {}};
  if (files.empty()) return finding;
  finding.grade = Grade::warning;
  finding.found = fmt::format("{}", fmt::join(files, ", "));
  finding.fix = "swapoff it, and swap on partitions of disks of their own";
  return finding;
}

/// The folders of the disks that swap is on: of a partition, the disk that it is on.
std::vector<std::string> disks(const Snapshot& snapshot) {
  std::set<std::string> folders;
  for (const SwapArea& area : snapshot.machine.swaps) {
    const std::string name = block_name(area);
    if (name.empty() || name.starts_with("zram")) continue;
    const std::string folder = "sys/class/block/" + name;
    folders.insert(snapshot.text(folder + "/partition") ? folder + "/.." : folder);
  }
  return {folders.begin(), folders.end()};
}

/// One file of each disk's queue.
struct QueueSetting {
  const char* file;
  const char* wanted;
  bool can_be_set;
  const char* why;
};

Diagnosis check_queues(const Snapshot& snapshot, const QueueSetting& setting) {
  Diagnosis finding{Grade::ok, "no swap on disks", setting.wanted, setting.why, "", {}};
  std::set<std::string> values;
  for (const std::string& disk : disks(snapshot)) {
    const std::string path = disk + "/queue/" + setting.file;
    const auto text = snapshot.text(path);
    if (!text) continue;
    values.insert(chosen(*text));
    if (chosen(*text) == setting.wanted) continue;
    finding.grade = Grade::warning;
    if (!setting.can_be_set) continue;
    finding.fix += fmt::format("{}{}", finding.fix.empty() ? "" : "; ", write_command(path, setting.wanted));
    finding.repairs.emplace_back(snapshot.root / path, setting.wanted);
  }
  if (!values.empty()) finding.found = fmt::format("{}", fmt::join(values, ", "));
  if (finding.grade == Grade::warning && !setting.can_be_set)
    finding.fix =
        "format the namespace with 4 KiB blocks: nvme format --block-size=4096 (destroys what is on it)";
  return finding;
}

Diagnosis scheduler(const Snapshot& snapshot) {
  return check_queues(snapshot, {"scheduler", "none", true,
                                 "an I/O scheduler costs more than it saves where a read takes 10 us"});
}
Diagnosis queue_depth(const Snapshot& snapshot) {
  return check_queues(snapshot,
                      {"nr_requests", "1023", true, "fewer requests in flight than the device can take"});
}
Diagnosis sectors(const Snapshot& snapshot) {
  return check_queues(
      snapshot, {"logical_block_size", "4096", false, "a page is written as eight sectors of 512 bytes"});
}
Diagnosis merging(const Snapshot& snapshot) {
  return check_queues(
      snapshot, {"nomerges", "2", true, "looking for requests to merge takes longer than sending them"});
}

/// A page fault on one socket should not wait for a disk at the other.
Diagnosis sockets(const Snapshot& snapshot) {
  const std::size_t nodes = snapshot.machine.topology.memory_nodes.size();
  std::set<std::string> with_swap;
  for (const std::string& disk : disks(snapshot))
    with_swap.insert(snapshot.text(disk + "/device/numa_node")
                         .value_or(snapshot.text(disk + "/device/device/numa_node").value_or("?")));
  Diagnosis finding{Grade::ok,
                    fmt::format("{} of {} nodes have swap of their own", with_swap.size(), nodes),
                    "swap on every node",
                    "a fault waits for a disk at another socket",
                    "",
                    {}};
  if (with_swap.empty()) finding.found = "no swap on disks";
  if (with_swap.contains("?") || with_swap.contains("-1")) finding.grade = Grade::unknown;
  if (finding.grade == Grade::unknown) finding.found = "the disks' nodes are not told";
  if (nodes < 2 || with_swap.empty() || finding.grade == Grade::unknown) return finding;
  if (with_swap.size() < nodes) {
    finding.grade = Grade::warning;
    finding.fix = "add swap on disks of the other sockets, at the same priority";
  }
  return finding;
}

constexpr auto kChecks = std::to_array<DoctorCheck>({{"kernel", &kernel_version, false},
                                                     {"rcu_nocbs", &rcu_callbacks, false},
                                                     {"thp", &huge_pages, false},
                                                     {"thp_defrag", &huge_page_defrag, false},
                                                     {"watermark_scale_factor", &watermarks, false},
                                                     {"swappiness", &swappiness, false},
                                                     {"page_cluster", &page_cluster, false},
                                                     {"swap_areas", &areas, false},
                                                     {"swap_files", &no_files, false},
                                                     {"swap_sockets", &sockets, false},
                                                     {"scheduler", &scheduler, false},
                                                     {"queue_depth", &queue_depth, false},
                                                     {"sector_size", &sectors, false},
                                                     {"nomerges", &merging, false}});

}  // namespace

std::span<const DoctorCheck> swap_ssd_checks() { return kChecks; }

}  // namespace tlbstorm::machine
