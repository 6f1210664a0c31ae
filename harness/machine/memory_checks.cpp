// SPDX-License-Identifier: Apache-2.0
// Checks of memory management: what moves, merges, compresses or enlarges pages behind the measurement.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "harness/machine/setting_check.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

Diagnosis huge_pages(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/transparent_hugepage/enabled",
                                  {"madvise", "never"},
                                  Grade::warning,
                                  "huge pages are reclaimed and flushed as one, until they are split",
                                  "not built in"});
}

/// Documentation/admin-guide/mm/transhuge.rst: sizes below a huge page, since Linux 6.8.
Diagnosis multi_size_huge_pages(const Snapshot& snapshot) {
  const std::string folder = "sys/kernel/mm/transparent_hugepage";
  Diagnosis finding{
      Grade::ok, "none", "never, or inherit", "folios of several pages are swapped and flushed as one",
      "",        {}};
  std::vector<std::string> on;
  for (const std::string& name : snapshot.list(folder)) {
    if (!name.starts_with("hugepages-")) continue;
    const std::string path = folder + "/" + name + "/enabled";
    const std::string value = chosen(snapshot.text(path).value_or("never"));
    if (value != "always" && value != "madvise") continue;
    on.push_back(fmt::format("{} {}", name.substr(10), value));
    finding.repairs.emplace_back(snapshot.root / path, "never");
    finding.fix += fmt::format("{}echo never > /{}", finding.fix.empty() ? "" : "; ", path);
  }
  if (on.empty()) return finding;
  finding.grade = Grade::warning;
  finding.found = fmt::format("{}", fmt::join(on, ", "));
  return finding;
}

Diagnosis same_page_merging(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/kernel/mm/ksm/run",
                                  {"0", "2"},
                                  Grade::warning,
                                  "it write-protects pages to merge them, with a flush each",
                                  "not built in"});
}

Diagnosis compressed_swap_cache(const Snapshot& snapshot) {
  return check_setting(snapshot, {"sys/module/zswap/parameters/enabled",
                                  {"N"},
                                  Grade::warning,
                                  "pages are compressed in memory and may never reach the swap device",
                                  "not built in"});
}

Diagnosis swappiness(const Snapshot& snapshot) {
  Diagnosis finding{Grade::ok,
                    snapshot.text("proc/sys/vm/swappiness").value_or("unknown"),
                    "more than 0",
                    "with 0, anonymous pages stay until there are no file pages left",
                    "",
                    {}};
  if (finding.found != "0") return finding;
  finding.grade = Grade::warning;
  finding.fix = "sysctl -w vm.swappiness=60";
  finding.repairs = {{snapshot.root / "proc/sys/vm/swappiness", "60"}};
  return finding;
}

Diagnosis overcommit(const Snapshot& snapshot) {
  return check_setting(snapshot,
                       {"proc/sys/vm/overcommit_memory",
                        {"0", "1"},
                        Grade::warning,
                        "with 2, a working set above the commit limit is refused instead of swapped",
                        "unknown"});
}

/// Both kinds of reclaim are right to measure, but not to compare.
Diagnosis multi_generational_lru(const Snapshot& snapshot) {
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

/// It looks at memory that did not ask for huge pages only with "always": mm/khugepaged.c,
/// hugepage_pmd_enabled.
Diagnosis khugepaged(const Snapshot& snapshot) {
  constexpr std::uint64_t kHour = 3'600'000;  // ms
  const std::string folder = "sys/kernel/mm/transparent_hugepage";
  const std::string file = folder + "/khugepaged/scan_sleep_millisecs";
  Diagnosis finding{Grade::ok,
                    "not running",
                    "only what asks for it, or an hour's sleep",
                    "it copies the workload's pages into huge ones while it runs, with flushes of its own",
                    write_command(file, std::to_string(kHour)),
                    {{snapshot.root / file, std::to_string(kHour)}}};
  const std::string enabled = chosen(snapshot.text(folder + "/enabled").value_or("never"));
  const auto sleep = os::to_number(snapshot.text(file).value_or(""));
  if (!sleep || enabled == "never") return finding;
  finding.found =
      enabled == "always" ? fmt::format("all memory, every {} ms", *sleep) : "only what asks for it";
  if (enabled == "always" && *sleep < kHour) finding.grade = Grade::warning;
  return finding;
}

/// What DAMON does besides watching (Documentation/admin-guide/mm/damon/usage.rst, reclaim.rst and
/// lru_sort.rst), and the commands that stop it. Others chose it for this machine, so it is no fix of ours.
class DamonSchemes {
 public:
  explicit DamonSchemes(const Snapshot& snapshot) : snapshot_(snapshot) {
    for (const char* const name : {"damon_reclaim", "damon_lru_sort"}) module(name);
    const std::string all = "sys/kernel/mm/damon/admin/kdamonds";
    for (const std::string& name : snapshot.list(all))
      if (snapshot.text(all + "/" + name + "/state") == "on") kdamond(all + "/" + name);
    if (on_) return;
    for (const std::string& process : snapshot.list("proc"))
      if (os::to_number(process) &&
          snapshot.text("proc/" + process + "/comm").value_or("").starts_with("kdamond"))
        add(fmt::format("process {}, doing what is not told", process), "");
  }
  bool on() const { return on_; }
  const std::vector<std::string>& found() const { return found_; }
  const std::vector<std::string>& commands() const { return commands_; }

 private:
  void module(const std::string& name) {
    const std::string file = "sys/module/" + name + "/parameters/enabled";
    if (snapshot_.text(file) == "Y") add(name, write_command(file, "N"));
  }
  void kdamond(const std::string& folder) {
    on_ = true;
    for (const std::string& context : snapshot_.list(folder + "/contexts")) {
      const std::string schemes = folder + "/contexts/" + context + "/schemes";
      for (const std::string& scheme : snapshot_.list(schemes))
        if (const auto action = snapshot_.text(schemes + "/" + scheme + "/action");
            action && *action != "stat")
          add(*action, write_command(folder + "/state", "off"));
    }
  }
  void add(const std::string& what, const std::string& command) {
    on_ = true;
    found_.push_back(what);
    if (!command.empty() && (commands_.empty() || commands_.back() != command)) commands_.push_back(command);
  }
  const Snapshot& snapshot_;
  bool on_ = false;
  std::vector<std::string> found_, commands_;
};

Diagnosis damon(const Snapshot& snapshot) {
  const DamonSchemes schemes(snapshot);
  Diagnosis finding{Grade::ok,
                    schemes.on() ? "only watching" : "not running",
                    "not running, or only watching",
                    "it reclaims or moves pages on its own, and what that flushes is counted as the trial's",
                    fmt::format("{}", fmt::join(schemes.commands(), "; ")),
                    {}};
  if (schemes.found().empty()) return finding;
  finding.grade = Grade::warning;
  finding.found = fmt::format("{}", fmt::join(schemes.found(), ", "));
  return finding;
}

constexpr auto kChecks = std::to_array<DoctorCheck>({{"thp", &huge_pages, false},
                                                     {"mthp", &multi_size_huge_pages, false},
                                                     {"khugepaged", &khugepaged, false},
                                                     {"damon", &damon, false},
                                                     {"ksm", &same_page_merging, false},
                                                     {"zswap", &compressed_swap_cache, false},
                                                     {"swappiness", &swappiness, false},
                                                     {"overcommit", &overcommit, false},
                                                     {"mglru", &multi_generational_lru, false}});

}  // namespace

std::span<const DoctorCheck> memory_checks() { return kChecks; }

}  // namespace tlbstorm::machine
