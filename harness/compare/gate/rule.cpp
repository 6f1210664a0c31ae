// SPDX-License-Identifier: Apache-2.0
#include "harness/compare/gate/rule.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "harness/judge/scale.hpp"
#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/text.hpp"
#include "harness/os/units.hpp"

namespace tlbstorm::compare {
namespace {

constexpr const char* kExample =
    "write it as 'ipis_per_page <= +5%' (against the base) or 'fault_latency_p99 <= 20us' (by itself)";

[[noreturn]] void refuse(std::string_view text, const std::string& problem) {
  throw os::UsageError("--rule", text, problem, kExample);
}

bool is_percentage(std::string_view bound) { return bound.ends_with('%'); }
bool has_sign(std::string_view bound) { return bound.starts_with('+') || bound.starts_with('-'); }

/// std::from_chars takes no plus sign.
std::optional<double> real(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return os::to_real(text);
}

/// 900K, 1.5M: as figures are printed, in powers of 1000.
std::optional<double> scaled(std::string_view text) {
  static constexpr std::array<std::pair<char, double>, 4> kScales{
      {{'K', 1e3}, {'k', 1e3}, {'M', 1e6}, {'G', 1e9}}};
  for (const auto& [letter, scale] : kScales)
    if (text.ends_with(letter)) {
      text.remove_suffix(1);
      const auto value = real(text);
      return value ? std::optional(*value * scale) : std::nullopt;
    }
  return real(text);
}

}  // namespace

double Rule::bound_in(std::string_view unit) const {
  if (is_percentage(bound)) {
    const double part = *real(std::string_view(bound).substr(0, bound.size() - 1)) / 100;
    if (!relative && unit != judge::kFormerShare && unit != judge::kShare)
      refuse(text, fmt::format("{} is in {}, not a part of something; a change needs a sign", metric, unit));
    return part;
  }
  if (const auto number = real(bound)) return *number;
  const bool is_size = unit == "bytes" || unit == "bytes/s";  // whose K is 1024
  if (const auto number = scaled(bound); number && !is_size) return *number;
  try {
    if (is_size) return static_cast<double>(os::parse_size("--rule", bound, {}).count);
    if (unit == "s") return os::to_seconds(os::parse_duration("--rule", bound));
    if (unit.starts_with("ns")) return static_cast<double>(os::parse_duration("--rule", bound).count());
  } catch (const os::UsageError&) {  // told below, with the rule
  }
  refuse(text, fmt::format("{} is no {}", bound, unit));
}

Rule parse_rule(std::string_view text) {
  Rule rule;
  rule.text = os::trim(text);
  const std::size_t at = rule.text.find_first_of("<>");
  if (at == std::string::npos || at == 0) refuse(text, "there is no <= or >= in it");
  rule.at_most = rule.text[at] == '<';
  rule.metric = os::trim(std::string_view(rule.text).substr(0, at));
  if (rule.text.substr(at + 1, 1) != "=") refuse(text, "there is no <= or >= in it");
  rule.bound = os::trim(std::string_view(rule.text).substr(at + 2));
  if (rule.metric.empty() || rule.metric.find_first_of(" \t") != std::string::npos)
    refuse(text, fmt::format("'{}' is no metric", rule.metric));
  if (rule.bound.empty()) refuse(text, "there is no bound in it");
  rule.relative = is_percentage(rule.bound) && has_sign(rule.bound);
  if (is_percentage(rule.bound) && !real(std::string_view(rule.bound).substr(0, rule.bound.size() - 1)))
    refuse(text, fmt::format("'{}' is no percentage", rule.bound));
  return rule;
}

std::vector<Rule> read_rules(const std::filesystem::path& path) {
  const std::string text = os::read_named_file("--rules", path, "name a file with one rule per line");
  std::string_view rest = text;
  std::vector<Rule> rules;
  for (int line = 1; !rest.empty(); ++line) {
    std::string_view words = os::take_line(rest);
    words = os::trim(words.substr(0, words.find('#')));
    if (words.empty()) continue;
    try {
      rules.push_back(parse_rule(words));
    } catch (const os::UsageError& error) {
      throw os::UsageError(fmt::format("{}:{}: {}", path.native(), line, error.what()), error.hint());
    }
  }
  if (rules.empty()) throw os::UsageError("--rules", path.native(), "there is no rule in it", kExample);
  return rules;
}

std::vector<Rule> default_rules() { return {parse_rule("primary <= +2%"), parse_rule("primary >= -2%")}; }

std::vector<Rule> default_rules_of_benchmarks() {
  return {parse_rule("ipis_per_page <= +2%"), parse_rule("ipis_per_operation <= +2%"),
          parse_rule("throughput >= -5%")};
}

}  // namespace tlbstorm::compare
