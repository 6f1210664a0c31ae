// SPDX-License-Identifier: Apache-2.0
// A parameter as an axis: what it is called, and its values as numbers. Sizes and times are read as the
// options that they were given with.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tlbstorm::compare {

struct Term {
  enum class Measure { number, size, time };
  std::string name;
  Measure measure = Measure::number;
  double unit = 1;        ///< in bytes or seconds, what values are told in
  std::string unit_name;  ///< "MiB", "s"; empty for a number
  std::string example;    ///< a value that it has

  /// A value as the user or the manifest has it: 8, 64M, 10ms. Nothing when it is none of this measure.
  std::optional<double> value(std::string_view text) const;
  /// "workers=256", "region=64 MiB".
  std::string place(double value) const;
  /// What one more of it is: "one more worker", "one more MiB of region".
  std::string one_more() const;
};

/// The term that all of these values have in common; nothing where one of them is no number, size or time.
std::optional<Term> make_term(const std::string& name, std::span<const std::string> values);

}  // namespace tlbstorm::compare
