// SPDX-License-Identifier: Apache-2.0
// Inter-processor interrupts from /proc/interrupts, per CPU and summed.
//
// The TLB row counts flush handlers that ran on a CPU for another CPU's sake (arch/x86/mm/tlb.c:
// flush_tlb_func), CAL counts function-call interrupts taken: several handlers may ride on one. Format:
// kernel/irq/proc.c: show_interrupts and arch/x86/kernel/irq.c: arch_show_interrupts.
#include <fmt/format.h>

#include <array>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"

namespace tlbstorm::probe {
namespace {

struct Row {
  std::string_view label;   ///< as the kernel prints it
  std::string_view column;  ///< our name for it
  std::string_view unit;
};
constexpr std::array<Row, 4> kRows{{{"TLB:", "tlb", "handlers"},
                                    {"CAL:", "cal", "interrupts"},
                                    {"RES:", "res", "interrupts"},
                                    {"LOC:", "loc", "interrupts"}}};

/// The numbers of the CPUs in the header line "           CPU0       CPU1".
std::vector<int> header_cpus(std::string_view header) {
  std::vector<int> cpus;
  while (true) {
    const std::string_view field = os::take_field(header);
    if (!field.starts_with("CPU")) return cpus;
    if (const auto number = os::to_number(field.substr(3))) cpus.push_back(static_cast<int>(*number));
  }
}

class Interrupts final : public Probe {
 public:
  explicit Interrupts(TextFile file) : file_(std::move(file)) {
    std::string_view text = file_.read();
    header_ = std::string(os::take_line(text));
    cpus_ = header_cpus(header_);
    for (const Row& row : kRows) {
      columns_.push_back({fmt::format("interrupts.{}", row.column), std::string(row.unit)});
      for (const int cpu : cpus_)
        columns_.push_back({fmt::format("interrupts.{}_cpu{}", row.column, cpu), std::string(row.unit)});
    }
  }

  void read(std::span<double> values) noexcept override {
    std::string_view text = file_.read();
    std::fill(values.begin(), values.end(), kAbsent);
    if (os::take_line(text) != header_) return;  // a CPU went or came: the columns are not these any more
    while (!text.empty()) {
      std::string_view line = os::take_line(text);
      const std::string_view label = os::take_field(line);
      for (std::size_t i = 0; i < kRows.size(); ++i)
        if (label == kRows[i].label) read_row(line, values.subspan(i * (1 + cpus_.size()), 1 + cpus_.size()));
    }
  }

 private:
  static void read_row(std::string_view line, std::span<double> values) noexcept {
    double sum = 0;
    for (double& value : values.subspan(1)) {
      value = static_cast<double>(os::to_number(os::take_field(line)).value_or(0));
      sum += value;
    }
    values[0] = sum;
  }

  TextFile file_;
  std::string header_;
  std::vector<int> cpus_;
};

bool has_row(std::string_view text, std::string_view label) {
  while (!text.empty()) {
    std::string_view line = os::take_line(text);
    if (os::take_field(line) == label) return true;
  }
  return false;
}

Opened open(const Target& target) {
  TextFile file(target.proc / "interrupts");
  if (!has_row(file.read(), "TLB:"))
    return Unavailable{"/proc/interrupts has no TLB row: only x86 counts TLB shootdowns as interrupts",
                       "use the tlbflush probe, or hardware events, on this architecture"};
  return std::make_unique<Interrupts>(std::move(file));
}

const Registered registration{
    {"interrupts", "TLB shootdown handlers, function-call, rescheduling and timer interrupts per CPU",
     Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
