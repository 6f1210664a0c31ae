// SPDX-License-Identifier: Apache-2.0
// tlbstorm restore: undoes what killed runs and `doctor --fix` left on the machine.
#include "harness/os/restore.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "harness/cli/command.hpp"
#include "harness/cli/console.hpp"
#include "harness/cli/lock_options.hpp"
#include "harness/cli/screen.hpp"
#include "harness/os/error.hpp"

namespace tlbstorm::cli {

int restore(const Arguments& given) {
  return guarded([&] {
    CLI::App app(
        "Undoes what killed runs left (swap, zram devices, cgroups, sysctls, files) and what doctor --fix "
        "did",
        "tlbstorm restore");
    parse(app, given);
    // What doctor --fix did is not taken from under a run that measures with it.
    Screen screen(true);
    std::optional<MachineLock> lock;
    try {
      lock.emplace(LockOptions{}, screen);
    } catch (const os::UsageError& error) {
      say("tlbstorm: what doctor --fix did stays until this has ended: {}\n", error.what());
    }
    const os::Restored restored =
        os::restore(os::state_folder(), lock ? os::Leftovers::all : os::Leftovers::of_killed_runs);
    for (const std::string& change : restored.undone) std::cout << "undone: " << change << "\n";
    for (const std::string& change : restored.left_alone) std::cout << "left alone: " << change << "\n";
    for (const std::string& change : restored.given_up) std::cout << "given up: " << change << "\n";
    for (const os::Trouble& trouble : restored.troubles) {
      std::cout << "not undone: " << trouble.what << "\n";
      if (!trouble.remedy.empty()) std::cout << "  hint: " << trouble.remedy << "\n";
    }
    if (restored.held > 0) std::cout << fmt::format("{} run(s) still going on: left alone\n", restored.held);
    if (restored.undone.empty() && restored.left_alone.empty() && restored.complete())
      std::cout << fmt::format("nothing to undo in {}\n", os::state_folder().native());
    return restored.complete() ? kOk : kFailed;
  });
}

}  // namespace tlbstorm::cli
