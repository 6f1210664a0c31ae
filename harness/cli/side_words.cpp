// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/side_words.hpp"

#include <CLI/CLI.hpp>

namespace tlbstorm::cli {

SideWords side_words(const std::string& said) {
  if (!said.empty() && said[0] != '-') return {{}, said};
  return {CLI::detail::split_up(said), ""};
}

}  // namespace tlbstorm::cli
