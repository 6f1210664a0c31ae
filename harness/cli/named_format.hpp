// SPDX-License-Identifier: Apache-2.0
// The formats of a subcommand by their names, as an option has them.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/error.hpp"

namespace tlbstorm::cli {

template <typename Format>
std::string format_names(std::span<const Format> formats) {
  std::vector<std::string_view> names;
  for (const Format& format : formats) names.push_back(format.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Throws os::UsageError that names the option and what there is.
template <typename Format>
const Format& format_named(std::string_view option, const std::string& name,
                           std::span<const Format> formats) {
  const auto found =
      std::find_if(formats.begin(), formats.end(), [&](const Format& one) { return one.name == name; });
  if (found == formats.end())
    throw os::UsageError(std::string(option), name, "no such format",
                         fmt::format("give one of {}", format_names(formats)));
  return *found;
}

}  // namespace tlbstorm::cli
