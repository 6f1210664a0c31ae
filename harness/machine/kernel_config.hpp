// SPDX-License-Identifier: Apache-2.0
// The .config that the running kernel was built with, as far as it tells.
#pragma once

#include <string>

namespace tlbstorm::machine {

/// /proc/config.gz, else /boot/config-RELEASE; empty when there is neither.
std::string kernel_config(const std::string& release);
/// Of the running kernel.
std::string kernel_config();

}  // namespace tlbstorm::machine
