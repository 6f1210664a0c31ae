// SPDX-License-Identifier: Apache-2.0
// tlbstorm restore: undoes what killed runs and `doctor --fix` left on the machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/os/journal.hpp"

namespace tlbstorm::cli {

int restore(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Undoes what killed runs left (swap, zram devices, cgroups, sysctls, files) and what doctor --fix "
        "did",
        "tlbstorm restore");
    parse(app, given);
    const os::Restored restored = os::restore(os::state_folder(), os::Leftovers::all);
    for (const std::string& change : restored.undone) std::cout << "undone: " << change << "\n";
    for (const std::string& problem : restored.problems) std::cout << "not undone: " << problem << "\n";
    if (restored.held > 0) std::cout << fmt::format("{} run(s) still going on: left alone\n", restored.held);
    if (restored.undone.empty() && restored.problems.empty())
      std::cout << fmt::format("nothing to undo in {}\n", os::state_folder().native());
    return restored.problems.empty() ? kOk : kFailed;
  });
}

}  // namespace tlbstorm::cli
