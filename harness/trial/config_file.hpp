// SPDX-License-Identifier: Apache-2.0
// A file of options (--config): "trials = 5" on each line, a switch also by its name alone.
#pragma once

#include <string>
#include <string_view>

#include "harness/trial/option.hpp"

namespace tlbstorm::trial {

/// Its lines as words of a command line: "--trials=5". `path` names it in messages. Throws os::UsageError.
Words parse_config(std::string_view text, const std::string& path);
/// Of a file. Throws os::UsageError.
Words read_config(const std::string& path);

}  // namespace tlbstorm::trial
