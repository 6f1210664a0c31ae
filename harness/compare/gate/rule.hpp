// SPDX-License-Identifier: Apache-2.0
// What a gate demands of a metric: "ipis_per_page <= +5%" against the base, or "fault_latency_p99 <= 20us" by
// itself.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tlbstorm::compare {

struct Rule {
  std::string text;     ///< as the user wrote it
  std::string metric;   ///< a name, or a glob over names
  bool at_most = true;  ///< <=; else >=
  /// The bound is a change against the base, as a part of it: what has a sign and a percent sign.
  bool relative = true;
  std::string bound;  ///< as written: "+5%", "20us"

  /// The bound in the metric's unit, or as a part of the base. Throws os::UsageError when it is in another
  /// unit.
  double bound_in(std::string_view unit) const;
  /// Whether the value keeps to a bound.
  bool keeps(double value, double limit) const { return at_most ? value <= limit : value >= limit; }
};

/// A relative bound in figures: by how much the base may change, as a part of it, or of shares in itself.
struct Bound {
  double by = 0;
  bool in_points = false;

  /// The base as it would be if it had changed by the bound exactly.
  double moved(double base) const { return in_points ? base + by : base + (base < 0 ? -base : base) * by; }
  std::vector<double> moved(std::vector<double> base) const {
    for (double& value : base) value = moved(value);
    return base;
  }
};

/// Throws os::UsageError that says what a rule looks like.
Rule parse_rule(std::string_view text);

/// One rule a line; empty lines and what follows a # are left out. Throws os::UsageError with file and line.
std::vector<Rule> read_rules(const std::filesystem::path& path);

/// Stands for the primary metric of each run: "primary <= +2%" for one of which less is better, ">=" for one
/// of which more is.
inline constexpr const char* kPrimary = "primary";

/// What a gate demands when nothing is said: of the primary metric, which counts, and needs no quiet clock.
std::vector<Rule> default_rules();
/// The same of runs without a primary metric, which are another program's: those whose metric the base has.
std::vector<Rule> default_rules_of_benchmarks();

}  // namespace tlbstorm::compare
