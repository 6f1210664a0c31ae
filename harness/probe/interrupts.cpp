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
#include <optional>

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
constexpr auto kRows = std::to_array<Row>({{"TLB:", "tlb", "IPIs"},
                                           {"CAL:", "cal", "interrupts"},
                                           {"RES:", "res", "interrupts"},
                                           {"LOC:", "loc", "interrupts"}});

constexpr std::size_t kLongestLabel = 16;
constexpr std::size_t kStranger = std::string_view::npos;  // a CPU that has come since

/// The next CPU's number off the header line "           CPU0       CPU1", which has the CPUs that are
/// online.
std::optional<int> take_cpu(std::string_view& header) {
  const std::string_view field = os::take_field(header);
  const auto number = os::to_number(field.substr(std::min(field.size(), std::size_t{3})));
  return field.starts_with("CPU") && number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

class Interrupts final : public Probe {
 public:
  explicit Interrupts(TextFile file) : file_(std::move(file)) {
    std::string_view text = file_.read();
    const std::string_view header = os::take_line(text);
    for (std::string_view rest = header; const auto cpu = take_cpu(rest);) {
      cpus_.push_back(*cpu);
      parts_.push_back({fmt::format("CPU {}", *cpu)});
    }
    // As much room as the buffer of the file has: for twice as many.
    header_.reserve(2 * header.size());
    order_.reserve(2 * cpus_.size());
    follow(header);
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
    std::string_view rows = text;
    if (const std::string_view header = os::take_line(rows); header != header_ && !follow(header)) return;
    find_rows(text);
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      if (places_[i] == std::string_view::npos) continue;
      std::string_view from = text.substr(places_[i]);
      std::string_view line = os::take_line(from);
      os::take_field(line);  // the label
      read_row(line, std::span(counts_).subspan(i * cpus_.size(), cpus_.size()),
               values.subspan(i * (1 + cpus_.size()), 1 + cpus_.size()));
    }
  }

  std::vector<std::string> take_stock() override {
    std::string_view text = file_.read();
    std::vector<std::string> came;
    for (std::string_view header = os::take_line(text); const auto cpu = take_cpu(header);)
      if (place_of(*cpu) == kStranger) came.push_back(fmt::format("CPU {}", *cpu));
    return came;
  }

 private:
  std::size_t place_of(int cpu) const noexcept {
    const auto found = std::lower_bound(cpus_.begin(), cpus_.end(), cpu);
    return found != cpus_.end() && *found == cpu ? static_cast<std::size_t>(found - cpus_.begin())
                                                 : kStranger;
  }
  /// CPUs went or came, so the text's columns are others. False when they are more than there is room for, or
  /// the text is none.
  bool follow(std::string_view header) noexcept {
    if (header.size() > header_.capacity()) return false;
    order_.clear();
    for (std::string_view rest = header; const auto cpu = take_cpu(rest);) {
      if (order_.size() == order_.capacity()) return false;
      order_.push_back(place_of(*cpu));
    }
    header_ = header;
    for (std::size_t i = 0; i < parts_.size() && !order_.empty(); ++i)
      parts_[i].gone |= std::find(order_.begin(), order_.end(), i) == order_.end();
    return !order_.empty();
  }
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
  void read_row(std::string_view line, std::span<WrappingCount> counts,
                std::span<double> values) const noexcept {
    const char* at = line.data();
    const char* const end = at + line.size();
    for (const std::size_t cpu : order_) {
      while (at != end && *at == ' ') ++at;
      std::uint64_t number = 0;
      for (; at != end && *at >= '0' && *at <= '9'; ++at)
        number = number * 10 + static_cast<std::uint64_t>(*at - '0');
      if (cpu != kStranger && !parts_[cpu].gone) values[1 + cpu] = counts[cpu].follow(number);
    }
    values[0] = any_left() ? 0 : kAbsent;
    for (std::size_t cpu = 0; cpu < parts_.size(); ++cpu)
      if (!parts_[cpu].left_out) values[0] += values[1 + cpu];
  }

  TextFile file_;
  std::vector<int> cpus_;                           ///< that have columns, ascending
  std::string header_;                              ///< of the text as it is now
  std::vector<std::size_t> order_;                  ///< the CPUs of the text's columns: indices of cpus_
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

const RegisteredProbe registration{
    {"interrupts", "TLB shootdown handlers, function-call, rescheduling and timer interrupts per CPU",
     Cadence::every_sample, &open}};

}  // namespace
}  // namespace tlbstorm::probe
