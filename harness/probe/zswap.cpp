// SPDX-License-Identifier: Apache-2.0
// The compressed cache in front of swap: what it holds, and the pages that went in, came back, or were
// written on to the device. Documentation/admin-guide/mm/zswap.rst; /proc/meminfo's lines are in
// Documentation/filesystems/proc.rst.
#include <algorithm>
#include <array>

#include "harness/os/fd.hpp"
#include "harness/os/meminfo.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

struct Gauge {
  const char* key;
  const char* column;
};

constexpr auto kGauges = std::to_array<Gauge>({{"Zswap", "zswap.compressed"}, {"Zswapped", "zswap.stored"}});
constexpr auto kCounters = std::to_array<Gauge>(
    {{"zswpin", "zswap.loads"}, {"zswpout", "zswap.stores"}, {"zswpwb", "zswap.writebacks"}});

class Zswap final : public Probe {
 public:
  explicit Zswap(const std::filesystem::path& proc)
      : meminfo_(proc / "meminfo"),
        vmstat_(proc / "vmstat"),
        gauges_(choose_gauges(meminfo_.read())),
        counters_(choose_counters(vmstat_.read())) {}

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    const std::string_view text = meminfo_.read();
    for (std::size_t i = 0; i < gauges_.size(); ++i) row[i] = or_absent(os::meminfo(text, gauges_[i]));
    counters_.scan(vmstat_.read(), row);
  }

 private:
  std::vector<std::string> choose_gauges(std::string_view text) {
    std::vector<std::string> keys;
    for (const Gauge& gauge : kGauges) {
      if (!os::find_value(text, gauge.key, ':')) continue;
      keys.emplace_back(gauge.key);
      columns_.push_back({gauge.column, "bytes", Kind::gauge});
    }
    return keys;
  }

  KeyScanner choose_counters(std::string_view text) {
    std::vector<std::string> names;
    for (const Gauge& counter : kCounters) names.emplace_back(counter.key);
    std::vector<Key> keys;
    for (const std::string& name : KeyScanner::find(text, names)) {
      const auto* const counter = std::find_if(kCounters.begin(), kCounters.end(),
                                               [&](const Gauge& figure) { return name == figure.key; });
      keys.push_back({name, columns_.size()});
      columns_.push_back({counter->column, "pages"});
    }
    return KeyScanner(std::move(keys));
  }

  TextFile meminfo_;
  TextFile vmstat_;
  std::vector<std::string> gauges_;
  KeyScanner counters_;
};

Opened open(const Target& target) {
  const auto enabled = os::try_read_text(target.sys / "module/zswap/parameters/enabled");
  if (!enabled) return Unavailable{"the kernel is built without CONFIG_ZSWAP", "", true};
  if (os::trim(*enabled) != "Y")
    return Unavailable{"zswap is off", "echo Y > /sys/module/zswap/parameters/enabled", true};
  auto probe = std::make_unique<Zswap>(target.proc);
  if (probe->columns().empty())
    return Unavailable{"this kernel counts zswap in neither /proc/meminfo nor /proc/vmstat",
                       "use Linux 5.19 or newer"};
  return probe;
}

const RegisteredProbe registration{
    {"zswap", "pages stored in zswap, loaded from it and written back by it", Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
