// SPDX-License-Identifier: Apache-2.0
// Inter-processor interrupts from /proc/interrupts, per CPU and summed.
//
// The TLB row counts flush handlers that ran on a CPU for another CPU's sake (arch/x86/mm/tlb.c:
// flush_tlb_func), CAL counts function-call interrupts taken: several handlers may ride on one. Format:
// kernel/irq/proc.c: show_interrupts and arch/x86/kernel/irq.c: arch_show_interrupts. The counts have 32
// bits: each CPU's is followed over its wraps, as sums can't be.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"
#include "harness/probe/text_file.hpp"
#include "harness/probe/wrapping_count.hpp"

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

constexpr std::size_t kLongestLabel = 16;

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
    counts_.resize(kRows.size() * cpus_.size());
    for (const Row& row : kRows) {
      columns_.push_back({fmt::format("interrupts.{}", row.column), std::string(row.unit)});
      for (const int cpu : cpus_)
        columns_.push_back({fmt::format("interrupts.{}_cpu{}", row.column, cpu), std::string(row.unit)});
    }
  }

  void read(std::span<double> values) noexcept override {
    const std::string_view text = file_.read();
    std::fill(values.begin(), values.end(), kAbsent);
    // A CPU that went or came: the columns are not these any more.
    if (!text.starts_with(header_) || text.size() <= header_.size() || text[header_.size()] != '\n') return;
    find_rows(text);
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      if (places_[i] == std::string_view::npos) continue;
      std::string_view rest = text.substr(places_[i]);
      std::string_view line = os::take_line(rest);
      os::take_field(line);  // the label
      read_row(line, std::span(counts_).subspan(i * cpus_.size(), cpus_.size()),
               values.subspan(i * (1 + cpus_.size()), 1 + cpus_.size()));
    }
  }

 private:
  /// The rows are mostly where they were: the kernel prints numbers in columns of ten, so a line keeps its
  /// length. Only if one is not does all of the text have to be searched, megabytes with hundreds of CPUs.
  void find_rows(std::string_view text) noexcept {
    bool all_there = true;
    for (std::size_t i = 0; i < kRows.size(); ++i)
      all_there &= places_[i] == std::string_view::npos || is_row(text, places_[i], kRows[i].label);
    if (all_there) return;
    places_.fill(std::string_view::npos);
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t at = text.size() - rest.size();
      std::string_view line = os::take_line(rest);
      const std::string_view label = os::take_field(line);
      for (std::size_t i = 0; i < kRows.size(); ++i)
        if (label == kRows[i].label) places_[i] = at;
    }
  }
  static bool is_row(std::string_view text, std::size_t at, std::string_view label) noexcept {
    if (at == 0 || at >= text.size() || text[at - 1] != '\n') return false;
    std::string_view line = text.substr(at, kLongestLabel);
    return os::take_field(line) == label;
  }
  /// By hand: with hundreds of CPUs, general scanning would take longer than the kernel's printing.
  static void read_row(std::string_view line, std::span<WrappingCount> counts,
                       std::span<double> values) noexcept {
    const char* at = line.data();
    const char* const end = at + line.size();
    double sum = 0;
    for (std::size_t cpu = 0; cpu < counts.size(); ++cpu) {
      while (at != end && *at == ' ') ++at;
      std::uint64_t number = 0;
      for (; at != end && *at >= '0' && *at <= '9'; ++at)
        number = number * 10 + static_cast<std::uint64_t>(*at - '0');
      values[1 + cpu] = counts[cpu].follow(number);
      sum += values[1 + cpu];
    }
    values[0] = sum;
  }

  TextFile file_;
  std::string header_;
  std::vector<int> cpus_;
  std::vector<WrappingCount> counts_;               ///< row by row, each CPU's
  std::array<std::size_t, kRows.size()> places_{};  ///< of the rows in the text; npos is none
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
