// SPDX-License-Identifier: Apache-2.0
// The table that is pasted into a changelog: plain ASCII, and no line longer than the 75 columns that
// Documentation/process/submitting-patches.rst asks for, but for commands, which may not be broken.
#include <fmt/format.h>

#include <cmath>

#include "harness/compare/change_text.hpp"
#include "harness/os/units.hpp"
#include "harness/report/formats.hpp"
#include "harness/report/wrap.hpp"

namespace tlbstorm::report {
namespace {

constexpr std::size_t kWidth = 75;

std::string wrapped(const std::string& indent, const std::string& text) {
  return wrap(indent, text, kWidth, true);
}

std::string ascii(const std::string& text) {
  std::string out;
  for (const char c : text) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

std::string kernel_of(const compare::Side& side) {
  return side.manifest().fact("kernel_release") + " " + side.manifest().fact("kernel_version", "");
}

/// "1.003 +-0.2%".
std::string figure(const stats::Description& what) {
  return os::format_figure(what.median) +
         (std::isnan(what.cv) ? "" : fmt::format(" +-{:.0f}%", 100 * what.cv));
}

std::string row(const compare::MetricChange& one) {
  std::string name = one.metric.name;
  constexpr std::size_t kName = 24;
  if (name.size() > kName) name = name.substr(0, kName - 1) + "~";
  return fmt::format("{:<24}{:>16}{:>16}{:>9}{:>10}\n", name, figure(one.base), figure(one.next),
                     compare::format_change(one),
                     one.verdict == compare::Verdict::unsure ? "~" : compare::format_p(one.test.p));
}

std::string part(const compare::Comparison& comparison, Sorting sorting) {
  std::string out;
  if (!comparison.title.empty()) out += fmt::format("\n{}", wrapped("", ascii(comparison.title)));
  for (const compare::Difference& one : comparison.differences)
    if (one.what != "kernel_release" && one.what != "kernel_version")
      out += wrapped("  ", ascii(fmt::format("differs: {}: {} / {}", one.what, one.base, one.next)));
  out += fmt::format("\n{:<24}{:>16}{:>16}{:>9}{:>10}\n", "", "base", "new", "change", "p");
  for (const compare::MetricChange* const one : sorted(comparison, sorting)) out += row(*one);
  return out;
}

}  // namespace

std::string print_lkml(const Report& report) {
  const compare::Comparison& first = report.parts.front();
  std::string out;
  out += wrapped("", ascii("base: " + kernel_of(first.base)));
  out += wrapped("", ascii("new:  " + kernel_of(first.next)));
  out += wrapped("", ascii("on " + compare::machine_of(first.base)));
  const std::vector<Command> all = commands(report);
  if (!all.empty()) out += fmt::format("\n  {}\n", all.back().line);
  for (const compare::Comparison& comparison : report.parts) out += part(comparison, report.sorting);
  out += fmt::format("\nMedians of {} and {} trials +- their coefficient of variation; p by\n",
                     first.base.valid_trials(), first.next.valid_trials());
  out += first.paired ? "Wilcoxon's signed rank test of interleaved trials; ~ is no clear answer.\n"
                      : "Mann and Whitney's test; ~ is no clear answer.\n";
  if (!all.empty()) out += "\nTo reproduce:\n";
  for (const Command& command : all) out += fmt::format("  {}\n", command.line);
  return out;
}

}  // namespace tlbstorm::report
