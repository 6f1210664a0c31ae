// SPDX-License-Identifier: Apache-2.0
// The suites that come with the tool: the files of results/suites/, compiled in, so that the tool is one
// file.
#pragma once

#include <span>
#include <string_view>

namespace tlbstorm::cli {

struct SuiteText {
  std::string_view name;
  std::string_view text;
};

std::span<const SuiteText> suite_texts();

}  // namespace tlbstorm::cli
