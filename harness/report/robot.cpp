// SPDX-License-Identifier: Apache-2.0
// The layout of the kernel test robot's mails (lkp-tests, lib/stats and sbin/compare), with its names for
// what it, too, counts: readers of its mails know their way about.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "harness/report/formats.hpp"

namespace tlbstorm::report {
namespace {

/// The rows of /proc/interrupts, as our columns and as the robot name them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kInterrupts{
    {{"tlb", "TLB:TLB_shootdowns"},
     {"cal", "CAL:Function_call_interrupts"},
     {"res", "RES:Rescheduling_interrupts"},
     {"loc", "LOC:Local_timer_interrupts"}}};

/// Of a column: all CPUs together, or with "_cpu3" at its end.
std::string name_of_interrupt(std::string_view column) {
  const std::size_t cpu = column.find("_cpu");
  for (const auto& [ours, theirs] : kInterrupts)
    if (column.substr(0, cpu) == ours)
      return cpu == std::string_view::npos
                 ? fmt::format("interrupts.{}", theirs)
                 : fmt::format("interrupts.CPU{}.{}", column.substr(cpu + 4), theirs);
  return fmt::format("interrupts.{}", column);
}

std::string robot_name(const compare::Comparison& comparison, const std::string& metric) {
  if (metric.starts_with("interrupts.")) return name_of_interrupt(std::string_view(metric).substr(11));
  if (metric.starts_with("vmstat.")) return "proc-vmstat." + metric.substr(7);
  if (metric.starts_with("perf.")) return "perf-stat.ps." + metric.substr(5);
  return fmt::format("tlbstorm.{}.{}", comparison.base.manifest().plan.workload, metric);
}

/// "123456 +- 2%", aligned as the robot does; the spread is left out where it is below one percent.
std::string figure(const stats::Description& what) {
  const double value = what.median;
  const std::string text =
      std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
  const int spread = std::isnan(what.cv) ? 0 : static_cast<int>(std::lround(100 * std::min(what.cv, 99.0)));
  return fmt::format("{:>11}{}", text, spread > 0 ? fmt::format(" \u00b1{:>3}%", spread) : "      ");
}

std::string change(double by) {
  if (std::isnan(by)) return "         ";
  constexpr double kTimes = 4;  // beyond five times the base the robot gives a factor
  return by > kTimes ? fmt::format("{:>8.1f}x", 1 + by) : fmt::format("{:>+8.1f}%", 100 * by);
}

std::string kernel(const compare::Side& side) { return side.manifest().fact("kernel_release"); }

std::string part(const compare::Comparison& comparison, Sorting sorting) {
  std::string out(89, '=');
  out += fmt::format("\nworkload/machine/trials:\n  {}/{}/{}\n\nkernel:\n  {} (base)\n  {} (new)\n\n",
                     comparison.title.empty() ? comparison.base.manifest().plan.workload : comparison.title,
                     compare::machine_of(comparison.base), comparison.base.valid_trials(),
                     kernel(comparison.base), kernel(comparison.next));
  out += fmt::format("{:>16} {:>27} \n---------------- --------------------------- \n",
                     kernel(comparison.base), kernel(comparison.next));
  out += "         %stddev     %change         %stddev\n             \\          |                \\  \n";
  for (const compare::MetricChange* const one : sorted(comparison, sorting))
    out += fmt::format("{} {} {}  {}\n", figure(one->base), change(one->change), figure(one->next),
                       robot_name(comparison, one->metric.name));
  return out;
}

}  // namespace

std::string print_robot(const Report& report) {
  std::string out;
  for (const compare::Comparison& comparison : report.parts) out += part(comparison, report.sorting) + "\n";
  out += "to reproduce:\n";
  std::set<std::string> told;  // often both sides are of the same command, on two kernels
  for (const Command& command : commands(report))
    if (told.insert(command.line).second) out += fmt::format("\t{}\n", command.line);
  return out;
}

}  // namespace tlbstorm::report
