// SPDX-License-Identifier: Apache-2.0
#include "harness/cli/leftovers.hpp"

#include "harness/cli/console.hpp"

namespace tlbstorm::cli {

bool tell_troubles(const std::vector<os::Trouble>& troubles) {
  for (const os::Trouble& trouble : troubles) {
    say("tlbstorm: could not be undone: {}\n", trouble.what);
    if (!trouble.remedy.empty()) say("  hint: {}\n", trouble.remedy);
  }
  return troubles.empty();
}

void tell_leftovers(const os::Restored& restored) {
  for (const std::string& change : restored.undone)
    say("tlbstorm: undid what a killed run had left: {}\n", change);
  for (const std::string& change : restored.left_alone)
    say("tlbstorm: left alone what a killed run had changed: {}\n", change);
  for (const std::string& change : restored.given_up)
    say("tlbstorm: gave up what a killed run had left: {}\n", change);
  for (const os::Trouble& trouble : restored.troubles) {
    say("tlbstorm: what a killed run left is not undone: {}\n", trouble.what);
    if (!trouble.remedy.empty()) say("  hint: {}\n", trouble.remedy);
  }
}

bool restore_leftovers() {
  const os::Restored restored = os::restore();
  tell_leftovers(restored);
  return restored.complete();
}

}  // namespace tlbstorm::cli
