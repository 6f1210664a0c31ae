// SPDX-License-Identifier: Apache-2.0
#include "harness/os/error.hpp"

#include <fmt/format.h>

#include <system_error>

namespace tlbstorm::os {

std::string errno_text(int error) { return std::generic_category().message(error); }

UsageError::UsageError(std::string_view option, std::string_view value, std::string_view problem,
                       std::string remedy)
    : Error(fmt::format("{} {}: {}", option, value.empty() ? "''" : value, problem), std::move(remedy)),
      problem_(problem) {}

SystemError::SystemError(std::string_view operation, std::string_view path, int error, std::string hint)
    : Error(fmt::format("{} {}: {}", operation, path, errno_text(error)), std::move(hint)), code_(error) {}

}  // namespace tlbstorm::os
