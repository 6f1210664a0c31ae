// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/model/term.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "harness/os/error.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

/// A share of the machine's memory is no size by itself.
std::optional<double> bytes(std::string_view text) {
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  try {
    return static_cast<double>(os::parse_size("", text, {}).count);
  } catch (const os::UsageError&) {
    return std::nullopt;
  }
}

std::optional<double> seconds(std::string_view text) {
  try {
    return static_cast<double>(os::parse_duration("", text).count()) / 1e9;
  } catch (const os::UsageError&) {
    return std::nullopt;
  }
}

std::optional<double> parse(Term::Measure measure, std::string_view text) {
  switch (measure) {
    case Term::Measure::number:
      return os::to_real(text);
    case Term::Measure::size:
      return bytes(text);
    case Term::Measure::time:
      return seconds(text);
  }
  return std::nullopt;
}

/// A unit in which the largest value is at least one, so that its price is no tiny number.
void choose_unit(Term& term, std::span<const std::string> values) {
  static constexpr std::array<std::pair<double, const char*>, 4> kSizes{
      {{1073741824.0, "GiB"}, {1048576.0, "MiB"}, {1024.0, "KiB"}, {1.0, "B"}}};
  static constexpr std::array<std::pair<double, const char*>, 4> kTimes{
      {{1.0, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
  if (term.measure == Term::Measure::number) return;
  double largest = 0;
  for (const std::string& text : values) largest = std::max(largest, *parse(term.measure, text));
  for (const auto& [unit, name] : term.measure == Term::Measure::size ? kSizes : kTimes) {
    term.unit = unit;
    term.unit_name = name;
    if (largest >= unit) return;
  }
}

}  // namespace

std::optional<double> Term::value(std::string_view text) const {
  const auto found = parse(measure, text);
  return found ? std::optional(*found / unit) : found;
}

std::string Term::place(double value) const {
  return fmt::format("{}={:.6g}{}{}", name, value, unit_name.empty() ? "" : " ", unit_name);
}

std::string Term::one_more() const {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kKnown{
      {{"workers", "one more worker, on one more CPU"},
       {"sharers", "one more CPU that shares the memory"},
       {"threads", "one more thread"},
       {"cpus", "one more CPU"},
       {"bystanders", "one more bystander"},
       {"pages", "one more page"},
       {"pages-per-call", "one more page a call"},
       {"rounds", "one more round"}}};
  for (const auto& [known, words] : kKnown)
    if (known == name) return std::string(words);
  return unit_name.empty() ? fmt::format("one more of {}", name)
                           : fmt::format("one more {} of {}", unit_name, name);
}

std::optional<Term> make_term(const std::string& name, std::span<const std::string> values) {
  for (const Term::Measure measure : {Term::Measure::number, Term::Measure::size, Term::Measure::time}) {
    Term term{name, measure, 1, "", values.empty() ? "" : values.front()};
    if (!std::all_of(values.begin(), values.end(),
                     [&](const std::string& text) { return parse(measure, text).has_value(); }))
      continue;
    choose_unit(term, values);
    return term;
  }
  return std::nullopt;
}

}  // namespace tlbstorm::compare
