// SPDX-License-Identifier: Apache-2.0
// The trial's own memory cgroup: what it holds, what was reclaimed from it, whether it met its limit.
// v2: Documentation/admin-guide/cgroup-v2.rst; v1: Documentation/admin-guide/cgroup-v1/memory.rst.
#include <algorithm>

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

using machine::CgroupVersion;

/// A "key value" file of the cgroup and the keys that we take from it.
struct StatFile {
  std::string_view file;
  std::vector<std::string> gauges;
  std::vector<std::string> counters;
  std::string_view gauge_unit;
};

/// A file that holds one number.
struct ValueFile {
  std::string_view file;
  std::string_view column;
  std::string_view unit;
  Kind kind;
};

const std::vector<StatFile> kStatV2{
    {"memory.stat",
     {"anon", "file", "file_mapped", "file_dirty", "file_writeback", "swapcached", "unevictable"},
     {"pgfault",
      "pgmajfault",
      "pgsteal",
      "pgscan",
      "pgsteal_kswapd",
      "pgsteal_direct",
      "pgsteal_khugepaged",
      "pgsteal_proactive",
      "pgscan_kswapd",
      "pgscan_direct",
      "pgscan_khugepaged",
      "pgscan_proactive",
      "pgrefill",
      "pgactivate",
      "pgdeactivate",
      "pswpin",
      "pswpout",
      "swpin_zero",
      "swpout_zero",
      "zswpin",
      "zswpout",
      "workingset_refault_anon",
      "workingset_refault_file"},
     "bytes"},
    {"memory.events", {}, {"low", "high", "max", "oom", "oom_kill"}, "events"},
};
const std::vector<StatFile> kStatV1{
    {"memory.stat",
     {"cache", "rss", "mapped_file", "dirty", "writeback", "swap", "unevictable"},
     {"pgpgin", "pgpgout", "pgfault", "pgmajfault", "workingset_refault_anon", "workingset_refault_file"},
     "bytes"},
    {"memory.oom_control", {}, {"oom_kill"}, "events"},
};
const std::vector<ValueFile> kValuesV2{{"memory.current", "usage", "bytes", Kind::gauge},
                                       {"memory.swap.current", "swap_usage", "bytes", Kind::gauge}};
const std::vector<ValueFile> kValuesV1{{"memory.usage_in_bytes", "usage", "bytes", Kind::gauge},
                                       {"memory.failcnt", "max", "events", Kind::counter}};

class Memcg final : public Probe {
 public:
  Memcg(const std::filesystem::path& folder, const std::vector<StatFile>& stats,
        const std::vector<ValueFile>& values) {
    for (const StatFile& stat : stats) open_stat(folder, stat);
    for (const ValueFile& value : values) {
      if (!std::filesystem::exists(folder / value.file)) continue;
      values_.push_back({value.file, TextFile(folder / value.file), columns_.size()});
      columns_.push_back({"memcg." + std::string(value.column), std::string(value.unit), value.kind});
    }
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    for (OpenStat& stat : stats_) stat.scanner.scan(stat.text.read(), row);
    for (OpenValue& value : values_)
      if (const auto number = os::to_number(os::trim(value.text.read())))
        row[value.column] = static_cast<double>(*number);
  }

  /// Each trial has a cgroup of its own.
  void begin_trial(const Target& target) override {
    for (OpenStat& stat : stats_) stat.text.reopen(target.cgroup / stat.file);
    for (OpenValue& value : values_) value.text.reopen(target.cgroup / value.file);
  }

 private:
  struct OpenStat {
    std::string_view file;
    TextFile text;
    KeyScanner scanner;
  };
  struct OpenValue {
    std::string_view file;
    TextFile text;
    std::size_t column;
  };

  void open_stat(const std::filesystem::path& folder, const StatFile& stat) {
    if (!std::filesystem::exists(folder / stat.file)) return;
    TextFile file(folder / stat.file);
    std::vector<std::string> wanted = stat.gauges;
    wanted.insert(wanted.end(), stat.counters.begin(), stat.counters.end());
    std::vector<Key> keys;
    for (const std::string& name : KeyScanner::find(file.read(), wanted)) {
      const bool gauge = std::find(stat.gauges.begin(), stat.gauges.end(), name) != stat.gauges.end();
      keys.push_back({name, columns_.size()});
      columns_.push_back({"memcg." + name, gauge ? std::string(stat.gauge_unit) : counter_unit(stat),
                          gauge ? Kind::gauge : Kind::counter});
    }
    stats_.push_back({stat.file, std::move(file), KeyScanner(std::move(keys))});
  }

  static std::string counter_unit(const StatFile& stat) {
    return stat.file == "memory.stat" ? "pages" : "events";
  }

  std::vector<OpenStat> stats_;
  std::vector<OpenValue> values_;
};

Opened open(const Target& target) {
  if (target.cgroup.empty())
    return Unavailable{"the trial runs in no memory cgroup of its own",
                       "run as root, or in a delegated cgroup"};
  const bool v2 = target.cgroup_version == CgroupVersion::v2;
  return std::make_unique<Memcg>(target.cgroup, v2 ? kStatV2 : kStatV1, v2 ? kValuesV2 : kValuesV1);
}

const RegisteredProbe registration{{"memcg",
                                    "usage, reclaim, refaults and OOM events of the trial's memory cgroup",
                                    Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
