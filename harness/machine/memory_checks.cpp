// SPDX-License-Identifier: Apache-2.0
// Checks of memory management: what moves, merges, compresses or enlarges pages behind the measurement.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "harness/machine/setting_check.hpp"

namespace tlbstorm::machine {
namespace {

Finding huge_pages(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/transparent_hugepage/enabled",
                                  {"madvise", "never"},
                                  Grade::warn,
                                  "huge pages are reclaimed and flushed as one, until they are split",
                                  "not built in"});
}

/// Documentation/admin-guide/mm/transhuge.rst: sizes below a huge page, since Linux 6.8.
Finding multi_size_huge_pages(const Snapshot& snapshot) {
  const std::string folder = "sys/kernel/mm/transparent_hugepage";
  Finding finding{
      Grade::ok, "none", "never, or inherit", "folios of several pages are swapped and flushed as one",
      "",        {}};
  std::vector<std::string> on;
  for (const std::string& name : snapshot.list(folder)) {
    if (!name.starts_with("hugepages-")) continue;
    const std::string path = folder + "/" + name + "/enabled";
    const std::string value = chosen(snapshot.text(path).value_or("never"));
    if (value != "always" && value != "madvise") continue;
    on.push_back(fmt::format("{} {}", name.substr(10), value));
    finding.fix.emplace_back(snapshot.root / path, "never");
    finding.command += fmt::format("{}echo never > /{}", finding.command.empty() ? "" : "; ", path);
  }
  if (on.empty()) return finding;
  finding.grade = Grade::warn;
  finding.found = fmt::format("{}", fmt::join(on, ", "));
  return finding;
}

Finding same_page_merging(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/ksm/run",
                                  {"0", "2"},
                                  Grade::warn,
                                  "it write-protects pages to merge them, with a flush each",
                                  "not built in"});
}

Finding compressed_swap_cache(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/module/zswap/parameters/enabled",
                                  {"N"},
                                  Grade::warn,
                                  "pages are compressed in memory and may never reach the swap device",
                                  "not built in"});
}

Finding swappiness(const Snapshot& snapshot) {
  Finding finding{Grade::ok,
                  snapshot.text("proc/sys/vm/swappiness").value_or("not told"),
                  "more than 0",
                  "with 0, anonymous pages stay until there are no file pages left",
                  "",
                  {}};
  if (finding.found != "0") return finding;
  finding.grade = Grade::warn;
  finding.command = "sysctl -w vm.swappiness=60";
  finding.fix = {{snapshot.root / "proc/sys/vm/swappiness", "60"}};
  return finding;
}

Finding overcommit(const Snapshot& snapshot) {
  return check_setting(snapshot,
                       {"proc/sys/vm/overcommit_memory",
                        {"0", "1"},
                        Grade::warn,
                        "with 2, a working set above the commit limit is refused instead of swapped",
                        "not told"});
}

/// Both kinds of reclaim are right to measure, but not to compare.
Finding multi_generational_lru(const Snapshot& snapshot) {
  const auto state = snapshot.text("sys/kernel/mm/lru_gen/enabled");
  const bool on = state && *state != "0x0000" && *state != "0";
  return {Grade::ok,
          !state ? "not built in"
          : on   ? "on (" + *state + ")"
                 : "off",
          "the same on both sides",
          "it batches more pages for each flush than the lists of active and inactive pages",
          "",
          {}};
}

constexpr std::array<Check, 7> kChecks{{{"thp", &huge_pages, false},
                                        {"mthp", &multi_size_huge_pages, false},
                                        {"ksm", &same_page_merging, false},
                                        {"zswap", &compressed_swap_cache, false},
                                        {"swappiness", &swappiness, false},
                                        {"overcommit", &overcommit, false},
                                        {"mglru", &multi_generational_lru, false}}};

}  // namespace

std::span<const Check> memory_checks() { return kChecks; }

}  // namespace tlbstorm::machine
