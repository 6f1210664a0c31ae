// SPDX-License-Identifier: Apache-2.0
// tlbstorm report: the summary of run folders, as `tlbstorm run` printed it, on any machine.
#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/os/named_path.hpp"
#include "harness/report/batch_table.hpp"

namespace tlbstorm::cli {

int report(const Arguments& given) {
  return guarded([&] {
    CLI::App app("Prints the summary of run folders; needs nothing of the machine that made them",
                 "tlbstorm report");
    std::vector<std::string> folders;
    app.add_option("RUN", folders, "run folders")->required();
    parse(app, given);
    for (const std::string& folder : folders) os::require_there("RUN", folder, "name a run folder");
    for (const std::string& folder : folders) std::cout << report::told(folder);
    return kOk;
  });
}

}  // namespace tlbstorm::cli
