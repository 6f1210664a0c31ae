// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/leftovers.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace tlbstorm::cli {

bool tell_troubles(const std::vector<os::Trouble>& troubles) {
  for (const os::Trouble& trouble : troubles) {
    fmt::print(stderr, "tlbstorm: could not be undone: {}\n", trouble.what);
    if (!trouble.remedy.empty()) fmt::print(stderr, "  hint: {}\n", trouble.remedy);
  }
  return troubles.empty();
}

bool restore_leftovers() {
  const os::Restored restored = os::restore();
  for (const std::string& change : restored.undone)
    fmt::print(stderr, "tlbstorm: undid what a killed run had left: {}\n", change);
  for (const std::string& change : restored.left_alone)
    fmt::print(stderr, "tlbstorm: left alone what a killed run had changed: {}\n", change);
  for (const std::string& change : restored.given_up)
    fmt::print(stderr, "tlbstorm: gave up what a killed run had left: {}\n", change);
  return tell_troubles(restored.troubles) && restored.given_up.empty();
}

}  // namespace tlbstorm::cli
