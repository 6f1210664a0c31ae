// SPDX-License-Identifier: Apache-2.0
// Where the CPUs' time went, from the first line of /proc/stat: what tells foreign load and stolen time.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

/// The fields of the line "cpu  ..." in their order: fs/proc/stat.c: show_stat.
constexpr std::array<const char*, 8> kFields{"user",   "nice", "system",  "idle",
                                             "iowait", "irq",  "softirq", "steal"};

class Cpu final : public Probe {
 public:
  explicit Cpu(const std::filesystem::path& path)
      : file_(path), seconds_per_tick_(1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK))) {
    for (const char* const field : kFields) columns_.push_back({std::string("cpu.") + field, "s"});
  }

  void read(std::span<double> row) noexcept override {
    std::fill(row.begin(), row.end(), kAbsent);
    std::string_view text = file_.read();
    std::string_view line = os::take_line(text);
    if (os::take_field(line) != "cpu") return;
    for (double& value : row)
      if (const auto ticks = os::to_number(os::take_field(line)))
        value = static_cast<double>(*ticks) * seconds_per_tick_;
  }

 private:
  TextFile file_;
  double seconds_per_tick_;
};

Opened open(const Target& target) { return std::make_unique<Cpu>(target.proc / "stat"); }

// The kernel sums every interrupt of every CPU for this file, so it is read at phase edges only.
const RegisteredProbe registration{
    {"cpu", "where the CPUs' time went: user, system, idle, interrupts, stolen", Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe
